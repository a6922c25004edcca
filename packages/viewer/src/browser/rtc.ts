// WebRTC in a browser. Node's is the same port over another library (@tan/edge).
import type { ChannelBinding } from '@tan/protocol'
import { CHANNEL_LINGER_MS, CHANNEL_LOW_BYTES, EARLY_SIGNALS_MOST } from '../limits.ts'
import type { Channel, ChannelEvents, ConnectRtc, RtcAttempt, RtcOptions, RtcSignal } from '../ports.ts'
import { fingerprintOf } from '../swarm/fingerprint.ts'

export const connectBrowserRtc: ConnectRtc = options => new BrowserAttempt(options)

/** the label of the one channel that a connection has */
const LABEL = 'tan'

class BrowserAttempt implements RtcAttempt {
  readonly #events: RtcOptions['events']
  readonly #connection: RTCPeerConnection
  /** descriptions and candidates are worked off one after the other */
  #work: Promise<void> = Promise.resolve()
  #channel: BrowserChannel | undefined
  /** given up, failed, or handed over as a channel */
  #isOver = false

  constructor({ isOffering, iceServers, events }: RtcOptions) {
    this.#events = events
    const connection = new RTCPeerConnection({ iceServers: iceServers.map(urls => ({ urls })) })
    this.#connection = connection
    connection.onicecandidate = ({ candidate }) => {
      if (candidate === null || candidate.candidate === '') return
      events.signal({ kind: 'candidate', candidate: candidate.candidate, mid: candidate.sdpMid ?? '0' })
    }
    connection.onconnectionstatechange = () => {
      const { connectionState } = connection
      if (connectionState !== 'failed' && connectionState !== 'closed') return
      this.#fail(`the connection is ${connectionState}`)
      this.#channel?.lost()
    }
    if (isOffering) {
      this.#adopt(connection.createDataChannel(LABEL))
      this.#then(() => this.#describe('offer'))
    } else connection.ondatachannel = ({ channel }) => this.#adopt(channel)
  }

  signal(signal: RtcSignal): void {
    this.#then(async () => {
      if (signal.kind === 'candidate') {
        await this.#connection.addIceCandidate({ candidate: signal.candidate, sdpMid: signal.mid })
        return
      }
      await this.#connection.setRemoteDescription({ type: signal.kind, sdp: signal.sdp })
      if (signal.kind === 'offer') await this.#describe('answer')
    })
  }

  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#connection.close()
  }

  async #describe(kind: 'offer' | 'answer'): Promise<void> {
    await this.#connection.setLocalDescription()
    const sdp = this.#connection.localDescription?.sdp
    if (sdp !== undefined) this.#events.signal({ kind, sdp })
  }

  #then(work: () => Promise<void>): void {
    this.#work = this.#work
      .then(() => (this.#isOver ? undefined : work()))
      .catch((error: unknown) => this.#fail(error instanceof Error ? error.message : String(error)))
  }

  #adopt(data: RTCDataChannel): void {
    const channel = new BrowserChannel(this.#connection, data)
    const open = () => {
      if (this.#isOver) return
      const local = fingerprintOf(this.#connection.localDescription?.sdp)
      const remote = fingerprintOf(this.#connection.remoteDescription?.sdp)
      if (local === undefined || remote === undefined) return this.#fail('a description names no certificate')
      this.#isOver = true
      this.#channel = channel
      channel.binding = { local, remote }
      this.#events.channel(channel)
    }
    data.onopen = open
    if (data.readyState === 'open') open()
  }

  #fail(message: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#connection.close()
    this.#events.failed({ code: 'rtc/failed', message })
  }
}

class BrowserChannel implements Channel {
  binding: ChannelBinding = { local: new Uint8Array(0), remote: new Uint8Array(0) }
  readonly #connection: RTCPeerConnection
  readonly #data: RTCDataChannel
  #events: ChannelEvents | undefined
  /** before anybody listened */
  #early: Uint8Array[] = []
  #isClosed = false

  constructor(connection: RTCPeerConnection, data: RTCDataChannel) {
    this.#connection = connection
    this.#data = data
    data.binaryType = 'arraybuffer'
    data.bufferedAmountLowThreshold = CHANNEL_LOW_BYTES
    data.onbufferedamountlow = () => this.#events?.drained()
    data.onclose = () => this.lost()
    data.onmessage = ({ data: message }: MessageEvent<unknown>) => {
      // A text is no message of the swarm: it becomes one that cannot be decoded.
      const bytes = message instanceof ArrayBuffer ? new Uint8Array(message) : new Uint8Array(0)
      if (this.#events === undefined) {
        if (this.#early.length < EARLY_SIGNALS_MOST) this.#early.push(bytes)
      } else if (!this.#isClosed) this.#events.message(bytes)
    }
  }

  get bufferedBytes(): number {
    return this.#data.bufferedAmount
  }

  send(message: Uint8Array): void {
    if (this.#isClosed || this.#data.readyState !== 'open') return
    try {
      this.#data.send(message as Uint8Array<ArrayBuffer>)
    } catch {
      this.lost()
    }
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#end()
  }

  listen(events: ChannelEvents): void {
    this.#events = events
    for (const bytes of this.#early.splice(0)) events.message(bytes)
  }

  /** Closed by the other side, or broken. */
  lost(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#events?.closed()
    this.#end()
  }

  /** What was sent last may still leave. */
  #end(): void {
    setTimeout(() => {
      this.#data.close()
      this.#connection.close()
    }, CHANNEL_LINGER_MS)
  }
}
