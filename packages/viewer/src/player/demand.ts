// What a viewer needs of the swarm now (spec D-FIRST, D-ORDER): what will be played next, and what the player asks for and waits for.
import { type Catalog, type CatalogSegment, type Playhead, playbackDemand, type Wanted } from '@tan/delivery'
import { CodedError } from '@tan/primitives'

export class Demand {
  readonly #catalog: Catalog
  /** asked for by the player, and not there yet */
  readonly #requests = new Map<CatalogSegment['id'], { readonly wanted: Wanted; count: number }>()
  #playhead: Playhead | undefined

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  setPlayhead(playhead: Playhead): void {
    this.#playhead = playhead
  }

  /**
   * A segment that somebody waits for, until the returned function is called: it is due at once, or where it stands on the
   * timeline. Throws `viewer/segment`.
   */
  request(rendition: number, segment: number, nowMs: number): () => void {
    const entry = this.#catalog.segment(rendition, segment)
    if (entry === undefined) throw new CodedError('viewer/segment', `there is no segment ${rendition}/${segment}`)
    const request = this.#requests.get(entry.id) ?? { wanted: { rendition, segment, deadlineMs: nowMs }, count: 0 }
    this.#requests.set(entry.id, request)
    request.count++
    return () => {
      if (--request.count === 0) this.#requests.delete(entry.id)
    }
  }

  wanted(nowMs: number): readonly Wanted[] {
    const played = this.#playhead === undefined ? [] : playbackDemand(this.#catalog, this.#playhead, nowMs)
    const isPlayed = (request: Wanted) =>
      played.some(({ rendition, segment }) => rendition === request.rendition && segment === request.segment)
    const others = [...this.#requests.values()].map(({ wanted }) => wanted).filter(wanted => !isPlayed(wanted))
    return [...played, ...others]
  }
}
