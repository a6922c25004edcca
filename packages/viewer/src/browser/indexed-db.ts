// Records that must survive, in IndexedDB: encrypted with a key that the browser keeps and no page can read out, so that
// a copy of the profile's files alone gives nobody the session key. Written through to disk before they count.

import type { DurableStore } from '@tan/peer'
import { CodedError, utf8ToBytes } from '@tan/primitives'

const RECORDS = 'records'
const KEYS = 'keys'
const KEY_NAME = 'encryption'

interface Sealed {
  readonly iv: Uint8Array<ArrayBuffer>
  readonly data: ArrayBuffer
}

export interface IndexedDbStore extends DurableStore {
  close(): void
}

/** Throws `session/storage` where the browser does not allow it: private windows, pages that are not served securely. */
export async function openIndexedDb(name: string): Promise<IndexedDbStore> {
  try {
    const database = await openDatabase(name)
    return new EncryptedStore(database, await encryptionKey(database))
  } catch (cause) {
    throw new CodedError('session/storage', 'this browser does not let the page keep its session', { cause })
  }
}

class EncryptedStore implements IndexedDbStore {
  readonly #database: IDBDatabase
  readonly #key: CryptoKey

  constructor(database: IDBDatabase, key: CryptoKey) {
    this.#database = database
    this.#key = key
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const transaction = this.#database.transaction(RECORDS, 'readonly')
    const sealed: Sealed | undefined = await answerOf(transaction.objectStore(RECORDS).get(key))
    return sealed === undefined ? undefined : this.#unseal(key, sealed)
  }

  async put(...entries: readonly (readonly [key: string, value: Uint8Array])[]): Promise<void> {
    const sealed = await Promise.all(entries.map(async ([key, value]) => [key, await this.#seal(key, value)] as const))
    const transaction = this.#database.transaction(RECORDS, 'readwrite', { durability: 'strict' })
    const store = transaction.objectStore(RECORDS)
    for (const [key, value] of sealed) store.put(value, key)
    await endOf(transaction)
  }

  async delete(key: string): Promise<void> {
    const transaction = this.#database.transaction(RECORDS, 'readwrite', { durability: 'strict' })
    transaction.objectStore(RECORDS).delete(key)
    await endOf(transaction)
  }

  async list(prefix: string): Promise<readonly (readonly [key: string, value: Uint8Array])[]> {
    const store = this.#database.transaction(RECORDS, 'readonly').objectStore(RECORDS)
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`)
    const [keys, values]: [IDBValidKey[], Sealed[]] = await Promise.all([
      answerOf(store.getAllKeys(range)),
      answerOf(store.getAll(range)),
    ])
    return Promise.all(keys.map(async (key, i) => [String(key), await this.#unseal(String(key), values[i]!)] as const))
  }

  close(): void {
    this.#database.close()
  }

  /** The name of a record is sealed with it: none can pass for another. */
  async #seal(name: string, value: Uint8Array): Promise<Sealed> {
    const iv = crypto.getRandomValues(new Uint8Array(12))
    const data = await crypto.subtle.encrypt(algorithm(name, iv), this.#key, value as Uint8Array<ArrayBuffer>)
    return { iv, data }
  }

  async #unseal(name: string, { iv, data }: Sealed): Promise<Uint8Array> {
    try {
      return new Uint8Array(await crypto.subtle.decrypt(algorithm(name, iv), this.#key, data))
    } catch (cause) {
      throw new CodedError('session/damaged', `the record ${name} of this session cannot be read any more`, { cause })
    }
  }
}

function algorithm(name: string, iv: Uint8Array<ArrayBuffer>): AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: utf8ToBytes(name) as Uint8Array<ArrayBuffer> }
}

async function encryptionKey(database: IDBDatabase): Promise<CryptoKey> {
  const known: CryptoKey | undefined = await answerOf(
    database.transaction(KEYS, 'readonly').objectStore(KEYS).get(KEY_NAME),
  )
  if (known !== undefined) return known
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
  const transaction = database.transaction(KEYS, 'readwrite', { durability: 'strict' })
  transaction.objectStore(KEYS).put(key, KEY_NAME)
  await endOf(transaction)
  return key
}

function openDatabase(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1)
  request.onupgradeneeded = () => {
    request.result.createObjectStore(RECORDS)
    request.result.createObjectStore(KEYS)
  }
  return answerOf(request)
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

/** Resolves when all of it is on disk. */
function endOf(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onerror = () => reject(transaction.error)
    transaction.onabort = () => reject(transaction.error)
  })
}
