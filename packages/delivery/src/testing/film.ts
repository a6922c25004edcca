// A film for tests: one rendition whose segments have as many pieces as is asked, of two seconds each, and a proof of a pool
// that proves nothing. Pieces are hashes alone: nothing in this room looks at bytes.
import { createSeededRandom, type Hash, randomBytesFrom, ZERO_ADDRESS, ZERO_HASH } from '@tan/primitives'
import {
  EMPTY_LOGS_BLOOM,
  type Manifest,
  PIECE_HASH_BYTES,
  PIECE_SIZE_BYTES,
  type PieceRef,
  type PoolProof,
  pieceRoot,
} from '@tan/protocol'
import { type Catalog, createCatalog } from '../content/catalog.ts'

export const PRICE_WEI = 1_000n
export const SEGMENT_MS = 2_000

export interface Film {
  readonly catalog: Catalog
  /** of each segment, the list of its pieces' */
  readonly hashes: readonly Uint8Array[]
  hash(ref: PieceRef): Uint8Array
}

/** Segments of so many whole pieces each. */
export function createFilm(pieceCounts: readonly number[], seed = 1): Film {
  const random = createSeededRandom(seed)
  const hashes = pieceCounts.map(count => randomBytesFrom(random, count * PIECE_HASH_BYTES))
  const segments = pieceCounts.map((count, i) => ({
    uri: `${i}.m4s`,
    offsetBytes: 0,
    sizeBytes: count * PIECE_SIZE_BYTES,
    durationMs: SEGMENT_MS,
    root: pieceRoot(hashes[i]!),
  }))
  const manifest: Manifest = {
    chainId: 9,
    publisher: ZERO_ADDRESS,
    title: 'a film',
    entry: '0.m4s',
    renditions: [{ name: 'only', bandwidth: 1, codecs: '', playlist: '', pieces: 'only.pieces', segments }],
    piecePriceWei: PRICE_WEI,
    openingWei: 0n,
    licencePriceWei: 0n,
    origins: [],
    trackers: [],
    licence: '',
  }
  const hash = ({ segment, piece }: PieceRef) =>
    hashes[segment]!.subarray(piece * PIECE_HASH_BYTES, (piece + 1) * PIECE_HASH_BYTES)
  return { catalog: createCatalog(manifest), hashes, hash }
}

export function unprovenPool(poolId: Hash): PoolProof {
  const none = new Uint8Array(0)
  const header = {
    parentHash: ZERO_HASH,
    beneficiary: ZERO_ADDRESS,
    stateRoot: ZERO_HASH,
    transactionsRoot: ZERO_HASH,
    receiptsRoot: ZERO_HASH,
    logsBloom: EMPTY_LOGS_BLOOM,
    height: 0,
    gasLimit: 0,
    gasUsed: 0,
    timestampS: 0,
    recordHash: ZERO_HASH,
    mix: ZERO_HASH,
    baseFeePerGas: 0n,
  }
  const certificate = { epoch: 0, blockHash: ZERO_HASH, justifyEpoch: 0, signers: none, signature: none }
  const record = {
    epoch: 0,
    reveal: none,
    justify: certificate,
    epochChange: undefined,
    committeeRoot: undefined,
    poolRoot: undefined,
    finality: undefined,
  }
  const settlement = { header, record, certificate }
  return { poolId, header, settlement, accountProof: [], slotProofs: [], salt: ZERO_HASH }
}
