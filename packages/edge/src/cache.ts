// The disk cache of an edge: pieces in files named by their hash, and for each whole segment the list of its hashes, named
// by its root. What a file must hold follows from its name, so that nothing has to be trusted after a crash: lists are
// checked when the cache opens, pieces when they are first read. A budget of bytes; what was used least and longest ago
// goes first.

import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, CodedError, equalBytes, type Hash, type Logger, sha256, toHex } from '@tan/primitives'
import { PIECE_HASH_BYTES, pieceRoot } from '@tan/protocol'
import { LOOSE_MAX_BYTES, USE_WORTH_MS, USES_MAX } from './limits.ts'

export interface CacheOptions {
  readonly folder: string
  readonly maxBytes: number
  readonly clock: Clock
  readonly logger: Logger
  /** the segment with this root is no longer whole */
  readonly onDropped: (root: Hash) => void
}

interface Entry {
  readonly root: Hash
  readonly hashes: Uint8Array
  readonly sizeBytes: number
  usedMs: number
  uses: number
}

export class PieceCache {
  readonly #options: CacheOptions
  readonly #entries = new Map<Hash, Entry>()
  /** segments that need each piece: equal pieces are kept once */
  readonly #users = new Map<Hash, number>()
  /** written or checked by this process */
  readonly #trusted = new Set<Hash>()
  /** not yet on disk */
  readonly #writing = new Map<Hash, { readonly bytes: Uint8Array; readonly done: Promise<void> }>()
  /** not yet gone from disk, by path: what is written there again waits for it */
  readonly #removing = new Map<string, Promise<void>>()
  /** pieces of segments that are not whole yet: their sizes, the oldest first */
  readonly #loose = new Map<Hash, number>()
  #looseBytes = 0
  #sizeBytes = 0
  #nextTemporary = 1

  private constructor(options: CacheOptions) {
    this.#options = options
  }

