// Which lists of piece hashes to fetch, and from whom (spec D-HASHES): from the origin, many at a time; from peers while it
// does not give them. Peers may be asked only for pieces that can be checked as they come, so the lists have to be there first.
import { PIECE_HASH_BYTES } from '@tan/protocol'
import type { Catalog, CatalogSegment } from '../content/catalog.ts'
import { HASHES_MAX_MS, HASHES_SEGMENTS_MAX } from '../limits.ts'
import type { SegmentBook } from './segment-book.ts'
import { holdersOf, type Open, type Source } from './task.ts'

export interface HashPort {
  askHashes(source: number, rendition: number, segment: number): void
  /** from the origin; reported by `hashesDone` */
  fetchHashes(fetch: number, rendition: number, firstSegment: number, segmentCount: number): void
}

interface HashFetch {
  readonly fetch: number
  readonly sinceMs: number
  readonly entries: readonly CatalogSegment[]
}

export class HashPlan {
  readonly #catalog: Catalog
  readonly #book: SegmentBook
  readonly #port: HashPort
  readonly #nextFetch: () => number
  #fetch: HashFetch | undefined
  /** the origin did not give them: until then peers are asked instead */
  #pausedUntilMs: number | undefined

  constructor(catalog: Catalog, book: SegmentBook, port: HashPort, nextFetch: () => number) {
    this.#catalog = catalog
    this.#book = book
    this.#port = port
    this.#nextFetch = nextFetch
  }

  /** The hashes that were fetched from the origin, one list after the other; undefined where that failed. */
  done(fetch: number, hashes: Uint8Array | undefined, nowMs: number): void {
    const current = this.#fetch
    if (current?.fetch !== fetch) return
    this.#fetch = undefined
    let at = 0
    let isRight = hashes !== undefined
    for (const { rendition, segment, pieceCount } of current.entries) {
      const end = at + pieceCount * PIECE_HASH_BYTES
      isRight &&= this.#book.learnHashes(rendition, segment, hashes!.subarray(at, end))
      at = end
    }
    this.#pausedUntilMs = isRight ? undefined : nowMs + HASHES_MAX_MS
  }

  plan(open: readonly Open[], sources: readonly Source[], isOriginPaused: boolean, nowMs: number): void {
    if (this.#fetch !== undefined && nowMs - this.#fetch.sinceMs > HASHES_MAX_MS) {
      this.#fetch = undefined
      this.#pausedUntilMs = nowMs + HASHES_MAX_MS
    }
    const lacking = open.filter(
      ({ task }) => !this.#book.knowsHashes(task.entry) && holdersOf(task, sources).length > 0,
    )
    if (this.#pausedUntilMs !== undefined) this.#askPeers(lacking, sources, nowMs)
    const first = lacking[0]?.task.entry
    const isPaused = isOriginPaused || nowMs < (this.#pausedUntilMs ?? 0)
    if (first !== undefined && this.#fetch === undefined && !isPaused) this.#fetchFrom(first, nowMs)
  }

  #askPeers(lacking: readonly Open[], sources: readonly Source[], nowMs: number): void {
    for (const { task } of lacking) {
      if (nowMs - task.hashesAskedMs < HASHES_MAX_MS) continue
      task.hashesAskedMs = nowMs
      const { rendition, segment } = task.entry
      const holders = holdersOf(task, sources)
      this.#port.askHashes(holders[segment % holders.length]!.id, rendition, segment)
    }
  }

  #fetchFrom({ rendition, segment }: CatalogSegment, nowMs: number): void {
    const entries = this.#catalog.renditions[rendition]!.segments.slice(segment, segment + HASHES_SEGMENTS_MAX)
    const fetch = this.#nextFetch()
    this.#fetch = { fetch, sinceMs: nowMs, entries }
    this.#port.fetchHashes(fetch, rendition, segment, entries.length)
  }
}
