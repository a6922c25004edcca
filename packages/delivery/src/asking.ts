// What we ask of one peer: pieces under way, how many more it can take, what it wants for them and what we owe it.
import type { Address } from '@tan/primitives'
import { PIECE_SIZE_BYTES, type PieceRef, pieceSizeOf } from '@tan/protocol'
import { type Catalog, segmentId } from './catalog.ts'
import { HaveMap } from './have-map.ts'
import {
  IN_FLIGHT_MAX,
  LOST_MAX,
  LOST_PART,
  PEER_BYTES_PER_MS_ASSUMED,
  PEER_LATENCY_MS_ASSUMED,
  PIPELINE_MS,
  PREPAID_MAX,
  REQUEST_MAX_MS,
} from './limits.ts'
import { Meter } from './meter.ts'
import type { Payer } from './payer.ts'

interface Request {
  readonly ref: PieceRef
  readonly sentMs: number
  readonly sizeBytes: number
  readonly isAlone: boolean
}

export interface Price {
  readonly pieceWei: bigint
  readonly openingWei: bigint
}

/** How far a peer that wants to be paid has got: it serves once it accepted our pool. */
export type Standing = 'unpaid' | 'proving' | 'shown' | 'accepted' | 'refused'

/** `lost`: so much of it never came that we ask no more of it. `invented`: it cannot have served so much. */
export type Agreement = 'agreed' | 'lost' | 'invented'

export class Asking {
  readonly #catalog: Catalog
  readonly have: HaveMap
  /** undefined: it does not serve */
  price: Price | undefined
  isChoking = false
  standing: Standing = 'unpaid'
  /** not before this is something tried again that it refused */
  pauseMs = Number.NEGATIVE_INFINITY
  /** what it has charged us, as it said and as pieces came since */
  owedWei = 0n
  /** up to what total it serves */
  limitWei = 0n
  /** when we agreed on what it has charged: what had come over the pool's life, and what had not */
  #cameWei = 0n
  #lostWei = 0n
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

  get isFree(): boolean {
    return this.price?.pieceWei === 0n && this.price.openingWei === 0n
  }

  /** Does it serve us, or could it as soon as something under way is done? */
  isUsable(nowMs: number): boolean {
    return (
      this.price !== undefined &&
      !this.isChoking &&
      nowMs >= this.pauseMs &&
      (this.isFree || this.standing === 'accepted')
    )
  }

  /** What it may have charged once all that is under way is here. */
  get committedWei(): bigint {
    return this.owedWei + (this.price?.pieceWei ?? 0n) * BigInt(this.#requests.size + this.#calledOff.size)
  }

  /** What must be promised for it to serve all that is under way: it serves one piece before it is paid. */
  get dueWei(): bigint {
    const ahead = this.#requests.size > 0 ? this.#requests.size - 1 : 0
    return this.owedWei + (this.price?.pieceWei ?? 0n) * BigInt(ahead)
  }

  /** `spareWei`: what the pool has left beyond all that is promised or committed. */
  slots(spareWei: bigint): number {
    const pieceWei = this.price?.pieceWei ?? 0n
    const pipeline = 1 + Math.ceil((this.#meter.bytesPerMs * (this.#meter.latencyMs + PIPELINE_MS)) / PIECE_SIZE_BYTES)
    // Whoever delivered n pieces may hold the price of n more, never beyond the bounds.
    const trusted = 1 + Math.min(this.receivedPieces, PREPAID_MAX, this.#prepaidMax)
    const strikes = this.strikes > 0 ? 1 : IN_FLIGHT_MAX
    const most = Math.min(pipeline, this.isFree ? IN_FLIGHT_MAX : trusted, strikes, IN_FLIGHT_MAX)
    const free = most - this.#requests.size - this.#calledOff.size
    if (free <= 0 || pieceWei === 0n) return Math.max(0, free)
    const leftWei = this.limitWei - this.committedWei
    const affordableWei = leftWei < spareWei ? leftWei : spareWei
    return affordableWei <= 0n ? 0 : Math.min(free, Number(affordableWei / pieceWei))
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
    this.owedWei += this.price?.pieceWei ?? 0n
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

  /** May we do business? The manifest says what a piece may cost. */
  isFair(price: Price): boolean {
    const { piecePriceWei, openingWei } = this.#catalog.manifest
    return price.pieceWei <= piecePriceWei && price.openingWei <= openingWei
  }

  /**
   * What it says it has charged so far: what came, and what was lost where a connection broke or a page was closed. Nobody
   * can tell honest losses from stolen pieces, so all of them together are bounded by what came. Beyond one piece more
   * than it was promised nothing can have been served.
   */
  agree(payer: Payer, target: Address, chargedWei: bigint): Agreement {
    const { piecePriceWei, openingWei } = this.#catalog.manifest
    if (chargedWei > most(payer.promisedWei(target) + piecePriceWei, openingWei)) return 'invented'
    const openedWei = least(this.price!.openingWei, chargedWei)
    if (payer.receivedWei(target) < openedWei) payer.received(target, openedWei - payer.receivedWei(target))
    this.owedWei = chargedWei
    this.#cameWei = payer.receivedWei(target)
    this.#lostWei = most(0n, chargedWei - this.#cameWei)
    return this.#lostWei <= this.#lostMaxWei ? 'agreed' : 'lost'
  }

  get #lostMaxWei(): bigint {
    const pieceWei = this.price?.pieceWei ?? 0n
    const cameWei = this.#cameWei + pieceWei * BigInt(this.receivedPieces)
    return pieceWei * BigInt(LOST_MAX) + cameWei / BigInt(LOST_PART)
  }

  /** Pieces that may be paid for before they come: all of them could be lost, and one more that it serves unpaid. */
  get #prepaidMax(): number {
    const pieceWei = this.price?.pieceWei ?? 0n
    if (pieceWei === 0n) return PREPAID_MAX
    const pieces = (this.#lostMaxWei - this.#lostWei) / pieceWei
    return Math.max(0, Math.min(PREPAID_MAX, Number(pieces) - 1))
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

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function most(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

export function pieceKey({ rendition, segment, piece }: PieceRef): number {
  return segmentId(rendition, segment) * PIECE_KEYS + piece
}

/** above the pieces of any segment */
const PIECE_KEYS = 4_096
