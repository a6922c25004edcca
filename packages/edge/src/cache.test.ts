import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  concatBytes,
  createSeededRandom,
  type Hash,
  randomBelow,
  randomBytesFrom,
  sha256,
  silentLogger,
} from '@tan/primitives'
import { hashPieces, PIECE_HASH_BYTES, PIECE_SIZE_BYTES, pieceRoot } from '@tan/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PieceCache } from './cache.ts'
import { LOOSE_MAX_BYTES } from './limits.ts'

const random = createSeededRandom(6)
let folder: string
let nowMs: number
let dropped: Hash[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tan-cache-'))
  nowMs = 1_000_000
  dropped = []
})
afterEach(() => rmSync(folder, { recursive: true }))

function openCache(maxBytes = 10_000_000): Promise<PieceCache> {
  const clock = { nowMs: () => nowMs }
  return PieceCache.open({ folder, maxBytes, clock, logger: silentLogger, onDropped: root => dropped.push(root) })
}

function segmentOf(...pieces: Uint8Array[]) {
  const bytes = concatBytes(...pieces)
  const hashes = hashPieces(bytes)
  return { bytes, hashes, root: pieceRoot(hashes), count: hashes.length / PIECE_HASH_BYTES }
}

const piece = () => randomBytesFrom(random, PIECE_SIZE_BYTES)
const fresh = () => segmentOf(piece(), randomBytesFrom(random, 1 + randomBelow(random, 5_000)))

async function store(cache: PieceCache, { bytes, hashes, root, count }: ReturnType<typeof segmentOf>): Promise<void> {
  for (let i = 0; i < count; i++) {
    const hash = hashes.subarray(i * PIECE_HASH_BYTES, (i + 1) * PIECE_HASH_BYTES)
    cache.keep(hash, bytes.slice(i * PIECE_SIZE_BYTES, (i + 1) * PIECE_SIZE_BYTES))
  }
  await cache.complete(root, hashes, bytes.length)
}

async function readAll(cache: PieceCache, { root, count }: ReturnType<typeof segmentOf>) {
  const pieces = await Promise.all(Array.from({ length: count }, (_, i) => cache.read(root, i)))
  return pieces.includes(undefined) ? undefined : concatBytes(...(pieces as Uint8Array[]))
}

const files = (): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))

describe('a cache', () => {
  it('gives back what it was given, at once and after any number of starts', async () => {
    const segments = Array.from({ length: 5 }, fresh)
    const cache = await openCache()
    for (const segment of segments) await store(cache, segment)
    for (const segment of segments) expect(await readAll(cache, segment)).toEqual(segment.bytes)
    await cache.close()
    const again = await openCache()
    expect(again.segments).toBe(5)
    expect(again.sizeBytes).toBe(segments.reduce((sum, { bytes }) => sum + bytes.length, 0))
    for (const segment of segments) {
      expect(again.hashesOf(segment.root)).toEqual(segment.hashes)
      expect(await readAll(again, segment)).toEqual(segment.bytes)
    }
    expect(dropped).toEqual([])
  })

  it('survives a kill at any moment: a segment is whole, or not there', async () => {
    const [whole, half] = [fresh(), fresh()]
    const cache = await openCache()
    await store(cache, whole)
    // killed after the first piece of the second segment, in the middle of writing the next one
    cache.keep(half.hashes.subarray(0, PIECE_HASH_BYTES), half.bytes.slice(0, PIECE_SIZE_BYTES))
    await cache.close()
    const shard = files().find(path => path.includes('pieces'))!
    writeFileSync(`${shard}.7.new`, 'half of a piece')
    writeFileSync(join(folder, 'lists', `${'ab'.repeat(32)}.3.new`), 'half of a list')
    const again = await openCache()
    expect(again.segments).toBe(1)
    expect(await readAll(again, whole)).toEqual(whole.bytes)
    expect(files()).toHaveLength(whole.count + 1)
  })

  it('finds damage before it gives anything out', async () => {
    const [kept, torn, cut, renamed] = [fresh(), fresh(), fresh(), fresh()]
    const cache = await openCache()
    for (const segment of [kept, torn, cut, renamed]) await store(cache, segment)
    await cache.close()
    const fileOf = ({ hashes }: ReturnType<typeof segmentOf>) =>
      files().find(path => path.endsWith(Buffer.from(hashes.subarray(0, 32)).toString('hex')))!
    writeFileSync(fileOf(torn), randomBytesFrom(random, PIECE_SIZE_BYTES))
    truncateSync(fileOf(cut), 100)
    const list = files().find(path => path.includes('lists') && path.endsWith(renamed.root.slice(2)))!
    writeFileSync(list, kept.hashes)
    const again = await openCache()
    expect(again.hashesOf(renamed.root)).toBeUndefined()
    expect(await readAll(again, kept)).toEqual(kept.bytes)
    expect(await readAll(again, torn)).toBeUndefined()
    expect(await readAll(again, cut)).toBeUndefined()
    expect(dropped.sort()).toEqual([torn.root, cut.root].sort())
  })

  it('keeps to its budget, and lets go of what was used least and longest ago', async () => {
    const segments = Array.from({ length: 6 }, fresh)
    const cache = await openCache(4.5 * (PIECE_SIZE_BYTES + 2_500))
    const often = segments[0]!
    for (const segment of segments) {
      await store(cache, segment)
      nowMs += 60_000
      await readAll(cache, often)
      expect(cache.sizeBytes).toBeLessThanOrEqual(cache.maxBytes)
    }
    await cache.close()
    expect(dropped).toEqual(segments.slice(1, 1 + dropped.length).map(({ root }) => root))
    expect(await readAll(cache, often)).toEqual(often.bytes)
    const onDisk = files().reduce((sum, path) => sum + (path.includes('pieces') ? statSync(path).size : 0), 0)
    expect(onDisk).toBe(cache.sizeBytes)
  })

  it('keeps equal pieces once, until the last segment that has them goes', async () => {
    const shared = piece()
    const [one, two] = [segmentOf(shared, piece()), segmentOf(shared, piece())]
    const cache = await openCache()
    await store(cache, one)
    await store(cache, two)
    await cache.close()
    expect(files().filter(path => path.includes('pieces'))).toHaveLength(3)
    await cache.drop(one.root)
    expect(await readAll(cache, two)).toEqual(two.bytes)
    await cache.drop(two.root)
    expect(files()).toEqual([])
  })

  it('bounds what is loose on disk, and keeps what became whole', async () => {
    const cache = await openCache()
    const whole = fresh()
    await store(cache, whole)
    const count = Math.ceil(LOOSE_MAX_BYTES / PIECE_SIZE_BYTES)
    for (let i = 0; i < count + 40; i++) {
      const bytes = new Uint8Array(PIECE_SIZE_BYTES)
      new DataView(bytes.buffer).setUint32(0, i)
      cache.keep(sha256(bytes), bytes)
      if (i % 64 === 0) await cache.close()
    }
    await cache.close()
    const onDisk = files().reduce((sum, file) => sum + statSync(file).size, 0)
    expect(onDisk).toBeLessThan(LOOSE_MAX_BYTES + 10 * PIECE_SIZE_BYTES)
    expect(await readAll(cache, whole)).toEqual(whole.bytes)
  })
})
