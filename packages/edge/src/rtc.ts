// WebRTC in Node, by libdatachannel: the same port as a browser's (@tan/viewer, src/browser/rtc.ts).
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
import { type DataChannel, PeerConnection } from 'node-datachannel'

export const connectNodeRtc: ConnectRtc = options => new NodeAttempt(options)

/** names the connection, and the one channel that it has */
const LABEL = 'tan'

class NodeAttempt implements RtcAttempt {
  readonly #events: RtcOptions['events']
  readonly #connection: PeerConnection
  /** candidates that came before the description that they belong to */
  #early: { readonly candidate: string; readonly mid: string }[] | undefined = []
  #channel: RtcChannel | undefined
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
    const channel = channelOf(this.#connection, data)
    const open = () => {
      if (this.#isOver) return
      const isBound = channel.bind(this.#connection.localDescription()?.sdp, this.#connection.remoteDescription()?.sdp)
      if (!isBound) return this.#fail('a description names no certificate')
      this.#isOver = true
      this.#channel = channel
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
    this.#events.failed(rtcFailure(message))
  }
}

function channelOf(connection: PeerConnection, data: DataChannel): RtcChannel {
  const channel = new RtcChannel({
    timers: realTimers,
    bufferedBytes: () => data.bufferedAmount(),
    send: message => data.sendMessageBinary(message),
    close: () => {
      data.close()
      connection.close()
    },
  })
  data.setBufferedAmountLowThreshold(peerLimits.CHANNEL_LOW_BYTES)
  data.onBufferedAmountLow(() => channel.drained())
  data.onClosed(() => channel.lost())
  data.onMessage(message => channel.received(bytesOf(message)))
  return channel
}

function bytesOf(message: string | Buffer | ArrayBuffer): Uint8Array | string {
  if (typeof message === 'string') return message
  if (message instanceof ArrayBuffer) return new Uint8Array(message)
  return new Uint8Array(message.buffer, message.byteOffset, message.byteLength)
}
