// WebRTC without a network: attempts find one another by what they signal, and get the two ends of a channel in memory.
import { rtcFailure } from '../channel/rtc-channel.ts'
import type { Channel, ChannelEvents, ConnectRtc, RtcAttempt, RtcOptions, RtcSignal } from '../ports.ts'

/** For all peers that shall reach one another. */
export function createMemoryRtc(): ConnectRtc {
  const offered = new Map<string, MemoryAttempt>()
  return options => new MemoryAttempt(options, offered)
}

class MemoryAttempt implements RtcAttempt {
  readonly #events: RtcOptions['events']
  readonly #offered: Map<string, MemoryAttempt>
  #isOver = false

  constructor({ isOffering, events }: RtcOptions, offered: Map<string, MemoryAttempt>) {
    this.#events = events
    this.#offered = offered
    if (!isOffering) return
    const sdp = `offer ${offered.size}`
    offered.set(sdp, this)
    // as any library does: after the attempt is there
    queueMicrotask(() => events.signal({ kind: 'offer', sdp }))
  }

  signal(signal: RtcSignal): void {
    if (signal.kind !== 'offer' || this.#isOver) return
    const other = this.#offered.get(signal.sdp)
    if (other === undefined || other.#isOver) return this.#events.failed(rtcFailure('the other side has given up'))
    const [here, there] = channelPair()
    this.#isOver = true
    other.#isOver = true
    this.#events.channel(here)
    other.#events.channel(there)
  }

  close(): void {
    this.#isOver = true
  }
}

function channelPair(): [Channel, Channel] {
  const [one, two] = [new MemoryChannel(1, 2), new MemoryChannel(2, 1)]
  one.other = two
  two.other = one
  return [one, two]
}

class MemoryChannel implements Channel {
  readonly binding: Channel['binding']
  readonly bufferedBytes = 0
  other: MemoryChannel | undefined
  /** what came before anybody listened */
  readonly #early: Uint8Array[] = []
  #events: ChannelEvents | undefined

  constructor(local: number, remote: number) {
    this.binding = { local: new Uint8Array(32).fill(local), remote: new Uint8Array(32).fill(remote) }
  }

  send(message: Uint8Array): void {
    const { other } = this
    const copy = message.slice()
    if (other !== undefined) queueMicrotask(() => other.#receive(copy))
  }

  close(): void {
    const { other } = this
    this.other = undefined
    if (other !== undefined) queueMicrotask(() => other.#lose())
  }

  listen(events: ChannelEvents): void {
    this.#events = events
    for (const message of this.#early.splice(0)) events.message(message)
  }

  #receive(message: Uint8Array): void {
    if (this.other === undefined) return
    if (this.#events === undefined) this.#early.push(message)
    else this.#events.message(message)
  }

  #lose(): void {
    if (this.other === undefined) return
    this.other = undefined
    this.#events?.closed()
  }
}
