// The film that simulated swarms play: a manifest and the hashes of its pieces, drawn by chance. Nobody in here looks at bytes.
import { addressOfSecretKey, type Random, randomBelow, randomBytesFrom } from '@tan/primitives'
import { type Manifest, PIECE_HASH_BYTES, pieceCountOf, pieceRoot } from '@tan/protocol'

export const PRICE_WEI = 1_000n
const CHAIN_ID = 9
const SEGMENT_MS = 2_000

export interface FilmSize {
  readonly segments: number
  readonly bytesPerMs: number
}

export interface Film {
  readonly manifest: Manifest
  /** of each segment, the list of its pieces' */
  readonly hashes: readonly Uint8Array[]
}

/** One rendition of segments of two seconds, some longer in bytes than others. */
export function createFilm(random: Random, { segments, bytesPerMs }: FilmSize): Film {
  const hashes: Uint8Array[] = []
  const entries = Array.from({ length: segments }, (_, i) => {
    const sizeBytes = Math.round(bytesPerMs * SEGMENT_MS * (0.7 + randomBelow(random, 60) / 100))
    hashes.push(randomBytesFrom(random, pieceCountOf(sizeBytes) * PIECE_HASH_BYTES))
    return { uri: `${i}.m4s`, offsetBytes: 0, sizeBytes, durationMs: SEGMENT_MS, root: pieceRoot(hashes[i]!) }
  })
  const rendition = { name: 'only', codecs: '', playlist: '', pieces: 'only.pieces', segments: entries }
  const manifest: Manifest = {
    chainId: CHAIN_ID,
    publisher: addressOfSecretKey(randomBytesFrom(random, 32)),
    title: 'a film',
    entry: '0.m4s',
    renditions: [{ ...rendition, bandwidth: 8_000 * bytesPerMs }],
    piecePriceWei: PRICE_WEI,
    openingWei: 0n,
    licencePriceWei: 0n,
    origins: [],
    trackers: [],
    licence: '',
  }
  return { manifest, hashes }
}
