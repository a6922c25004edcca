// A contract's interface from its human-readable ABI: calls are encoded and events decoded by the names that stand there,
// and the compiler takes the types of their values from the same text.
import { type Address, assert, concatBytes, fromHex, type Hash, keccak256, toHex, utf8ToBytes } from '@tan/primitives'
import {
  type AbiType,
  address,
  array,
  bool,
  bytes,
  bytes32,
  decodeValues,
  encodeValues,
  string,
  struct,
  uint8,
  uint64,
  uint256,
} from './types.ts'

// -------------------------------------------------------------------------------------------------- types out of the text

type Text = readonly string[]

interface WordTypes {
  address: Address
  bool: boolean
  bytes: Uint8Array
  bytes32: Hash
  string: string
  uint8: bigint
  uint64: bigint
  uint256: bigint
}

type ValueOf<A extends Text, T extends string> = T extends `${infer E}[]`
  ? readonly ValueOf<A, E>[]
  : T extends keyof WordTypes
    ? WordTypes[T]
    : StructOf<A, T>

type StructOf<A extends Text, T extends string> =
  Extract<A[number], `struct ${T} {${string}`> extends `struct ${string} { ${infer F}; }` ? FieldsOf<A, F, '; '> : never

/** `uint256 amount` and the like, one after the other. */
type FieldsOf<A extends Text, F extends string, Between extends string> = F extends ''
  ? unknown
  : F extends `${infer First}${Between}${infer Rest}`
    ? FieldOf<A, First> & FieldsOf<A, Rest, Between>
    : FieldOf<A, F>

type FieldOf<A extends Text, F extends string> = F extends `${infer T} indexed ${infer N}`
  ? { readonly [K in N]: ValueOf<A, T> }
  : F extends `${infer T} ${infer N}`
    ? { readonly [K in N]: ValueOf<A, T> }
    : never

type NameOf<A extends Text, Kind extends string> = A[number] extends infer Item
  ? Item extends `${Kind} ${infer N}(${string}`
    ? N
    : never
  : never

type ParametersOf<A extends Text, Kind extends string, N extends string> =
  Extract<A[number], `${Kind} ${N}(${string}`> extends `${string}(${infer P})${string}` ? FieldsOf<A, P, ', '> : never

export type FunctionName<A extends Text> = NameOf<A, 'function'>
export type EventName<A extends Text> = NameOf<A, 'event'>
/** The arguments of a function, by name. */
export type CallArguments<A extends Text, N extends FunctionName<A>> = ParametersOf<A, 'function', N>
/** The values of an event, by name. */
export type EventValues<A extends Text, N extends EventName<A>> = ParametersOf<A, 'event', N>

// -------------------------------------------------------------------------------------------------- the interface

export interface EventLog {
  readonly address: Address
  readonly topics: readonly Hash[]
  readonly data: Uint8Array
}

interface Field {
  readonly name: string
  readonly type: AbiType<unknown>
  readonly isIndexed: boolean
}

interface Item {
  /** keccak256 of name and types */
  readonly digest: Uint8Array
  readonly fields: readonly Field[]
}

const SELECTOR_BYTES = 4
const WORD_TYPES: { readonly [K in keyof WordTypes]: AbiType<WordTypes[K]> } = {
  address,
  bool,
  bytes,
  bytes32,
  string,
  uint8,
  uint64,
  uint256,
}

export class ContractInterface<const A extends Text> {
  readonly address: Address
  readonly #abi: A
  /** taken apart when it is first needed */
  readonly #items = new Map<string, Item>()

  constructor(at: Address, abi: A) {
    this.address = at
    this.#abi = abi
  }

  /** The data of a call. */
  encodeCall<N extends FunctionName<A>>(name: N, values: CallArguments<A, N>): Uint8Array {
    const { digest, fields } = this.#item('function', name)
    const given = values as Readonly<Record<string, unknown>>
    const encoded = encodeValues(
      fields.map(({ type }) => type),
      fields.map(field => given[field.name]),
    )
    return concatBytes(digest.subarray(0, SELECTOR_BYTES), encoded)
  }

  /** The first topic of an event's logs. */
  topicOf(name: EventName<A>): Hash {
    return toHex(this.#item('event', name).digest)
  }

  /** Undefined where the log is not this contract's, or of another event. Throws `abi/invalid` where its data do not decode. */
  decodeEvent<N extends EventName<A>>(name: N, log: EventLog): EventValues<A, N> | undefined {
    if (log.address !== this.address || log.topics[0] !== this.topicOf(name)) return undefined
    const { fields } = this.#item('event', name)
    const [indexed, plain] = [fields.filter(field => field.isIndexed), fields.filter(field => !field.isIndexed)]
    const words = concatBytes(...log.topics.slice(1).map(fromHex))
    const values = [...decodeFields(indexed, words), ...decodeFields(plain, log.data)]
    return Object.fromEntries(values) as EventValues<A, N>
  }

  #item(kind: 'function' | 'event', name: string): Item {
    const key = `${kind} ${name}(`
    let item = this.#items.get(key)
    if (item === undefined) {
      const line = this.#abi.find(text => text.startsWith(key))
      assert(line !== undefined, `the ABI of ${this.address} has no ${kind} ${name}`)
      const fields = this.#fields(line.slice(key.length, line.indexOf(')')), ', ')
      const signature = `${name}(${fields.map(({ type }) => type.name).join(',')})`
      item = { digest: keccak256(utf8ToBytes(signature)), fields }
      this.#items.set(key, item)
    }
    return item
  }

  #fields(text: string, between: string): Field[] {
    return text.split(between).flatMap(field => {
      if (field === '') return []
      const [type, ...rest] = field.split(' ')
      const isIndexed = rest[0] === 'indexed'
      return [{ name: rest[isIndexed ? 1 : 0]!, type: this.#type(type!), isIndexed }]
    })
  }

  #type(name: string): AbiType<unknown> {
    if (name.endsWith('[]')) return array(this.#type(name.slice(0, -2))) as AbiType<unknown>
    if (Object.hasOwn(WORD_TYPES, name)) return WORD_TYPES[name as keyof WordTypes] as AbiType<unknown>
    const line = this.#abi.find(text => text.startsWith(`struct ${name} { `))
    assert(line !== undefined, `the ABI of ${this.address} has no type ${name}`)
    const fields = this.#fields(line.slice(line.indexOf('{ ') + 2, line.lastIndexOf('; }')), '; ')
    return struct(Object.fromEntries(fields.map(field => [field.name, field.type]))) as AbiType<unknown>
  }
}

function decodeFields(fields: readonly Field[], data: Uint8Array): [string, unknown][] {
  const values = decodeValues(
    fields.map(({ type }) => type),
    data,
  )
  return fields.map(({ name }, i) => [name, values[i]])
}
