// The kinds of parameters that JSON-RPC methods take: what each accepts, and what it says where something else comes. A
// method declares its parameters once (method.ts); the server reads them before the method runs.
import type { CallRequest } from '@tan/ledger'
import { type Address, equalBytes, fromHex, type Hash, type Hex, isHex, shorten } from '@tan/primitives'
import { type AccessListEntry, limits } from '@tan/protocol'
import { RPC_ACCESS_LIST_MAX, RPC_CALL_GAS_MAX, RPC_FILTER_ALTERNATIVES_MAX, RPC_PERCENTILES_MAX } from '../limits.ts'
import { INVALID_PARAMS, RpcError } from './errors.ts'

/** Which parameter is read: its number, from 0, and its name, or that of a part of it. */
export interface Place {
  readonly index: number
  readonly name: string
}

export interface Kind<T> {
  /** what it accepts, in words: for error messages */
  readonly expects: string
  /** Throws an RpcError that names the place and what was expected. */
  read(value: unknown, at: Place): T
}

export function misfit({ index, name }: Place, expected: string, given: string): RpcError {
  return new RpcError(INVALID_PARAMS, `parameter ${index} (${name}): expected ${expected}, ${given}`, {
    index,
    name,
    expected,
  })
}

function wrong(at: Place, expected: string, value: unknown): RpcError {
  return misfit(at, expected, value === undefined ? 'and it is missing' : `not ${shorten(value)}`)
}

/** A kind of whatever `parse` does not answer with undefined. */
function kind<T>(expects: string, parse: (value: unknown) => T | undefined): Kind<T> {
  return {
    expects,
    read(value, at) {
      const parsed = parse(value)
      if (parsed === undefined) throw wrong(at, expects, value)
      return parsed
    },
  }
}

// -------------------------------------------------------------------------------------------------- single values

export const address: Kind<Address> = kind('an address of 0x and 40 hexadecimal digits', value =>
  isHex(value, 20) ? (value.toLowerCase() as Address) : undefined,
)

export const hash: Kind<Hash> = kind('a hash of 0x and 64 hexadecimal digits', value =>
  isHex(value, 32) ? (value.toLowerCase() as Hash) : undefined,
)

/** As tools send it: a number or 32 bytes, with as many leading zeros as they like. */
export const slot: Kind<Hash> = kind('a slot of 0x and 1 to 64 hexadecimal digits', value =>
  isDigits(value) ? (`0x${value.slice(2).toLowerCase().padStart(64, '0')}` as Hash) : undefined,
)

/** The same with the form in which it came, which proofs answer with. */
export const slotAsGiven: Kind<{ readonly slot: Hash; readonly given: string }> = {
  expects: slot.expects,
  read: (value, at) => ({ slot: slot.read(value, at), given: value as string }),
}

export const quantity: Kind<bigint> = kind('a quantity of 0x and 1 to 64 hexadecimal digits', value =>
  isDigits(value) ? BigInt(value) : undefined,
)

export const boolean: Kind<boolean> = kind('true or false', value => (typeof value === 'boolean' ? value : undefined))

export const text: Kind<string> = kind('a string', value => (typeof value === 'string' ? value : undefined))

/** A quantity, or a JSON number, up to `max`. */
export function integer(max: number = Number.MAX_SAFE_INTEGER): Kind<number> {
  return kind(`a whole number up to ${max}, as a quantity or a JSON number`, value => {
    const number = isDigits(value) ? BigInt(value) : isNatural(value) ? BigInt(value) : undefined
    return number === undefined || number > BigInt(max) ? undefined : Number(number)
  })
}

export function data(maxBytes: number = limits.TRANSACTION_MAX_BYTES): Kind<Uint8Array> {
  return kind(`0x and up to ${maxBytes} bytes as pairs of hexadecimal digits`, value =>
    isHex(value) && value.length <= 2 + 2 * maxBytes ? fromHex(value) : undefined,
  )
}

export function oneOf<const T extends string>(...names: readonly T[]): Kind<T> {
  return kind(names.join(', '), value => names.find(name => name === value))
}

