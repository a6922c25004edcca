// LevelDB, the embedded default: one folder, one process. A marker beside LevelDB's own files tells our folders from others.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError, shorten } from '@tan/primitives'
import { ClassicLevel } from 'classic-level'
import {
  assertKey,
  assertOperation,
  type KeyRange,
  type KeyValueEntry,
  type KeyValueStore,
  type WriteOperation,
  type WriteOptions,
} from '../key-value.ts'
import { LEVEL_BLOCK_CACHE_BYTES, LEVEL_WRITE_BUFFER_BYTES } from '../limits.ts'

const MARKER_FILE = 'TAN-STORE'
const MARKER = 'tan store 1\n'

/**
 * Throws `storage/missing` where there is no store and none may be created, `storage/foreign` for a folder or file of
 * something else, `storage/version`, `storage/locked` while another process has it, `storage/corrupt`, `storage/io`.
 */
export async function openLevelStore(folder: string, options: { readonly create: boolean }): Promise<KeyValueStore> {
  await prepareFolder(folder, options.create)
  const database = new ClassicLevel<Uint8Array, Uint8Array>(folder, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    // Most of what is stored are hashes, which do not compress.
    compression: false,
    writeBufferSize: LEVEL_WRITE_BUFFER_BYTES,
    cacheSize: LEVEL_BLOCK_CACHE_BYTES,
  })
  try {
    await database.open()
  } catch (error) {
    throw codedError(error, folder)
  }
  return new LevelStore(database)
}

async function prepareFolder(folder: string, create: boolean): Promise<void> {
  try {
    const files = await filesOf(folder)
    if (files.length === 0) {
      if (!create)
        throw new CodedError(
          'storage/missing',
          `there is no store in ${folder}: check the path, or initialise it first`,
        )
      await mkdir(folder, { recursive: true })
      await writeFile(join(folder, MARKER_FILE), MARKER)
    } else await checkFiles(folder, files)
  } catch (cause) {
    if (cause instanceof CodedError) throw cause
    throw new CodedError('storage/io', `cannot use ${folder} as a store: ${messageOf(cause)}`, { cause })
  }
}

async function filesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'ENOENT') return []
    if (code === 'ENOTDIR') throw new CodedError('storage/foreign', `${folder} is not a folder: a store needs one`)
    throw error
  }
}

async function checkFiles(folder: string, files: readonly string[]): Promise<void> {
  if (!files.includes(MARKER_FILE))
    throw new CodedError('storage/foreign', `${folder} holds other files and no store: choose an empty or a new folder`)
  const marker = await readFile(join(folder, MARKER_FILE), 'utf8')
  if (marker !== MARKER)
    throw new CodedError(
      'storage/version',
      `${folder} was written by another version (${shorten(marker.trim())}, not ${MARKER.trim()})`,
    )
  // LevelDB itself would start an empty database over the remains.
  if (!files.includes('CURRENT') && files.some(file => file.endsWith('.ldb') || file.startsWith('MANIFEST')))
    throw new CodedError(
      'storage/corrupt',
      `the store in ${folder} has lost its file CURRENT: restore it, or sync again`,
    )
}

class LevelStore implements KeyValueStore {
  readonly #database: ClassicLevel<Uint8Array, Uint8Array>

  constructor(database: ClassicLevel<Uint8Array, Uint8Array>) {
    this.#database = database
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    assertKey(key)
    return plain(await this.#attempt(() => this.#database.get(key)))
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    keys.forEach(assertKey)
    return (await this.#attempt(() => this.#database.getMany(keys as Uint8Array[]))).map(plain)
  }

  getSync(key: Uint8Array): Uint8Array | undefined {
    assertKey(key)
    try {
      return plain(this.#database.getSync(key))
    } catch (error) {
      throw codedError(error, this.#database.location)
    }
  }

  async write(operations: Iterable<WriteOperation>, { durable }: WriteOptions): Promise<void> {
    await this.#attempt(async () => {
      // A chained batch: half the time on this thread of an array of operations.
      const batch = this.#database.batch()
      try {
        for (const operation of operations) {
          assertOperation(operation)
          if (operation.type === 'put') batch.put(operation.key, operation.value)
          else batch.del(operation.key)
        }
        await batch.write({ sync: durable })
      } finally {
        await batch.close()
      }
    })
  }

  async *iterate({ from, to, reverse = false, limit = -1 }: KeyRange = {}): AsyncIterable<KeyValueEntry> {
    const bounds = { ...(from === undefined ? {} : { gte: from }), ...(to === undefined ? {} : { lt: to }) }
    const iterator = await this.#attempt(async () => this.#database.iterator({ ...bounds, reverse, limit }))
    try {
      for (;;) {
        const entry = await this.#attempt(() => iterator.next())
        if (entry === undefined) return
        yield [plain(entry[0]), plain(entry[1])]
      }
    } finally {
      await iterator.close()
    }
  }

  async close(): Promise<void> {
    await this.#attempt(() => this.#database.close())
  }

  async #attempt<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action()
    } catch (error) {
      throw codedError(error, this.#database.location)
    }
  }
}

/** LevelDB hands out Buffers, whose `slice` shares memory where a Uint8Array's copies. */
function plain<T extends Uint8Array | undefined>(bytes: T): T {
  return (bytes === undefined ? undefined : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)) as T
}

function codedError(error: unknown, folder: string): unknown {
  const { code: ownCode, cause } = error as { code?: string; cause?: { code?: string } }
  const code = cause?.code ?? ownCode ?? ''
  if (!code.startsWith('LEVEL_')) return error
  const why = messageOf(cause ?? error)
  if (code === 'LEVEL_LOCKED')
    return new CodedError('storage/locked', `the store in ${folder} is in use by another process: stop that first`, {
      cause: error,
    })
  // A file of its own that LevelDB does not find is as bad as one that it cannot read.
  if (code === 'LEVEL_CORRUPTION' || why.includes('No such file'))
    return new CodedError('storage/corrupt', `the store in ${folder} is damaged (${why}): restore it, or sync again`, {
      cause: error,
    })
  if (code.endsWith('_NOT_OPEN'))
    return new CodedError('storage/closed', 'the store is closed: open it again', { cause: error })
  return new CodedError('storage/io', `the store in ${folder} failed: ${why}`, { cause: error })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
