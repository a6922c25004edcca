// The world of a swarm, in one thread: the simulator's virtual clock and randomness, a film, and a chain that holds pools.
// Everything follows from a seed.
import { type Catalog, createCatalog, type SegmentId } from '@tan/delivery'
import { type Address, createSeededRandom, type Hash, type Random, randomBytesFrom } from '@tan/primitives'
import { JOURNAL_LINES } from '../outcome.ts'
import { Draw } from '../world/draw.ts'
import { EventQueue } from '../world/event-queue.ts'
import { Journal, type JournalLine } from '../world/journal.ts'
import { createFilm, type FilmSize } from './film.ts'
import { Pools } from './pools.ts'

const BLOCK_MS = 1_000
/** blocks before the world begins */
const FIRST_HEIGHT = 1_000

export class SwarmWorld {
  readonly random: Random
  readonly draw: Draw
  readonly queue = new EventQueue()
  /** what every peer does: for whoever replays a seed */
  readonly journal: Journal
  readonly catalog: Catalog
  /** of each segment, as its publisher made them */
  readonly hashes: ReadonlyMap<SegmentId, Uint8Array>
  readonly pools: Pools = new Pools(() => FIRST_HEIGHT + Math.floor(this.nowMs / BLOCK_MS))

  constructor(seed: number, size: FilmSize, print?: (line: JournalLine) => void) {
    this.random = createSeededRandom(seed)
    this.draw = new Draw(this.random)
    this.journal = new Journal(() => this.nowMs, JOURNAL_LINES, print)
    const { manifest, hashes } = createFilm(this.random, size)
    this.catalog = createCatalog(manifest)
    this.hashes = new Map(this.catalog.renditions[0]!.segments.map((entry, i) => [entry.id, hashes[i]!]))
  }

  get nowMs(): number {
    return this.queue.nowMs
  }

  after(delayMs: number, run: () => void): void {
    this.queue.schedule(delayMs, run)
  }

  run(untilMs: number, isDone: () => boolean): void {
    for (;;) {
      const { nextMs } = this.queue
      if (nextMs === undefined || nextMs > untilMs || isDone()) return
      this.queue.runNext()
    }
  }

  createPool(signer: Address, depositWei: bigint, kind: 'credit' | 'strict'): Hash {
    return this.pools.create(signer, this.catalog.resourceId, randomBytesFrom(this.random, 32), depositWei, kind)
  }
}
