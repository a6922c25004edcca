// Which segments somebody holds whole: a bit for each, by rendition.
import type { SwarmMessageOf } from '@tan/protocol'
import type { Catalog } from './catalog.ts'

export class HaveMap {
  /** segments of each rendition */
  readonly #lengths: readonly number[]
  readonly #bits: readonly Uint8Array[]
  #count = 0

  constructor(catalog: Catalog) {
    this.#lengths = catalog.renditions.map(rendition => rendition.segments.length)
    this.#bits = this.#lengths.map(length => new Uint8Array(Math.ceil(length / 8)))
  }

  /** segments held, of all renditions */
  get count(): number {
    return this.#count
  }

  has(rendition: number, segment: number): boolean {
    return isSet(this.#bits[rendition] ?? NONE, segment)
  }

  set(rendition: number, segment: number, isHeld: boolean): void {
    const bits = this.#bits[rendition]
    if (bits === undefined || segment >= this.#lengths[rendition]! || isSet(bits, segment) === isHeld) return
    bits[segment >> 3]! ^= 1 << (segment & 7)
    this.#count += isHeld ? 1 : -1
  }

  /** Takes down what a peer says. False where it names what the resource does not have. */
  merge({ rendition, firstSegment, segments }: Omit<SwarmMessageOf<'have'>, 'type'>): boolean {
    const rest = (this.#lengths[rendition] ?? 0) - firstSegment
    if (segments.length > Math.ceil(rest / 8)) return false
    for (let i = 0; i < 8 * segments.length; i++) {
      if (i >= rest && isSet(segments, i)) return false
      this.set(rendition, firstSegment + i, isSet(segments, i))
    }
    return true
  }

  /** One for each rendition of which anything is held. */
  messages(): SwarmMessageOf<'have'>[] {
    return this.#bits.flatMap((bits, rendition) =>
      bits.some(byte => byte !== 0)
        ? [{ type: 'have' as const, rendition, firstSegment: 0, segments: bits.slice() }]
        : [],
    )
  }

  /** About a segment and those that share its byte. */
  messageAround(rendition: number, segment: number): SwarmMessageOf<'have'> {
    const at = segment >> 3
    return { type: 'have', rendition, firstSegment: 8 * at, segments: this.#bits[rendition]!.slice(at, at + 1) }
  }
}

const NONE = new Uint8Array(0)

function isSet(bits: Uint8Array, index: number): boolean {
  return ((bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0
}
