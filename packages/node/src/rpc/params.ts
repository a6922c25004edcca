// Reads the parameters of JSON-RPC methods. Each reader checks one form and names the parameter that is wrong.
import { type Address, fromHex, type Hash, type Hex, isHex, shorten } from '@tan/primitives'
import { limits } from '@tan/protocol'
import { invalidParams } from './errors.ts'

export type Params = readonly unknown[]

/** A block by name, height or hash (EIP-1898). */
export type BlockTag =
  | { readonly type: 'name'; readonly name: 'latest' | 'safe' | 'finalized' | 'earliest' }
  | { readonly type: 'height'; readonly height: number }
  | { readonly type: 'hash'; readonly hash: Hash }

export function readAddress(value: unknown, name: string): Address {
  if (!isHex(value, 20))
    throw invalidParams(`${name}: an address is 0x and 40 hexadecimal digits, not ${shorten(value)}`)
  return value.toLowerCase() as Address
}

export function readHash(value: unknown, name: string): Hash {
  if (!isHex(value, 32)) throw invalidParams(`${name}: a hash is 0x and 64 hexadecimal digits, not ${shorten(value)}`)
  return value.toLowerCase() as Hash
}

export function readData(
  value: unknown,
  name: string,
  sizeMaxBytes: number = limits.TRANSACTION_MAX_BYTES,
): Uint8Array {
  if (!isHex(value)) throw invalidParams(`${name}: data is 0x and whole hexadecimal bytes, not ${shorten(value)}`)
  if (value.length > 2 + 2 * sizeMaxBytes) throw invalidParams(`${name}: more than ${sizeMaxBytes} bytes`)
  return fromHex(value)
}

export function readQuantity(value: unknown, name: string): bigint {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{1,64}$/.test(value))
    throw invalidParams(`${name}: a quantity is 0x and hexadecimal digits, not ${shorten(value)}`)
  return BigInt(value)
}

export function readNumber(value: unknown, name: string, most = Number.MAX_SAFE_INTEGER): number {
  const quantity =
    typeof value === 'number' && Number.isInteger(value) && value >= 0 ? BigInt(value) : readQuantity(value, name)
  if (quantity > BigInt(most)) throw invalidParams(`${name}: ${quantity} is above ${most}`)
  return Number(quantity)
}

/** A slot: a 32-byte hash, or a quantity. */
export function readSlot(value: unknown, name: string): Hash {
  if (isHex(value, 32)) return value.toLowerCase() as Hash
  return `0x${readQuantity(value, name).toString(16).padStart(64, '0')}`
}

export function readBoolean(value: unknown, name: string, standard: boolean): boolean {
  if (value === undefined || value === null) return standard
  if (typeof value !== 'boolean') throw invalidParams(`${name}: true or false, not ${shorten(value)}`)
  return value
}

export function readObject(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidParams(`${name}: must be an object`)
  return value as Record<string, unknown>
}

export function readList(value: unknown, name: string, most: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most) throw invalidParams(`${name}: must be a list of at most ${most}`)
  return value
}

export function readBlockTag(value: unknown, name = 'block'): BlockTag {
  if (value === undefined || value === null || value === 'pending') return { type: 'name', name: 'latest' }
  if (value === 'latest' || value === 'safe' || value === 'finalized' || value === 'earliest')
    return { type: 'name', name: value }
  if (isHex(value, 32)) return { type: 'hash', hash: value.toLowerCase() as Hash }
  if (typeof value === 'string') return { type: 'height', height: readNumber(value, name) }
  const object = readObject(value, name)
  if (object.blockHash !== undefined) return { type: 'hash', hash: readHash(object.blockHash, `${name}.blockHash`) }
  return { type: 'height', height: readNumber(object.blockNumber, `${name}.blockNumber`) }
}

/** One address or topic, several of which one must match, or anything. */
export function readFilterItem(value: unknown, name: string, sizeBytes: 20 | 32): readonly Hex[] | undefined {
  if (value === undefined || value === null) return undefined
  const read = sizeBytes === 20 ? readAddress : readHash
  return Array.isArray(value) ? readList(value, name, 1_000).map(item => read(item, name)) : [read(value, name)]
}