  /** Throws `edge/cache` where the folder cannot be used. */
  static async open(options: CacheOptions): Promise<PieceCache> {
    const cache = new PieceCache(options)
    try {
      await cache.#load()
    } catch (cause) {
      throw new CodedError('edge/cache', `the cache in ${options.folder} cannot be used`, { cause })
    }
    return cache
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  get segments(): number {
    return this.#entries.size
  }

  get maxBytes(): number {
    return this.#options.maxBytes
  }

  /** The hashes of a segment that is whole. */
  hashesOf(root: Hash): Uint8Array | undefined {
    return this.#entries.get(root)?.hashes
  }

  /** Before its segment is whole. Beyond what may be loose, the oldest go: nothing shows yet that they belong to anything. */
  keep(hash: Uint8Array, bytes: Uint8Array): void {
    const name = toHex(hash)
    if (this.#trusted.has(name)) return
    this.#trusted.add(name)
    this.#loose.set(name, bytes.length)
    this.#looseBytes += bytes.length
    for (const oldest of this.#loose.keys()) {
      if (this.#looseBytes <= LOOSE_MAX_BYTES) break
      this.#untie(oldest)
      this.#trusted.delete(oldest)
      this.#removeLater(oldest)
    }
    const done = this.#write(this.#pieceFile(name), bytes)
      .catch((error: unknown) => {
        this.#trusted.delete(name)
        this.#options.logger.error('a piece cannot be written to the cache', { error: String(error) })
      })
      .finally(() => {
        if (this.#writing.get(name)?.done === done) this.#writing.delete(name)
      })
    this.#writing.set(name, { bytes, done })
  }

  /** All pieces of a segment were kept. */
  async complete(root: Hash, hashes: Uint8Array, sizeBytes: number): Promise<void> {
    if (this.#entries.has(root)) return
    this.#add({ root, hashes, sizeBytes, usedMs: this.#options.clock.nowMs(), uses: 0 })
    await this.#makeRoom(root)
    for (const name of namesOf(hashes)) await this.#writing.get(name)?.done
    // The list comes last: where there is one, there are its pieces.
    if (this.#entries.has(root)) await this.#write(this.#listFile(root), hashes)
  }

  /** Undefined where it is gone, or is not what its name says: then its segments are dropped. */
  async read(root: Hash, piece: number): Promise<Uint8Array | undefined> {
    const entry = this.#entries.get(root)
    if (entry === undefined) return undefined
    if (piece === 0) entry.uses = Math.min(USES_MAX, entry.uses + 1)
    entry.usedMs = this.#options.clock.nowMs()
    const hash = entry.hashes.subarray(piece * PIECE_HASH_BYTES, (piece + 1) * PIECE_HASH_BYTES)
    const name = toHex(hash)
    const waiting = this.#writing.get(name)
    if (waiting !== undefined) return waiting.bytes
    const bytes = await readFile(this.#pieceFile(name)).catch(() => undefined)
    if (bytes !== undefined && (this.#trusted.has(name) || equalBytes(sha256(bytes), hash))) {
      if (this.#entries.get(root) === entry) this.#trusted.add(name)
      return bytes
    }
    this.#options.logger.warn('a piece in the cache is damaged or gone', { piece: name })
    if (this.#entries.get(root) === entry) await this.drop(root)
    return undefined
  }

  /** Forgets the segment at once; resolves when its files are gone. */
  async drop(root: Hash): Promise<void> {
    const entry = this.#entries.get(root)
    if (entry === undefined) return
    this.#entries.delete(root)
    this.#sizeBytes -= entry.sizeBytes
    const removals = [this.#remove(this.#listFile(root))]
    for (const name of namesOf(entry.hashes)) {
      const users = (this.#users.get(name) ?? 1) - 1
      if (users > 0) {
        this.#users.set(name, users)
        continue
      }
      this.#users.delete(name)
      this.#trusted.delete(name)
      removals.push(this.#remove(this.#pieceFile(name), this.#writing.get(name)?.done))
    }
    this.#options.onDropped(root)
    await Promise.all(removals)
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await Promise.all([...this.#writing.values()].map(({ done }) => done))
    await Promise.all(this.#removing.values())
  }

  #add(entry: Entry): void {
    this.#entries.set(entry.root, entry)
    this.#sizeBytes += entry.sizeBytes
    for (const name of namesOf(entry.hashes)) {
      this.#users.set(name, (this.#users.get(name) ?? 0) + 1)
      this.#untie(name)
    }
  }

  /** No longer loose: it belongs to a segment, or goes. */
  #untie(name: Hash): void {
    this.#looseBytes -= this.#loose.get(name) ?? 0
    this.#loose.delete(name)
  }

  #removeLater(name: Hash): void {
    this.#remove(this.#pieceFile(name), this.#writing.get(name)?.done).catch((error: unknown) =>
      this.#options.logger.error('a piece cannot be removed from the cache', { error: String(error) }),
    )
  }

  async #makeRoom(except: Hash): Promise<void> {
    while (this.#sizeBytes > this.#options.maxBytes) {
      let worst: Entry | undefined
      for (const entry of this.#entries.values())
        if (entry.root !== except && (worst === undefined || worthOf(entry) < worthOf(worst))) worst = entry
      if (worst === undefined) return
      await this.drop(worst.root)
    }
  }

  // ------------------------------------------------------------------------------------------------ files

  async #load(): Promise<void> {
    const { folder } = this.#options
    await mkdir(join(folder, 'lists'), { recursive: true })
    await mkdir(join(folder, 'pieces'), { recursive: true })
    const sizes = await this.#scanPieces()
    for (const file of await readdir(join(folder, 'lists'))) await this.#loadList(file, sizes)
    for (const name of sizes.keys()) if (!this.#users.has(name)) await rm(this.#pieceFile(name), { force: true })
  }

  /** Sizes of the piece files, by name. What was being written when the last run ended is removed. */
  async #scanPieces(): Promise<Map<Hash, number>> {
    const sizes = new Map<Hash, number>()
    const root = join(this.#options.folder, 'pieces')
    for (const shard of await readdir(root))
      for (const file of await readdir(join(root, shard))) {
        const path = join(root, shard, file)
        if (/^[0-9a-f]{64}$/.test(file)) sizes.set(`0x${file}`, (await stat(path)).size)
        else await rm(path, { force: true })
      }
    return sizes
  }

  async #loadList(file: string, sizes: ReadonlyMap<Hash, number>): Promise<void> {
    const path = join(this.#options.folder, 'lists', file)
    const hashes = new Uint8Array(await readFile(path))
    const isList = hashes.length > 0 && hashes.length % PIECE_HASH_BYTES === 0
    const root: Hash = `0x${file}`
    const pieces = isList ? namesOf(hashes).map(name => sizes.get(name)) : [undefined]
    if (!isList || pieces.includes(undefined) || pieceRoot(hashes) !== root) {
      await rm(path, { force: true })
      return
    }
    const sizeBytes = pieces.reduce<number>((sum, size) => sum + size!, 0)
    this.#add({ root, hashes, sizeBytes, usedMs: (await stat(path)).mtimeMs, uses: 0 })
  }

  async #remove(path: string, written?: Promise<void>): Promise<void> {
    const before = this.#removing.get(path)
    const removal = Promise.all([before, written])
      .then(() => rm(path, { force: true }))
      .finally(() => {
        if (this.#removing.get(path) === removal) this.#removing.delete(path)
      })
    this.#removing.set(path, removal)
    await removal
  }

  async #write(path: string, bytes: Uint8Array): Promise<void> {
    await this.#removing.get(path)
    const temporary = `${path}.${this.#nextTemporary++}.new`
    try {
      await writeFile(temporary, bytes)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      await mkdir(join(path, '..'), { recursive: true })
      await writeFile(temporary, bytes)
    }
    await rename(temporary, path)
  }

  #pieceFile(name: Hash): string {
    return join(this.#options.folder, 'pieces', name.slice(2, 4), name.slice(2))
  }

  #listFile(root: Hash): string {
    return join(this.#options.folder, 'lists', root.slice(2))
  }
}

/** Lower goes first. */
function worthOf({ usedMs, uses }: Entry): number {
  return usedMs + uses * USE_WORTH_MS
}

function namesOf(hashes: Uint8Array): Hash[] {
  const names: Hash[] = []
  for (let at = 0; at < hashes.length; at += PIECE_HASH_BYTES)
    names.push(toHex(hashes.subarray(at, at + PIECE_HASH_BYTES)))
  return names
}
