// WebRTC in a browser. Node's is the same port over another library (@tan/edge).

import {
  type ConnectRtc,
  peerLimits,
  type RtcAttempt,
  RtcChannel,
  type RtcOptions,
  type RtcSignal,
  realTimers,
  rtcFailure,
} from '@tan/peer'

export const connectBrowserRtc: ConnectRtc = options => new BrowserAttempt(options)

/** the label of the one channel that a connection has */
const LABEL = 'tan'

class BrowserAttempt implements RtcAttempt {
  readonly #events: RtcOptions['events']
  readonly #connection: RTCPeerConnection
  /** descriptions and candidates are worked off one after the other */
  #work: Promise<void> = Promise.resolve()
  #channel: RtcChannel | undefined
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
    const channel = channelOf(this.#connection, data)
    const open = () => {
      if (this.#isOver) return
      const isBound = channel.bind(this.#connection.localDescription?.sdp, this.#connection.remoteDescription?.sdp)
      if (!isBound) return this.#fail('a description names no certificate')
      this.#isOver = true
      this.#channel = channel
      this.#events.channel(channel)
    }
    data.onopen = open
    if (data.readyState === 'open') open()
  }

  #fail(message: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#connection.close()
    this.#events.failed(rtcFailure(message))
  }
}

function channelOf(connection: RTCPeerConnection, data: RTCDataChannel): RtcChannel {
  const channel = new RtcChannel({
    timers: realTimers,
    bufferedBytes: () => data.bufferedAmount,
    send: message => data.send(message as Uint8Array<ArrayBuffer>),
    close: () => {
      data.close()
      connection.close()
    },
  })
  data.binaryType = 'arraybuffer'
  data.bufferedAmountLowThreshold = peerLimits.CHANNEL_LOW_BYTES
  data.onbufferedamountlow = () => channel.drained()
  data.onclose = () => channel.lost()
  data.onmessage = ({ data: message }: MessageEvent<string | ArrayBuffer>) =>
    channel.received(typeof message === 'string' ? message : new Uint8Array(message))
  return channel
}