export function list<T>(of: Kind<T>, max: number): Kind<readonly T[]> {
  const expects = `a list of at most ${max}`
  return {
    expects: `${expects}, each ${of.expects}`,
    read(value, at) {
      if (!Array.isArray(value) || value.length > max)
        throw Array.isArray(value) ? misfit(at, expects, `not ${value.length}`) : wrong(at, expects, value)
      return value.map((item, i) => of.read(item, { ...at, name: `${at.name}[${i}]` }))
    },
  }
}

/** What this node does not have. To ignore it would be to answer another question. */
export function absent(what: string): Kind<undefined> {
  const expects = `nothing: this node does not have ${what}`
  return {
    expects,
    read(value, at) {
      throw wrong(at, expects, value)
    },
  }
}

function isDigits(value: unknown): value is string {
  return typeof value === 'string' && /^0x[0-9a-fA-F]{1,64}$/.test(value)
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

// -------------------------------------------------------------------------------------------------- blocks

/** A block by name, height or hash (EIP-1898). `pending` is the head, with what waits in the mempool where a method says so. */
export type BlockTag =
  | { readonly type: 'name'; readonly name: 'latest' | 'safe' | 'finalized' | 'earliest' | 'pending' }
  | { readonly type: 'height'; readonly height: number }
  | { readonly type: 'hash'; readonly hash: Hash; readonly requireCanonical: boolean }

export const LATEST: BlockTag = { type: 'name', name: 'latest' }
const BLOCK_NAMES = ['latest', 'safe', 'finalized', 'earliest', 'pending'] as const
const BLOCK_EXPECTS = `${BLOCK_NAMES.join(', ')}, a height as a quantity, or {blockHash} or {blockNumber} (EIP-1898)`
const height = integer()

export function blockOfHash(blockHash: Hash): BlockTag {
  return { type: 'hash', hash: blockHash, requireCanonical: false }
}

export const block: Kind<BlockTag> = {
  expects: BLOCK_EXPECTS,
  read(value, at) {
    const name = BLOCK_NAMES.find(known => known === value)
    if (name !== undefined) return { type: 'name', name }
    if (isHex(value, 32)) return blockOfHash(hash.read(value, at))
    if (typeof value === 'string' && isDigits(value)) return { type: 'height', height: height.read(value, at) }
    if (!isObject(value)) throw wrong(at, BLOCK_EXPECTS, value)
    const fields = fieldsOf(value, at)
    const blockHash = fields.read('blockHash', hash)
    const blockNumber = fields.read('blockNumber', height)
    const requireCanonical = fields.read('requireCanonical', boolean) ?? false
    if ((blockHash === undefined) === (blockNumber === undefined))
      throw misfit(at, BLOCK_EXPECTS, 'not both of them or neither')
    return blockHash === undefined
      ? { type: 'height', height: blockNumber! }
      : { type: 'hash', hash: blockHash, requireCanonical }
  },
}

// -------------------------------------------------------------------------------------------------- objects

/** Reads fields of an object one by one. A field that is null is as good as none, as clients write it. */
interface Fields {
  read<T>(name: string, of: Kind<T>): T | undefined
}

const OBJECT_EXPECTS = 'an object'

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function fieldsOf(value: unknown, at: Place): Fields {
  if (!isObject(value)) throw wrong(at, OBJECT_EXPECTS, value)
  return {
    read: (name, of) => {
      const field = value[name]
      return field === undefined || field === null ? undefined : of.read(field, { ...at, name: `${at.name}.${name}` })
    },
  }
}

const accessListEntry: Kind<AccessListEntry> = {
  expects: '{address, storageKeys}',
  read(value, at) {
    const fields = fieldsOf(value, at)
    const owner = fields.read('address', address)
    if (owner === undefined) throw wrong({ ...at, name: `${at.name}.address` }, address.expects, undefined)
    return { address: owner, slots: fields.read('storageKeys', list(slot, RPC_ACCESS_LIST_MAX)) ?? [] }
  },
}
const accessList = list(accessListEntry, RPC_ACCESS_LIST_MAX)

/** A transaction that is not signed. Without `to` it creates a contract; fees are checked for their form alone. */
export const call: Kind<CallRequest> = {
  expects: 'a transaction object',
  read(value, at) {
    const fields = fieldsOf(value, at)
    for (const fee of ['gasPrice', 'maxFeePerGas', 'maxPriorityFeePerGas', 'nonce']) fields.read(fee, quantity)
    fields.read('authorizationList', absent('calls with authorizations'))
    const [input, given] = [fields.read('input', data()), fields.read('data', data())]
    if (input !== undefined && given !== undefined && !equalBytes(input, given))
      throw misfit(at, 'input or data', 'not both with different bytes')
    const request = {
      from: fields.read('from', address),
      to: fields.read('to', address),
      gasLimit: gasOf(fields.read('gas', quantity)),
      valueWei: fields.read('value', quantity),
      data: input ?? given,
      accessList: fields.read('accessList', accessList),
    }
    return Object.fromEntries(Object.entries(request).filter(([, part]) => part !== undefined))
  },
}

function gasOf(gas: bigint | undefined): number | undefined {
  if (gas === undefined) return undefined
  return gas < BigInt(RPC_CALL_GAS_MAX) ? Number(gas) : RPC_CALL_GAS_MAX
}

/** One of these must be there; undefined is anything. */
export type Alternatives = readonly Hex[] | undefined

export interface LogFilter {
  readonly addresses: Alternatives
  /** by position */
  readonly topics: readonly Alternatives[]
}

export type LogQuery =
  | { readonly filter: LogFilter; readonly blockHash: Hash }
  | { readonly filter: LogFilter; readonly blockHash: undefined; readonly from: BlockTag; readonly to: BlockTag }

/** One, a list of alternatives, or anything: nothing, null, or an empty list. */
function alternatives(of: Kind<Hex>): Kind<Alternatives> {
  const many = list(of, RPC_FILTER_ALTERNATIVES_MAX)
  return {
    expects: `${of.expects}, or a list of them`,
    read(value, at) {
      if (value === undefined || value === null) return undefined
      if (!Array.isArray(value)) return [of.read(value, at)]
      const items = many.read(value, at)
      return items.length === 0 ? undefined : items
    },
  }
}

const TOPICS_MAX = 4
const topics = list(alternatives(hash), TOPICS_MAX)

export const logFilter: Kind<LogFilter> = {
  expects: 'a filter object',
  read(value, at) {
    const fields = fieldsOf(value, at)
    return { addresses: fields.read('address', alternatives(address)), topics: fields.read('topics', topics) ?? [] }
  },
}

export const logQuery: Kind<LogQuery> = {
  expects: 'a filter object',
  read(value, at) {
    const filter = logFilter.read(value, at)
    const fields = fieldsOf(value, at)
    const [blockHash, from, to] = [
      fields.read('blockHash', hash),
      fields.read('fromBlock', block),
      fields.read('toBlock', block),
    ]
    if (blockHash === undefined) return { filter, blockHash, from: from ?? LATEST, to: to ?? LATEST }
    if (from !== undefined || to !== undefined)
      throw misfit(at, 'blockHash, or fromBlock and toBlock', 'not both of them')
    return { filter, blockHash }
  },
}

const percentile: Kind<number> = kind('a number from 0 to 100', value =>
  typeof value === 'number' && value >= 0 && value <= 100 ? value : undefined,
)
const percentileList = list(percentile, RPC_PERCENTILES_MAX)

export const percentiles: Kind<readonly number[]> = {
  expects: percentileList.expects,
  read(value, at) {
    const ranks = percentileList.read(value, at)
    if (ranks.some((rank, i) => rank < (ranks[i - 1] ?? 0)))
      throw misfit(at, 'percentiles that rise', 'not ones that fall')
    return ranks
  },
}

export function limitOption(max: number, fallback: number): Kind<number> {
  return {
    expects: '{limit}',
    read: (value, at) => fieldsOf(value, at).read('limit', integer(max)) ?? fallback,
  }
}
