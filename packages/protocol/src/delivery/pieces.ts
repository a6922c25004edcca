// Pieces: what one message carries and one payment pays for. A segment's pieces are bound by the SHA-256 Merkle root that
// the manifest names, so that a peer with the list of their hashes can check each piece separately, on arrival.
import { assert, concatBytes, type Hash, sha256, toHex } from '@tan/primitives'
import { SEGMENT_PIECES_MAX } from './limits.ts'

/** All pieces of a segment but the last have this size. */
export const PIECE_SIZE_BYTES = 64 * 1024
export const PIECE_HASH_BYTES = 32
export const SEGMENT_MAX_BYTES: number = PIECE_SIZE_BYTES * SEGMENT_PIECES_MAX

/** One piece of a resource: indices into the manifest's renditions and their segments, and into the segment's pieces. */
export interface PieceRef {
  readonly rendition: number
  readonly segment: number
  readonly piece: number
}

export function pieceCountOf(segmentSizeBytes: number): number {
  return Math.ceil(segmentSizeBytes / PIECE_SIZE_BYTES)
}

export function pieceSizeOf(segmentSizeBytes: number, piece: number): number {
  return Math.min(PIECE_SIZE_BYTES, segmentSizeBytes - piece * PIECE_SIZE_BYTES)
}

/** The hashes of a segment's pieces, one after the other. */
export function hashPieces(segment: Uint8Array): Uint8Array {
  const hashes: Uint8Array[] = []
  for (let at = 0; at < segment.length; at += PIECE_SIZE_BYTES)
    hashes.push(sha256(segment.subarray(at, at + PIECE_SIZE_BYTES)))
  return concatBytes(...hashes)
}

const INNER = Uint8Array.of(1)

/**
 * spec D-PIECE.
 * The root over hashes that stand one after the other: neighbours are paired as SHA-256(1, left, right), an odd last one
 * moves up. The number of pieces is fixed by the segment's size, so that an inner node can never pass for a piece.
 */
export function pieceRoot(hashes: Uint8Array): Hash {
  assert(hashes.length > 0 && hashes.length % PIECE_HASH_BYTES === 0, `${hashes.length} bytes are no list of hashes`)
  let level: Uint8Array[] = []
  for (let at = 0; at < hashes.length; at += PIECE_HASH_BYTES) level.push(hashes.subarray(at, at + PIECE_HASH_BYTES))
  while (level.length > 1) {
    const next: Uint8Array[] = []
    for (let i = 0; i < level.length; i += 2) {
      const right = level[i + 1]
      next.push(right === undefined ? level[i]! : sha256(concatBytes(INNER, level[i]!, right)))
    }
    level = next
  }
  return toHex(level[0]!)
}
