// What to fetch from whom. For every piece that is wanted it decides between the peers that have it and the origin, by the
// time at which it is played.
//
// The rule over all others: playback never waits because of peers. At every moment the origin alone could still deliver
// all that is missing in time; once that is about to end for a segment, the origin is asked for it, whatever peers promised.
import { assert, equalBytes, fromHex } from '@tan/primitives'
import { PIECE_HASH_BYTES, type PieceRef, pieceRoot, pieceSizeOf } from '@tan/protocol'
import { type Catalog, type CatalogSegment, type SegmentId, segmentId } from './catalog.ts'
import {
  ALONE_MS,
  DEMAND_MAX,
  EQUAL_MS,
  HASHES_MAX_MS,
  HASHES_SEGMENTS_MAX,
  LATE_FACTOR,
  LATE_MIN_MS,
  NEAR_MS,
  ORIGIN_BYTES_PER_MS_ASSUMED,
  ORIGIN_FETCHES_MAX,
  ORIGIN_LATENCY_MS_ASSUMED,
  ORIGIN_MARGIN_MS,
  ORIGIN_RETRY_MAX_MS,
  ORIGIN_RETRY_MIN_MS,
  ORIGIN_SAFETY_FACTOR,
  PARTIAL_MAX,
  SOURCES_PER_PIECE_MAX,
  UNHURRIED_MAX_MS,
} from './limits.ts'
import { Meter } from './meter.ts'

/** A segment that is wanted, and by when it must be whole. Infinity: there is no hurry. */
export interface Wanted {
  readonly rendition: number
  readonly segment: number
  readonly deadlineMs: number
}

/** A peer that would serve us now, as the scheduler sees it. */
export interface Source {
  readonly id: number
  has(rendition: number, segment: number): boolean
  /** how many more pieces may be asked of it now */
  slots(): number
  /** until the next piece that it is asked for is here */
  expectedMs(sizeBytes: number): number
}

/** Some pieces of a segment, one after the other. */
export interface PieceRange {
  readonly rendition: number
  readonly segment: number
  readonly firstPiece: number
  readonly pieceCount: number
}

/** What the scheduler decides, for its owner to carry out. */
export interface SchedulerPort {
  ask(source: number, ref: PieceRef): void
  callOff(source: number, ref: PieceRef): void
  askHashes(source: number, rendition: number, segment: number): void
  /** from the origin; each piece is reported by `arrived`, the end by `fetchDone` */
  fetch(fetch: number, range: PieceRange): void
  /** of a fetch that is no longer needed; nothing is reported of it any more */
  abort(fetch: number): void
  /** from the origin; reported by `hashesDone` */
  fetchHashes(fetch: number, rendition: number, firstSegment: number, segmentCount: number): void
  /** the pieces kept of a segment that is no longer wanted */
  forget(rendition: number, segment: number): void
}

/** What became of a piece that arrived. `complete`: it was the last of its segment, and the segment is right. */
export type Arrival = 'kept' | 'complete' | 'duplicate' | 'wrong' | 'wrong-segment'

export type SourceId = number | 'origin'

interface Attempt {
  readonly source: SourceId
  /** after this it counts as late */
  readonly lateMs: number
}

/** `unchecked`: it came from the origin before the list of hashes was known. */
type PieceState = 'missing' | 'unchecked' | 'held'

interface Task {
  readonly entry: CatalogSegment
  readonly pieces: PieceState[]
  readonly attempts: Attempt[][]
  /** hashes of the pieces that are unchecked */
  readonly found: (Uint8Array | undefined)[]
  left: number
  hashesAskedMs: number
  /** wanted since then */
  sinceMs: number
  /** pieces that peers were late with */
  readonly late: Set<number>
}

interface Open {
  readonly wanted: Wanted
  readonly task: Task
}

interface Fetch {
  readonly range: PieceRange
  readonly startMs: number
  readonly isAlone: boolean
}

