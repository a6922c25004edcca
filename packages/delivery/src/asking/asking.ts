// What we ask of one peer: pieces under way, how many more it can take, and how far it has got in being paid for them.
import { Bill } from '@tan/payments'
import { PIECE_SIZE_BYTES, type PieceRef, pieceSizeOf, type SwarmMessageOf } from '@tan/protocol'
import { type Catalog, pieceKey } from '../content/catalog.ts'
import { HaveMap } from '../content/have-map.ts'
import {
  IN_FLIGHT_MAX,
  PEER_BYTES_PER_MS_ASSUMED,
  PEER_LATENCY_MS_ASSUMED,
  PIPELINE_MS,
  REQUEST_MAX_MS,
} from '../limits.ts'
import { Meter } from './meter.ts'

interface Request {
  readonly ref: PieceRef
  readonly sentMs: number
  readonly sizeBytes: number
  readonly isAlone: boolean
}

/** How far a peer that wants to be paid has got: it serves once it accepted our pool. */
export type Standing = 'unpaid' | 'proving' | 'shown' | 'accepted' | 'refused'

export class Asking {
  readonly #catalog: Catalog
  readonly have: HaveMap
  /** from its price on; undefined: it does not serve, or asks too much */
  bill: Bill | undefined
  isChoking = false
  standing: Standing = 'unpaid'
  /** not before this is something tried again that it refused */
  pauseMs = Number.NEGATIVE_INFINITY
  /** in a row */
  strikes = 0
  receivedPieces = 0
  receivedBytes = 0
  readonly #requests = new Map<number, Request>()
  /** it was told to forget them, and has not said whether it could */
  readonly #calledOff = new Map<number, Request>()
  #queuedBytes = 0
  readonly #meter = new Meter({ latencyMs: PEER_LATENCY_MS_ASSUMED, bytesPerMs: PEER_BYTES_PER_MS_ASSUMED })

  constructor(catalog: Catalog) {
    this.#catalog = catalog
    this.have = new HaveMap(catalog)
  }

  get requestCount(): number {
    return this.#requests.size
  }

  get latencyMs(): number {
    return this.#meter.latencyMs
  }

  get bytesPerMs(): number {
    return this.#meter.bytesPerMs
  }

  /** What it charges for a piece and for the opening. A peer that charges more than the manifest allows is asked for nothing. */
  setPrice({ pieceWei, openingWei }: SwarmMessageOf<'price'>): void {
    const most = this.#catalog.manifest
    if (pieceWei > most.piecePriceWei || openingWei > most.openingWei) return
    const priceMax = { unitPriceWei: most.piecePriceWei, openingWei: most.openingWei }
    this.bill = new Bill({ unitPriceWei: pieceWei, openingWei }, priceMax)
  }

  /** Does it serve us, or could it as soon as something under way is done? */
  isUsable(nowMs: number): boolean {
    const { bill } = this
    return (
      bill !== undefined && !this.isChoking && nowMs >= this.pauseMs && (bill.isFree || this.standing === 'accepted')
    )
  }

  /** Pieces that may still be charged: asked for, or called off and on their way all the same. */
  get pendingCount(): number {
    return this.#requests.size + this.#calledOff.size
  }

  /** How many more pieces it may be asked for (spec D-WINDOW). `spareWei`: what our pool has left. */
  slots(bill: Bill, spareWei: bigint): number {
    const pipeline = 1 + Math.ceil((this.#meter.bytesPerMs * (this.#meter.latencyMs + PIPELINE_MS)) / PIECE_SIZE_BYTES)
    const afterStrike = this.strikes > 0 ? 1 : IN_FLIGHT_MAX
    const most = Math.min(pipeline, bill.underWayMax, afterStrike)
    return bill.affordable(most - this.pendingCount, this.pendingCount, spareWei)
  }

  expectedMs(sizeBytes: number): number {
    return this.#meter.expectedMs(sizeBytes, this.#queuedBytes)
  }

  request(ref: PieceRef, nowMs: number): void {
    const sizeBytes = this.#sizeOf(ref)
    const isAlone = this.#requests.size === 0
    this.#requests.set(pieceKey(ref), { ref, sentMs: nowMs, sizeBytes, isAlone })
    this.#queuedBytes += sizeBytes
  }

  isRequested(ref: PieceRef): boolean {
    return this.#requests.has(pieceKey(ref))
  }

  /** Requested, or called off so lately that it may have been on its way. */
  expects(ref: PieceRef): boolean {
    return this.#requests.has(pieceKey(ref)) || this.#calledOff.has(pieceKey(ref))
  }

  /** It may still come, and then it is charged; if not, it will be rejected. */
  callOff(ref: PieceRef, nowMs: number): void {
    const request = this.#remove(ref)
    if (request !== undefined) this.#calledOff.set(pieceKey(ref), { ...request, sentMs: nowMs })
  }

  /** True for a request, false for what was called off or never asked. */
  rejected(ref: PieceRef): boolean {
    return !this.#calledOff.delete(pieceKey(ref)) && this.#remove(ref) !== undefined
  }

  /** A piece that was expected came: it is charged, whatever it is worth. */
  arrived(ref: PieceRef, sizeBytes: number, nowMs: number): void {
    const request = this.#remove(ref)
    this.#calledOff.delete(pieceKey(ref))
    this.bill?.received()
    this.receivedPieces++
    this.receivedBytes += sizeBytes
    this.strikes = 0
    if (request !== undefined) this.#meter.arrived(sizeBytes, request.sentMs, nowMs, request.isAlone)
  }

  /** Requests that were not answered for too long, and are to be called off; answers to that may be overdue too. */
  takeOverdue(nowMs: number): { readonly requests: readonly PieceRef[]; readonly count: number } {
    const isOverdue = ({ sentMs }: Request) => nowMs - sentMs > REQUEST_MAX_MS
    const requests = [...this.#requests.values()].filter(isOverdue).map(({ ref }) => ref)
    const forgotten = [...this.#calledOff.values()].filter(isOverdue)
    for (const { ref } of forgotten) this.#calledOff.delete(pieceKey(ref))
    return { requests, count: requests.length + forgotten.length }
  }

  /** All requests under way, which are given up. */
  takeRequests(): PieceRef[] {
    const refs = [...this.#requests.values()].map(({ ref }) => ref)
    this.#requests.clear()
    this.#calledOff.clear()
    this.#queuedBytes = 0
    return refs
  }

  #remove(ref: PieceRef): Request | undefined {
    const key = pieceKey(ref)
    const request = this.#requests.get(key)
    if (request === undefined) return undefined
    this.#requests.delete(key)
    this.#queuedBytes -= request.sizeBytes
    return request
  }

  #sizeOf({ rendition, segment, piece }: PieceRef): number {
    return pieceSizeOf(this.#catalog.segment(rendition, segment)!.sizeBytes, piece)
  }
}
