import { createCatalog } from '@tan/delivery'
import { addressOfSecretKey, concatBytes } from '@tan/primitives'
import { hashPieces, PIECE_SIZE_BYTES, pieceRoot, signManifest } from '@tan/protocol'
import { expect, it } from 'vitest'
import type { HttpGet } from '../ports.ts'
import { Origin } from './origin.ts'

const film = new Uint8Array(2 * PIECE_SIZE_BYTES + 500).map((_, i) => i * 7)
const hashes = hashPieces(film)
const secretKey = new Uint8Array(32).fill(3)
const catalog = createCatalog(
  signManifest(
    {
      chainId: 1,
      publisher: addressOfSecretKey(secretKey),
      title: 'film',
      entry: 'film',
      renditions: [
        {
          name: 'film',
          bandwidth: 0,
          codecs: '',
          playlist: '',
          pieces: 'film.pieces',
          segments: [{ uri: 'film', offsetBytes: 0, sizeBytes: film.length, durationMs: 0, root: pieceRoot(hashes) }],
        },
      ],
      piecePriceWei: 0n,
      openingWei: 0n,
      licencePriceWei: 0n,
      origins: [],
      trackers: [],
      licence: '',
    },
    secretKey,
  ),
)
const { signal } = new AbortController()

/** Answers by folder; notes whom it asked. */
function originOf(answers: Readonly<Record<string, () => ReturnType<HttpGet>>>) {
  const asked: string[] = []
  const origin = new Origin({
    catalog,
    folders: Object.keys(answers),
    get: url => {
      const folder = Object.keys(answers).find(name => url.startsWith(name))!
      asked.push(folder)
      return answers[folder]!()
    },
    timers: { after: () => () => {} },
    client: 'viewer',
  })
  return { origin, asked }
}

const answer = (status: number, ...chunks: Uint8Array[]) =>
  Promise.resolve({
    status,
    body: (async function* () {
      yield* chunks
    })(),
  })

async function fetchAll(origin: Origin): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  const range = { rendition: 0, segment: 0, firstPiece: 0, pieceCount: 3 }
  await origin.fetchPieces(range, signal, (_, bytes) => pieces.push(bytes))
  return concatBytes(...pieces)
}

it.each([
  ['does not answer', () => Promise.reject(new Error('down')), 'origin/unreachable'],
  ['has no such file', () => answer(404), 'origin/status'],
  ['ends early', () => answer(206, film.subarray(0, 100)), 'origin/short'],
])('leaves an origin that %s for the next one', async (_, first, code) => {
  const { origin, asked } = originOf({ 'http://a/': first, 'http://b/': () => answer(206, film) })
  await expect(fetchAll(origin)).rejects.toMatchObject({ code })
  expect(await fetchAll(origin)).toEqual(film)
  expect(asked).toEqual(['http://a/', 'http://b/'])
})

it('leaves one that is told to have sent what is wrong', async () => {
  const { origin, asked } = originOf({
    'http://a/': () => answer(206, film),
    'http://b/': () => answer(206, film),
  })
  const { current } = origin
  await fetchAll(origin)
  // two answers of the same one
  origin.leave(current)
  origin.leave(current)
  await fetchAll(origin)
  expect(asked).toEqual(['http://a/', 'http://b/'])
})

it('stays with one that works, whether it sends the range or the whole file', async () => {
  const { origin, asked } = originOf({ 'http://a/': () => answer(200, film), 'http://b/': () => answer(500) })
  expect(await fetchAll(origin)).toEqual(film)
  expect(await fetchAll(origin)).toEqual(film)
  expect(asked).toEqual(['http://a/', 'http://a/'])
})
