// A film of equal pieces that its publisher signed, and an origin that serves it from memory.
import { createCatalog } from '@tan/delivery'
import { addressOfSecretKey, createSeededRandom, randomBytesFrom, utf8ToBytes } from '@tan/primitives'
import {
  hashPieces,
  type Manifest,
  manifestToJson,
  PIECE_SIZE_BYTES,
  pieceRoot,
  type SignedManifest,
  signManifest,
} from '@tan/protocol'
import type { HttpGet } from '../ports.ts'

export const ORIGIN_URL = 'http://origin.example/film/'
export const MANIFEST_URL = `${ORIGIN_URL}film.tan.json`

export interface Film {
  readonly manifest: SignedManifest
  readonly catalog: ReturnType<typeof createCatalog>
  /** of its one segment */
  readonly bytes: Uint8Array
  readonly hashes: Uint8Array
  /** answers for the manifest, the film and the hashes of its pieces */
  readonly get: HttpGet
}

export function createFilm(given: Partial<Manifest> = {}, pieces = 40): Film {
  const random = createSeededRandom(7)
  const secretKey = randomBytesFrom(random, 32)
  const bytes = new Uint8Array(pieces * PIECE_SIZE_BYTES)
  // Each piece differs from the others.
  for (let i = 0; i < pieces; i++) bytes[i * PIECE_SIZE_BYTES] = i + 1
  const hashes = hashPieces(bytes)
  const manifest = signManifest(
    {
      chainId: 5,
      publisher: addressOfSecretKey(secretKey),
      title: 'a film',
      entry: '0.m4s',
      renditions: [
        {
          name: 'only',
          bandwidth: 1,
          codecs: '',
          playlist: '',
          pieces: 'only.pieces',
          segments: [
            { uri: '0.m4s', offsetBytes: 0, sizeBytes: bytes.length, durationMs: 4_000, root: pieceRoot(hashes) },
          ],
        },
      ],
      piecePriceWei: 10n,
      openingWei: 0n,
      licencePriceWei: 0n,
      origins: [],
      trackers: [],
      licence: '',
      ...given,
    },
    secretKey,
  )
  const files: Readonly<Record<string, Uint8Array>> = {
    'film.tan.json': utf8ToBytes(manifestToJson(manifest)),
    '0.m4s': bytes,
    'only.pieces': hashes,
  }
  return { manifest, catalog: createCatalog(manifest), bytes, hashes, get: serve(files) }
}

function serve(files: Readonly<Record<string, Uint8Array>>): HttpGet {
  return async (url, { range }) => {
    const file = files[new URL(url).pathname.split('/').at(-1)!]
    if (file === undefined) return { status: 404, body: inChunks(new Uint8Array(0)) }
    if (range === undefined) return { status: 200, body: inChunks(file) }
    return { status: 206, body: inChunks(file.subarray(range[0], range[1] + 1)) }
  }
}

async function* inChunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 50_000) yield bytes.slice(at, at + 50_000)
}