export class Scheduler {
  readonly #catalog: Catalog
  readonly #port: SchedulerPort
  /** segments begun and not yet whole */
  readonly #tasks = new Map<SegmentId, Task>()
  readonly #held = new Set<SegmentId>()
  readonly #hashes = new Map<SegmentId, Uint8Array>()
  readonly #fetches = new Map<number, Fetch>()
  readonly #originMeter = new Meter({
    latencyMs: ORIGIN_LATENCY_MS_ASSUMED,
    bytesPerMs: ORIGIN_BYTES_PER_MS_ASSUMED,
  })
  #wanted: readonly Wanted[] = []
  #nextFetch = 1
  #hashesFetch:
    | { readonly fetch: number; readonly sinceMs: number; readonly segments: readonly SegmentId[] }
    | undefined
  /** the origin did not give them: until then peers are asked instead */
  #hashesPauseMs: number | undefined
  #originFailures = 0
  #originPauseMs = 0
  #prospectsMs: number | undefined

  constructor(catalog: Catalog, port: SchedulerPort) {
    this.#catalog = catalog
    this.#port = port
  }

  // ------------------------------------------------------------------------------------------------ what is there

  /** Replaces what was wanted before. What of it is there already costs nothing. */
  want(wanted: readonly Wanted[]): void {
    this.#wanted = [...wanted].sort((a, b) => a.deadlineMs - b.deadlineMs).slice(0, DEMAND_MAX)
    const ids = new Set(this.#wanted.map(({ rendition, segment }) => segmentId(rendition, segment)))
    for (const [id, task] of this.#tasks) {
      if (ids.has(id)) continue
      this.#callOffAll(task)
      if (this.#tasks.size <= PARTIAL_MAX) continue
      this.#tasks.delete(id)
      this.#port.forget(task.entry.rendition, task.entry.segment)
    }
  }

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

  get originBytesPerMs(): number {
    return this.#originMeter.bytesPerMs
  }

  hashesOf(rendition: number, segment: number): Uint8Array | undefined {
    return this.#hashes.get(segmentId(rendition, segment))
  }

  // ------------------------------------------------------------------------------------------------ what arrives

  /** Piece hashes from anyone. False where they are not those of the segment. */
  learnHashes(rendition: number, segment: number, hashes: Uint8Array): boolean {
    const entry = this.#catalog.segment(rendition, segment)
    if (entry === undefined || hashes.length !== entry.pieceCount * PIECE_HASH_BYTES) return false
    if (this.#hashes.has(entry.id)) return true
    if (pieceRoot(hashes) !== entry.root) return false
    this.#hashes.set(entry.id, hashes.slice())
    this.#checkFound(this.#tasks.get(entry.id))
    return true
  }

  /** The hashes that were fetched from the origin, one list after the other; undefined where that failed. */
  hashesDone(fetch: number, hashes: Uint8Array | undefined, nowMs: number): void {
    const current = this.#hashesFetch
    if (current?.fetch !== fetch) return
    this.#hashesFetch = undefined
    let at = 0
    let isRight = hashes !== undefined
    for (const id of current.segments) {
      const { rendition, segment, pieceCount } = this.#catalog.segmentById(id)!
      const end = at + pieceCount * PIECE_HASH_BYTES
      isRight &&= this.learnHashes(rendition, segment, hashes!.subarray(at, end))
      at = end
    }
    this.#hashesPauseMs = isRight ? undefined : nowMs + HASHES_MAX_MS
  }

  /** A piece came, and this is its hash. */
  arrived(source: SourceId, ref: PieceRef, hash: Uint8Array): Arrival {
    const id = segmentId(ref.rendition, ref.segment)
    const task = this.#tasks.get(id)
    if (task !== undefined) removeAttempt(task, ref.piece, source)
    const expected = this.#expectedHash(this.#catalog.segmentById(id)!, ref.piece)
    if (expected !== undefined && !equalBytes(expected, hash)) return 'wrong'
    if (task === undefined) return 'duplicate'
    if (task.pieces[ref.piece] !== 'missing') return 'duplicate'
    task.pieces[ref.piece] = expected === undefined ? 'unchecked' : 'held'
    task.found[ref.piece] = expected === undefined ? hash : undefined
    task.left--
    this.#callOffPiece(task, ref.piece)
    return task.left > 0 ? 'kept' : this.#finish(task)
  }

  /** Bytes of a fetch came: for the estimate of what the origin can do. */
  originDelivered(fetch: number, sizeBytes: number, nowMs: number): void {
    const flow = this.#fetches.get(fetch)
    if (flow === undefined) return
    this.#originMeter.arrived(sizeBytes, flow.startMs, nowMs, flow.isAlone)
    if (flow.isAlone) this.#fetches.set(fetch, { ...flow, isAlone: false })
  }

  fetchDone(fetch: number, isComplete: boolean, nowMs: number): void {
    const flow = this.#fetches.get(fetch)
    if (flow === undefined) return
    this.#endFetch(fetch, flow)
    if (!isComplete) this.pauseOrigin(nowMs)
  }

  /** A segment is whole and right with what the origin sent: that an answer is whole does not show that it is right. */
  originWorks(): void {
    this.#originFailures = 0
  }

  /** The origin failed, or sent what it should not: it is left alone for a while. */
  pauseOrigin(nowMs: number): void {
    this.#originPauseMs = nowMs + Math.min(ORIGIN_RETRY_MAX_MS, ORIGIN_RETRY_MIN_MS * 2 ** this.#originFailures++)
  }

  /** A peer will not send what it was asked for. */
  failed(source: number, ref: PieceRef): void {
    const task = this.#tasks.get(segmentId(ref.rendition, ref.segment))
    if (task !== undefined) removeAttempt(task, ref.piece, source)
  }

  /** All pieces are there. Where they came before the list of hashes, they make the root together, or none of them counts. */
  #finish(task: Task): Arrival {
    const { entry, pieces, found } = task
    if (this.#expectedHash(entry, 0) === undefined) {
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

  /** Undefined while the list of hashes is not known. */
  #expectedHash(entry: CatalogSegment, piece: number): Uint8Array | undefined {
    if (entry.pieceCount === 1) return fromHex(entry.root)
    return this.#hashes.get(entry.id)?.subarray(piece * PIECE_HASH_BYTES, (piece + 1) * PIECE_HASH_BYTES)
  }

  /** The list of hashes came after some pieces did. */
  #checkFound(task: Task | undefined): void {
    task?.found.forEach((hash, piece) => {
      if (hash === undefined) return
      const isRight = equalBytes(hash, this.#expectedHash(task.entry, piece)!)
      task.pieces[piece] = isRight ? 'held' : 'missing'
      task.found[piece] = undefined
      if (!isRight) task.left++
    })
  }

  // ------------------------------------------------------------------------------------------------ planning

  /** Sees to what is missing. `hasProspects`: there are peers that serve us, or may soon. */
  plan(nowMs: number, sources: readonly Source[], hasProspects: boolean): void {
    if (hasProspects || this.#prospectsMs === undefined) this.#prospectsMs = nowMs
    const open = this.#open(nowMs)
    if (open.length === 0) return
    const isAlone = nowMs - this.#prospectsMs > ALONE_MS
    const urgent = isAlone ? open.length : this.#urgentCount(open, nowMs)
    this.#planOrigin(open.slice(0, urgent), nowMs)
    if (sources.length > 0) {
      this.#planHashes(open, sources, nowMs)
      this.#planPeers(open, sources, nowMs)
    }
    this.#planUnhurried(
      open.slice(urgent).filter(({ wanted }) => wanted.deadlineMs === Number.POSITIVE_INFINITY),
      sources,
      nowMs,
    )
  }

  /**
   * What has no deadline comes from peers, if any of them says that it has it. What they are late with, or did not deliver
   * in a long time, comes from the origin: who offers and does not deliver must not keep anybody from filling.
   */
  #planUnhurried(open: readonly Open[], sources: readonly Source[], nowMs: number): void {
    const isOverdue = ({ task }: Open) => nowMs - task.sinceMs > UNHURRIED_MAX_MS || holdersOf(task, sources) === 0
    this.#planOrigin(open.filter(isOverdue), nowMs)
    for (const one of open) {
      const { attempts, late } = one.task
      attempts.forEach((tried, piece) => {
        if (tried.some(({ source, lateMs }) => source !== 'origin' && nowMs >= lateMs)) late.add(piece)
      })
      if (late.size > 0 && !isOverdue(one)) this.#planOrigin([one], nowMs, late)
    }
  }

  #open(nowMs: number): Open[] {
    const open: Open[] = []
    for (const wanted of this.#wanted) {
      const id = segmentId(wanted.rendition, wanted.segment)
      if (this.#held.has(id)) continue
      const task = this.#tasks.get(id) ?? this.#createTask(id, nowMs)
      if (task !== undefined) open.push({ wanted, task })
    }
    return open
  }

  #createTask(id: SegmentId, nowMs: number): Task | undefined {
    const entry = this.#catalog.segmentById(id)
    if (entry === undefined) return undefined
    const { pieceCount } = entry
    const task: Task = {
      entry,
      pieces: new Array<PieceState>(pieceCount).fill('missing'),
      attempts: Array.from({ length: pieceCount }, () => []),
      found: new Array<Uint8Array | undefined>(pieceCount).fill(undefined),
      left: pieceCount,
      hashesAskedMs: Number.NEGATIVE_INFINITY,
      sinceMs: nowMs,
      late: new Set(),
    }
    this.#tasks.set(id, task)
    return task
  }

  /**
   * How many of the first segments the origin must see to now: up to the last one whose deadline it could otherwise miss
   * if no peer delivered anything from here on.
   */
  #urgentCount(open: readonly Open[], nowMs: number): number {
    const { latencyMs, bytesPerMs } = this.#originMeter
    const pauseMs = Math.max(0, this.#originPauseMs - nowMs)
    let bytes = 0
    let count = 0
    open.forEach(({ wanted, task }, i) => {
      bytes += missingBytes(task)
      const neededMs = pauseMs + (latencyMs + bytes / bytesPerMs) * ORIGIN_SAFETY_FACTOR + ORIGIN_MARGIN_MS
      if (wanted.deadlineMs - nowMs <= neededMs) count = i + 1
    })
    return count
  }

  /** `only`: these pieces of each, where not all of them are. */
  #planOrigin(open: readonly Open[], nowMs: number, only?: ReadonlySet<number>): void {
    const isIn = (piece: number) => only === undefined || only.has(piece)
    if (nowMs < this.#originPauseMs) return
    // Whatever else it has to do for these comes before a piece that a peer turns out not to send.
    const aheadMs = this.#originMeter.expectedMs(
      open.reduce((sum, { task }) => sum + missingBytes(task), 0),
      0,
    )
    for (const { wanted, task } of open) {
      for (let piece = 0; piece < task.entry.pieceCount; piece++) {
        if (this.#fetches.size >= ORIGIN_FETCHES_MAX) return
        const isFor = (at: number) => isIn(at) && this.#isForOrigin(task, at, nowMs, wanted.deadlineMs - aheadMs)
        if (!isFor(piece)) continue
        let end = piece + 1
        while (end < task.entry.pieceCount && isFor(end)) end++
        this.#fetch(task, piece, end - piece, nowMs)
        piece = end
      }
    }
  }

  /** Missing, not on its way from the origin, and no peer would be found late while the origin can still step in. */
  #isForOrigin({ pieces, attempts }: Task, piece: number, nowMs: number, latestMs: number): boolean {
    if (pieces[piece] !== 'missing') return false
    return !attempts[piece]!.some(({ source, lateMs }) => source === 'origin' || (nowMs < lateMs && lateMs <= latestMs))
  }

  #fetch(task: Task, firstPiece: number, pieceCount: number, nowMs: number): void {
    const { rendition, segment, sizeBytes } = task.entry
    const range = { rendition, segment, firstPiece, pieceCount }
    let queued = 0
    for (let piece = firstPiece; piece < firstPiece + pieceCount; piece++) {
      const size = pieceSizeOf(sizeBytes, piece)
      const lateMs = nowMs + lateAfterMs(this.#originMeter.expectedMs(size, queued))
      task.attempts[piece]!.push({ source: 'origin', lateMs })
      queued += size
    }
    const fetch = this.#nextFetch++
    this.#fetches.set(fetch, { range, startMs: nowMs, isAlone: this.#fetches.size === 0 })
    this.#port.fetch(fetch, range)
  }

  /** Peers may be asked only for pieces that can be checked as they come: the lists of hashes have to be there first. */
  #planHashes(open: readonly Open[], sources: readonly Source[], nowMs: number): void {
    if (this.#hashesFetch !== undefined && nowMs - this.#hashesFetch.sinceMs > HASHES_MAX_MS) {
      this.#hashesFetch = undefined
      this.#hashesPauseMs = nowMs + HASHES_MAX_MS
    }
    const lacking = open.filter(
      ({ task: { entry } }) =>
        this.#expectedHash(entry, 0) === undefined && sources.some(s => s.has(entry.rendition, entry.segment)),
    )
    if (this.#hashesPauseMs !== undefined)
      for (const { task } of lacking) {
        if (nowMs - task.hashesAskedMs < HASHES_MAX_MS) continue
        task.hashesAskedMs = nowMs
        const { rendition, segment } = task.entry
        const holders = sources.filter(source => source.has(rendition, segment))
        this.#port.askHashes(holders[segment % holders.length]!.id, rendition, segment)
      }
    const first = lacking[0]?.task.entry
    const pauseMs = Math.max(this.#originPauseMs, this.#hashesPauseMs ?? 0)
    if (first === undefined || this.#hashesFetch !== undefined || nowMs < pauseMs) return
    const { rendition, segment } = first
    const entries = this.#catalog.renditions[rendition]!.segments.slice(segment, segment + HASHES_SEGMENTS_MAX)
    const fetch = this.#nextFetch++
    this.#hashesFetch = { fetch, sinceMs: nowMs, segments: entries.map(entry => entry.id) }
    this.#port.fetchHashes(fetch, rendition, segment, entries.length)
  }

  /** Soon played: in that order. Later: what few peers have first, so that it spreads while they are here. */
  #planPeers(open: readonly Open[], sources: readonly Source[], nowMs: number): void {
    const near = open.filter(({ wanted }) => wanted.deadlineMs - nowMs <= NEAR_MS)
    const far = open.slice(near.length).map(one => ({ ...one, holders: holdersOf(one.task, sources) }))
    far.sort((a, b) => a.holders - b.holders)
    for (const { wanted, task } of [...near, ...far]) {
      if (this.#expectedHash(task.entry, 0) === undefined) continue
      const { rendition, segment, pieceCount } = task.entry
      const holders = sources.filter(source => source.has(rendition, segment))
      for (let piece = 0; piece < pieceCount; piece++) {
        const free = holders.filter(source => source.slots() > 0)
        if (free.length === 0) break
        this.#askPeer(task, piece, wanted, free, nowMs)
      }
    }
  }

  #askPeer(task: Task, piece: number, wanted: Wanted, free: readonly Source[], nowMs: number): void {
    const attempts = task.attempts[piece]!
    if (task.pieces[piece] !== 'missing' || attempts.some(({ lateMs }) => nowMs < lateMs)) return
    const asked = attempts.filter(({ source }) => source !== 'origin')
    if (asked.length >= SOURCES_PER_PIECE_MAX) return
    const { rendition, segment, sizeBytes } = task.entry
    const size = pieceSizeOf(sizeBytes, piece)
    const offers = free
      .filter(({ id }) => !attempts.some(({ source }) => source === id))
      .map(source => ({ source, expectedMs: source.expectedMs(size) }))
    const bestMs = Math.min(...offers.map(({ expectedMs }) => expectedMs))
    if (offers.length === 0) return
    // Among those that are about as fast the pieces are spread, so that no peer is all that a viewer has.
    const equals = offers.filter(({ expectedMs }) => expectedMs <= bestMs + EQUAL_MS)
    const best = equals[(segment + piece) % equals.length]!.source
    // Too late from this peer: the origin sees to it, unless there is none just now.
    if (nowMs + bestMs > wanted.deadlineMs && nowMs >= this.#originPauseMs) return
    attempts.push({ source: best.id, lateMs: nowMs + lateAfterMs(bestMs) })
    this.#port.ask(best.id, { rendition, segment, piece })
  }

  // ------------------------------------------------------------------------------------------------ calling off

  #callOffAll(task: Task): void {
    for (let piece = 0; piece < task.entry.pieceCount; piece++) this.#callOffPiece(task, piece)
  }

  #callOffPiece(task: Task, piece: number): void {
    const { rendition, segment } = task.entry
    const attempts = task.attempts[piece]!.splice(0)
    for (const { source } of attempts)
      if (source === 'origin') this.#abortIfUseless(rendition, segment, piece)
      else this.#port.callOff(source, { rendition, segment, piece })
  }

  /** A fetch goes on while any of its pieces is still waited for. */
  #abortIfUseless(rendition: number, segment: number, piece: number): void {
    const task = this.#tasks.get(segmentId(rendition, segment))
    for (const [fetch, flow] of this.#fetches) {
      const { range } = flow
      const isIn = piece >= range.firstPiece && piece < range.firstPiece + range.pieceCount
      if (range.rendition !== rendition || range.segment !== segment || !isIn) continue
      const waiting = task?.attempts
        .slice(range.firstPiece, range.firstPiece + range.pieceCount)
        .some(attempts => attempts.some(({ source }) => source === 'origin'))
      if (waiting) continue
      this.#fetches.delete(fetch)
      this.#port.abort(fetch)
    }
  }

  #endFetch(fetch: number, { range }: Fetch): void {
    this.#fetches.delete(fetch)
    const task = this.#tasks.get(segmentId(range.rendition, range.segment))
    if (task === undefined) return
    for (let i = 0; i < range.pieceCount; i++) removeAttempt(task, range.firstPiece + i, 'origin')
  }
}

function removeAttempt(task: Task, piece: number, source: SourceId): void {
  const attempts = task.attempts[piece]
  assert(attempts !== undefined, `piece ${piece} of a segment with ${task.entry.pieceCount}`)
  const at = attempts.findIndex(attempt => attempt.source === source)
  if (at >= 0) attempts.splice(at, 1)
}

function missingBytes({ entry, left }: Task): number {
  return (entry.sizeBytes * left) / entry.pieceCount
}

function lateAfterMs(expectedMs: number): number {
  return Math.max(LATE_MIN_MS, LATE_FACTOR * expectedMs)
}

function holdersOf({ entry }: Task, sources: readonly Source[]): number {
  return sources.reduce((sum, source) => sum + (source.has(entry.rendition, entry.segment) ? 1 : 0), 0)
}
