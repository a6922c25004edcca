// The lines of one simulated peer to others: messages stay in order and take their time; pieces share the uplink.
import type { SwarmInput } from '@tan/delivery'
import { assert, randomBytesFrom } from '@tan/primitives'
import { decodeSwarmMessage, encodeSwarmMessage, type PieceRef, pieceSizeOf, type SwarmMessage } from '@tan/protocol'
import type { SwarmWorld } from './world.ts'

/** Who is at one end of a line. */
export interface End {
  readonly world: SwarmWorld
  readonly address: `0x${string}`
  step(input: SwarmInput): void
  expects(link: number, ref: PieceRef): boolean
}

interface Line {
  readonly other: Lines
  readonly otherLink: number
  lastArrivalMs: number
  readonly latencyMs: number
}

export class Lines {
  readonly end: End
  readonly #uplinkBytesPerMs: number
  readonly #lines = new Map<number, Line>()
  #nextLink = 1
  #uplinkFreeMs = 0

  constructor(end: End, uplinkBytesPerMs: number) {
    this.end = end
    this.#uplinkBytesPerMs = uplinkBytesPerMs
  }

  /** Who is at the other end; undefined where the line is no more. */
  addressOf(link: number): `0x${string}` | undefined {
    return this.#lines.get(link)?.other.end.address
  }

  /** until all that waits on the uplink has left */
  get waitingMs(): number {
    return Math.max(0, this.#uplinkFreeMs - this.end.world.nowMs)
  }

  connect(other: Lines, latencyMs: number): void {
    const { random } = this.end.world
    const link = this.#nextLink++
    const otherLink = other.#nextLink++
    this.#lines.set(link, { other, otherLink, lastArrivalMs: 0, latencyMs })
    other.#lines.set(otherLink, { other: this, otherLink: link, lastArrivalMs: 0, latencyMs })
    const mine = randomBytesFrom(random, 32)
    const theirs = randomBytesFrom(random, 32)
    const expected = other.end.address
    this.end.step({ type: 'connected', link, binding: { local: mine, remote: theirs }, expected })
    other.end.step({ type: 'connected', link: otherLink, binding: { local: theirs, remote: mine } })
  }

  say(link: number, message: SwarmMessage): void {
    this.#transmit(link, 0, ({ other, otherLink }) => {
      // through its encoding, as on a wire
      const decoded = decodeSwarmMessage(encodeSwarmMessage(message))
      assert(decoded.type !== 'piece', 'a message that became a piece')
      other.end.step({ type: 'message', link: otherLink, message: decoded })
    })
  }

  sendPiece(link: number, ref: PieceRef, hash: Uint8Array): void {
    const { sizeBytes: segmentBytes } = this.end.world.catalog.segment(ref.rendition, ref.segment)!
    const sizeBytes = pieceSizeOf(segmentBytes, ref.piece)
    this.#transmit(link, sizeBytes, ({ other, otherLink }) => {
      if (other.end.expects(otherLink, ref))
        other.end.step({ type: 'piece', from: { link: otherLink }, ref, sizeBytes, hash })
    })
  }

  /** Control messages are small; `sizeBytes` of a piece take their time on the uplink. */
  #transmit(link: number, sizeBytes: number, arrive: (line: Line) => void): void {
    const line = this.#lines.get(link)
    if (line === undefined) return
    const { world } = this.end
    this.#uplinkFreeMs = Math.max(world.nowMs, this.#uplinkFreeMs) + sizeBytes / this.#uplinkBytesPerMs
    const leavesMs = sizeBytes > 0 ? this.#uplinkFreeMs : world.nowMs
    line.lastArrivalMs = Math.max(line.lastArrivalMs, leavesMs + line.latencyMs)
    world.after(line.lastArrivalMs - world.nowMs, () => {
      if (line.other.#lines.has(line.otherLink)) arrive(line)
    })
  }

  /** Closes in order: the other end hears of it after all that was sent. */
  close(link: number): void {
    const line = this.#lines.get(link)
    if (line === undefined) return
    this.#lines.delete(link)
    const { world } = this.end
    world.after(Math.max(0, line.lastArrivalMs - world.nowMs) + 1, () => line.other.#disconnect(line.otherLink))
  }

  /** The lines to it break: what is on the way is lost. */
  breakFrom(other: Lines): void {
    for (const [link, line] of [...this.#lines]) if (line.other === other) this.#disconnect(link)
  }

  breakAll(): void {
    for (const link of [...this.#lines.keys()]) this.#disconnect(link)
  }

  #disconnect(link: number): void {
    const line = this.#lines.get(link)
    if (line === undefined) return
    this.#lines.delete(link)
    this.end.step({ type: 'disconnected', link })
    line.other.#disconnect(line.otherLink)
  }
}
