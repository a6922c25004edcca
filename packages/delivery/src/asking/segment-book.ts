// What is there of a resource, what is missing, and which lists of piece hashes are known. Nothing counts as held before it
// was checked against the publisher's signed roots (spec D-CHECKED).
import { equalBytes, fromHex } from '@tan/primitives'
import { PIECE_HASH_BYTES, type PieceRef, pieceRoot } from '@tan/protocol'
import { type Catalog, type CatalogSegment, type SegmentId, segmentId } from '../content/catalog.ts'
import type { Wanted } from '../content/wanted.ts'
import { PARTIAL_MAX } from '../limits.ts'
import { createTask, type Open, type Task } from './task.ts'

/** What became of a piece that arrived. `complete`: it was the last of its segment, and the segment is right. */
export type Arrival = 'kept' | 'complete' | 'duplicate' | 'wrong' | 'wrong-segment'

export class SegmentBook {
  readonly #catalog: Catalog
  /** segments begun and not yet whole */
  readonly #tasks = new Map<SegmentId, Task>()
  readonly #held = new Set<SegmentId>()
  readonly #hashes = new Map<SegmentId, Uint8Array>()

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  // ------------------------------------------------------------------------------------------------ segments

  /** The segment was there from the start, checked, or is there again. */
  hold(rendition: number, segment: number, hashes: Uint8Array): void {
    const id = segmentId(rendition, segment)
    this.#held.add(id)
    this.#hashes.set(id, hashes)
  }

  /** The segment is no longer there. */
  drop(rendition: number, segment: number): void {
    this.#held.delete(segmentId(rendition, segment))
  }

  holds(rendition: number, segment: number): boolean {
    return this.#held.has(segmentId(rendition, segment))
  }

  task(rendition: number, segment: number): Task | undefined {
    return this.#tasks.get(segmentId(rendition, segment))
  }

  /** Of what is wanted, that which is missing; it counts as begun. */
  open(wanted: readonly Wanted[], nowMs: number): Open[] {
    const open: Open[] = []
    for (const one of wanted) {
      const id = segmentId(one.rendition, one.segment)
      if (this.#held.has(id)) continue
      const task = this.#tasks.get(id) ?? this.#begin(id, nowMs)
      if (task !== undefined) open.push({ wanted: one, task })
    }
    return open
  }

  #begin(id: SegmentId, nowMs: number): Task | undefined {
    const entry = this.#catalog.segmentById(id)
    if (entry === undefined) return undefined
    const task = createTask(entry, nowMs)
    this.#tasks.set(id, task)
    return task
  }

  /** Segments that were begun and are not among these any more, oldest first. */
  *idle(wanted: readonly Wanted[]): Generator<Task> {
    const ids = new Set(wanted.map(({ rendition, segment }) => segmentId(rendition, segment)))
    for (const [id, task] of this.#tasks) if (!ids.has(id)) yield task
  }

  /** More is begun than is kept. */
  get isCrowded(): boolean {
    return this.#tasks.size > PARTIAL_MAX
  }

  /** Whatever there is of a segment that is not wanted any more. */
  forget({ entry }: Task): void {
    this.#tasks.delete(entry.id)
  }

  // ------------------------------------------------------------------------------------------------ pieces

  /** A piece came, and this is its hash. One that has nothing to be checked against waits for the list, or for the root. */
  take(ref: PieceRef, hash: Uint8Array): Arrival {
    const entry = this.#catalog.segment(ref.rendition, ref.segment)!
    const expected = this.hashOf(entry, ref.piece)
    if (expected !== undefined && !equalBytes(expected, hash)) return 'wrong'
    const task = this.#tasks.get(entry.id)
    if (task === undefined || task.pieces[ref.piece] !== 'missing') return 'duplicate'
    task.pieces[ref.piece] = expected === undefined ? 'unchecked' : 'held'
    task.found[ref.piece] = expected === undefined ? hash : undefined
    task.left--
    return task.left > 0 ? 'kept' : this.#finish(task)
  }

  /** All pieces are there. Where they came before the list of hashes, they make the root together, or none of them counts. */
  #finish(task: Task): Arrival {
    const { entry, pieces, found } = task
    if (!this.knowsHashes(entry)) {
      const list = new Uint8Array(entry.pieceCount * PIECE_HASH_BYTES)
      found.forEach((hash, piece) => {
        list.set(hash!, piece * PIECE_HASH_BYTES)
      })
      if (pieceRoot(list) !== entry.root) {
        pieces.fill('missing')
        found.fill(undefined)
        task.left = entry.pieceCount
        return 'wrong-segment'
      }
      this.#hashes.set(entry.id, list)
    }
    if (entry.pieceCount === 1) this.#hashes.set(entry.id, fromHex(entry.root))
    this.#tasks.delete(entry.id)
    this.#held.add(entry.id)
    return 'complete'
  }

  // ------------------------------------------------------------------------------------------------ hashes

  hashesOf(rendition: number, segment: number): Uint8Array | undefined {
    return this.#hashes.get(segmentId(rendition, segment))
  }

  /** Can its pieces be checked as they come? The root of a single piece is its hash. */
  knowsHashes({ id, pieceCount }: CatalogSegment): boolean {
    return pieceCount === 1 || this.#hashes.has(id)
  }

  /** Undefined while the list of hashes is not known. */
  hashOf({ id, pieceCount, root }: CatalogSegment, piece: number): Uint8Array | undefined {
    if (pieceCount === 1) return fromHex(root)
    return this.#hashes.get(id)?.subarray(piece * PIECE_HASH_BYTES, (piece + 1) * PIECE_HASH_BYTES)
  }

  /** Piece hashes from anyone (spec D-HASHES). False where they are not those of the segment. */
  learnHashes(rendition: number, segment: number, hashes: Uint8Array): boolean {
    const entry = this.#catalog.segment(rendition, segment)
    if (entry === undefined || hashes.length !== entry.pieceCount * PIECE_HASH_BYTES) return false
    if (this.#hashes.has(entry.id)) return true
    if (pieceRoot(hashes) !== entry.root) return false
    this.#hashes.set(entry.id, hashes.slice())
    this.#checkFound(this.#tasks.get(entry.id))
    return true
  }

  /** The list of hashes came after some pieces did. */
  #checkFound(task: Task | undefined): void {
    task?.found.forEach((hash, piece) => {
      if (hash === undefined) return
      const isRight = equalBytes(hash, this.hashOf(task.entry, piece)!)
      task.pieces[piece] = isRight ? 'held' : 'missing'
      task.found[piece] = undefined
      if (!isRight) task.left++
    })
  }
}
