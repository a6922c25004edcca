// WebRTC in Node, by libdatachannel: the same port as a browser's (@tan/viewer, browser/rtc.ts).
import type { ChannelBinding } from '@tan/protocol'
import {
  type Channel,
  type ChannelEvents,
  type ConnectRtc,
  fingerprintOf,
  type RtcAttempt,
  type RtcOptions,
  type RtcSignal,
} from '@tan/viewer'
import { type DataChannel, PeerConnection } from 'node-datachannel'
import { CHANNEL_LINGER_MS, CHANNEL_LOW_BYTES } from './limits.ts'

export const connectNodeRtc: ConnectRtc = options => new NodeAttempt(options)

/** names the connection, and the one channel that it has */
const LABEL = 'tan'

class NodeAttempt implements RtcAttempt {
  readonly #events: RtcOptions['events']
  readonly #connection: PeerConnection
  /** candidates that came before the description that they belong to */
  #early: { readonly candidate: string; readonly mid: string }[] | undefined = []
  #channel: NodeChannel | undefined
  /** given up, failed, or handed over as a channel */
  #isOver = false

  constructor({ isOffering, iceServers, events }: RtcOptions) {
    this.#events = events
    this.#connection = new PeerConnection(LABEL, { iceServers: [...iceServers] })
    this.#connection.onLocalDescription((sdp, type) => {
      if (type === 'offer' || type === 'answer') events.signal({ kind: type, sdp })
    })
    this.#connection.onLocalCandidate((candidate, mid) =>
      events.signal({ kind: 'candidate', candidate: candidate.replace(/^a=/, ''), mid }),
    )
    this.#connection.onStateChange(state => {
      if (state !== 'failed' && state !== 'closed') return
      this.#fail(`the connection is ${state}`)
      this.#channel?.lost()
    })
    if (isOffering) this.#adopt(this.#connection.createDataChannel(LABEL))
    else this.#connection.onDataChannel(data => this.#adopt(data))
  }

  signal(signal: RtcSignal): void {
    if (this.#isOver) return
    try {
      if (signal.kind === 'candidate') {
        if (this.#early === undefined) this.#connection.addRemoteCandidate(signal.candidate, signal.mid)
        else this.#early.push(signal)
        return
      }
      this.#connection.setRemoteDescription(signal.sdp, signal.kind)
      const early = this.#early ?? []
      this.#early = undefined
      for (const { candidate, mid } of early) this.#connection.addRemoteCandidate(candidate, mid)
    } catch (error) {
      this.#fail(`what the other side sent cannot be used: ${error instanceof Error ? error.message : error}`)
    }
  }

  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#connection.close()
  }

  #adopt(data: DataChannel): void {
    const channel = new NodeChannel(this.#connection, data)
    const open = () => {
      if (this.#isOver) return
      const local = fingerprintOf(this.#connection.localDescription()?.sdp)
      const remote = fingerprintOf(this.#connection.remoteDescription()?.sdp)
      if (local === undefined || remote === undefined) return this.#fail('a description names no certificate')
      this.#isOver = true
      this.#channel = channel
      channel.binding = { local, remote }
      this.#events.channel(channel)
    }
    data.onError(message => this.#fail(message))
    data.onOpen(open)
    if (data.isOpen()) open()
  }

  #fail(message: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#connection.close()
    this.#events.failed({ code: 'rtc/failed', message })
  }
}

class NodeChannel implements Channel {
  binding: ChannelBinding = { local: new Uint8Array(0), remote: new Uint8Array(0) }
  readonly #connection: PeerConnection
  readonly #data: DataChannel
  #events: ChannelEvents | undefined
  /** before anybody listened */
  #early: Uint8Array[] = []
  #isClosed = false

  constructor(connection: PeerConnection, data: DataChannel) {
    this.#connection = connection
    this.#data = data
    data.setBufferedAmountLowThreshold(CHANNEL_LOW_BYTES)
    data.onBufferedAmountLow(() => this.#events?.drained())
    data.onClosed(() => this.lost())
    data.onMessage(message => {
      const bytes = bytesOf(message)
      if (this.#events === undefined) this.#early.push(bytes)
      else if (!this.#isClosed) this.#events.message(bytes)
    })
  }

  get bufferedBytes(): number {
    return this.#isClosed ? 0 : this.#data.bufferedAmount()
  }

  send(message: Uint8Array): void {
    if (this.#isClosed) return
    try {
      this.#data.sendMessageBinary(message)
    } catch {
      this.lost() // it closed meanwhile, and its event is on the way
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
    const timer = setTimeout(() => {
      this.#data.close()
      this.#connection.close()
    }, CHANNEL_LINGER_MS)
    timer.unref()
  }
}

/** A text is no message of the swarm: it becomes one that cannot be decoded. */
function bytesOf(message: string | Buffer | ArrayBuffer): Uint8Array {
  if (typeof message === 'string') return new Uint8Array(0)
  if (message instanceof ArrayBuffer) return new Uint8Array(message)
  return new Uint8Array(message.buffer, message.byteOffset, message.byteLength)
}
