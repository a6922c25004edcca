// Fetching from the origin: ranges of bytes, cut into pieces as they come. Several origins take turns when one fails.

import type { Catalog, PieceRange } from '@tan/delivery'
import { CodedError } from '@tan/primitives'
import { fileUrl, PIECE_HASH_BYTES, PIECE_SIZE_BYTES, type PieceRef } from '@tan/protocol'
import { ORIGIN_IDLE_MS } from '../limits.ts'
import type { HttpGet, Timers } from '../ports.ts'

export interface OriginOptions {
  readonly catalog: Catalog
  /** URLs of folders, the best first */
  readonly folders: readonly string[]
  readonly get: HttpGet
  readonly timers: Timers
  /** how the origin shall count us: viewer or edge */
  readonly client: string
}

export class Origin {
  readonly #options: OriginOptions
  /** the one that is used until it fails; counts on, round after round */
  #current = 0

  constructor(options: OriginOptions) {
    this.#options = options
  }

  /** Which one is in use. */
  get current(): number {
    return this.#current
  }

  /** It failed (spec D-ORIGIN), or what it sent is not what the manifest names: the next one is asked, unless it is already. */
  leave(origin: number): void {
    if (this.#current === origin) this.#current++
  }

  /** Throws `origin/…`; pieces that came before are good to use. */
  async fetchPieces(
    { rendition, segment, firstPiece, pieceCount }: PieceRange,
    signal: AbortSignal,
    onPiece: (ref: PieceRef, bytes: Uint8Array) => void,
  ): Promise<void> {
    const { uri, offsetBytes, sizeBytes } = this.#options.catalog.segment(rendition, segment)!
    const origin = this.#current
    const first = offsetBytes + firstPiece * PIECE_SIZE_BYTES
    const end = offsetBytes + Math.min(sizeBytes, (firstPiece + pieceCount) * PIECE_SIZE_BYTES)
    let piece = firstPiece
    let held: Uint8Array[] = []
    let heldBytes = 0
    let left = end - first
    await this.#read(uri, first, end, signal, chunk => {
      let rest = chunk
      while (rest.length > 0 && left > 0) {
        const wanted = Math.min(PIECE_SIZE_BYTES, left) - heldBytes
        const part = rest.subarray(0, wanted)
        held.push(part)
        heldBytes += part.length
        rest = rest.subarray(part.length)
        if (part.length < wanted) return
        left -= heldBytes
        onPiece({ rendition, segment, piece: piece++ }, joined(held, heldBytes))
        held = []
        heldBytes = 0
      }
    })
    if (left > 0) throw this.#short(origin, `${uri} ended ${left} bytes early`)
  }

  /** The hashes of some segments of a rendition, one list after the other (spec D-HASHES). Throws `origin/…`. */
  async fetchHashes(
    rendition: number,
    firstSegment: number,
    segmentCount: number,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const { pieces, segments } = this.#options.catalog.renditions[rendition]!
    const { firstHash } = segments[firstSegment]!
    const last = segments[firstSegment + segmentCount - 1]!
    const first = firstHash * PIECE_HASH_BYTES
    const end = (last.firstHash + last.pieceCount) * PIECE_HASH_BYTES
    const origin = this.#current
    const chunks: Uint8Array[] = []
    let size = 0
    await this.#read(pieces, first, end, signal, chunk => {
      size += chunk.length
      if (size <= end - first) chunks.push(chunk)
    })
    if (size !== end - first) throw this.#short(origin, `${pieces} has not the bytes from ${first} to ${end}`)
    return joined(chunks, size)
  }

  #short(origin: number, message: string): CodedError {
    this.leave(origin)
    return new CodedError('origin/short', message)
  }

  /** Bytes `first` up to `end` of a file. The origin may send all of it; what was not asked for is skipped. */
  async #read(
    uri: string,
    first: number,
    end: number,
    signal: AbortSignal,
    onChunk: (chunk: Uint8Array) => void,
  ): Promise<void> {
    const { folders, get, timers, client } = this.#options
    const origin = this.#current
    const url = new URL(fileUrl(folders[origin % folders.length]!, uri))
    url.searchParams.set('client', client)
    const idle = new AbortController()
    let stopTimer = () => {}
    const restart = () => {
      stopTimer()
      stopTimer = timers.after(ORIGIN_IDLE_MS, () => idle.abort())
    }
    restart()
    try {
      const answer = await get(url.href, { range: [first, end - 1], signal: AbortSignal.any([signal, idle.signal]) })
      if (answer.status !== 206 && answer.status !== 200)
        throw new CodedError('origin/status', `the origin answers ${answer.status} for ${url.pathname}`)
      let skip = answer.status === 200 ? first : 0
      let left = end - first
      for await (const chunk of answer.body) {
        restart()
        const from = Math.min(skip, chunk.length)
        skip -= from
        const part = chunk.subarray(from, from + left)
        left -= part.length
        if (part.length > 0) onChunk(part)
        // A whole file goes on; a range ends here by itself, and its connection can be used again.
        if (left === 0 && answer.status === 200) return
      }
    } catch (cause) {
      if (!signal.aborted) this.leave(origin)
      if (cause instanceof CodedError) throw cause
      throw new CodedError('origin/unreachable', `the origin does not answer for ${url.pathname}`, { cause })
    } finally {
      stopTimer()
    }
  }
}

function joined(parts: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const out = new Uint8Array(sizeBytes)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
