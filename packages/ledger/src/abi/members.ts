// Functions, events and errors of a contract, with the selectors and topics that follow from their types.
import { concatBytes, fromHex, type Hash, type Hex, keccak256, toHex, utf8ToBytes } from '@tan/primitives'
import { type AbiType, type AbiTypes, encodeValues, type ValueOfType, type ValuesOf } from './types.ts'

export const SELECTOR_BYTES = 4

function signatureOf(name: string, types: AbiTypes): string {
  return `${name}(${types.map(type => type.name).join(',')})`
}

export function selectorOf(name: string, types: AbiTypes): Hex {
  return toHex(keccak256(utf8ToBytes(signatureOf(name, types))).subarray(0, SELECTOR_BYTES))
}

// -------------------------------------------------------------------------------------------------- errors

export interface AbiError<T extends AbiTypes> {
  readonly name: string
  readonly inputs: T
  readonly selector: Hex
}

export function abiError<const T extends AbiTypes>(name: string, ...inputs: T): AbiError<T> {
  return { name, inputs, selector: selectorOf(name, inputs) }
}

export function encodeError<T extends AbiTypes>(error: AbiError<T>, values: ValuesOf<T>): Uint8Array {
  return concatBytes(fromHex(error.selector), encodeValues(error.inputs, values))
}

// -------------------------------------------------------------------------------------------------- events

export interface EventInput<T> {
  readonly type: AbiType<T>
  readonly isIndexed: boolean
}

export type EventInputs = readonly EventInput<unknown>[]
export type EventValues<T extends EventInputs> = {
  readonly [K in keyof T]: T[K] extends EventInput<infer V> ? V : never
}

export interface AbiEvent<T extends EventInputs> {
  readonly name: string
  readonly inputs: T
  readonly topic: Hash
}

/** A topic of the log. Only for types of one word, which stand there as they are. */
export function indexed<T>(type: AbiType<T>): EventInput<T> {
  return { type, isIndexed: true }
}

export function plain<T>(type: AbiType<T>): EventInput<T> {
  return { type, isIndexed: false }
}

export function abiEvent<const T extends EventInputs>(name: string, ...inputs: T): AbiEvent<T> {
  const signature = signatureOf(
    name,
    inputs.map(input => input.type),
  )
  return { name, inputs, topic: toHex(keccak256(utf8ToBytes(signature))) }
}

export function encodeEvent<T extends EventInputs>(
  event: AbiEvent<T>,
  values: EventValues<T>,
): { readonly topics: Hash[]; readonly data: Uint8Array } {
  const topics = [event.topic]
  const types: AbiType<unknown>[] = []
  const rest: unknown[] = []
  event.inputs.forEach(({ type, isIndexed }, i) => {
    if (isIndexed) topics.push(toHex(type.encode(values[i])))
    else {
      types.push(type)
      rest.push(values[i])
    }
  })
  return { topics, data: encodeValues(types, rest) }
}

// -------------------------------------------------------------------------------------------------- functions

/** One output is the value itself, none is nothing, more are a list. */
export type Returned<O extends AbiTypes> = O extends readonly []
  ? // biome-ignore lint/suspicious/noConfusingVoidType: it is the type of what a function without outputs returns
    void
  : O extends readonly [infer One]
    ? ValueOfType<One>
    : ValuesOf<O>

export function encodeReturned<O extends AbiTypes>(outputs: O, returned: Returned<O>): Uint8Array {
  const values = outputs.length === 0 ? [] : outputs.length === 1 ? [returned] : returned
  return encodeValues(outputs, values as ValuesOf<O>)
}
