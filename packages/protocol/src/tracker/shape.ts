// Validators of parsed JSON from outside: a Shape takes an unknown value and gives it back typed, rebuilt from the fields
// that it knows, or throws `tracker/field` with the path, the value and what was expected. The types of messages come
// from their shapes, so that what is checked and what is compiled cannot differ.
import { CodedError, type Hex, isHex, shorten } from '@tan/primitives'

export type Shape<T> = (value: unknown, path: string) => T
export type ShapeValue<S> = S extends Shape<infer T> ? T : never

type Fields = Readonly<Record<string, Shape<unknown>>>
type OptionalKeys<F extends Fields> = { [K in keyof F]: undefined extends ShapeValue<F[K]> ? K : never }[keyof F]
type Simplified<T> = { [K in keyof T]: T[K] }
export type ObjectValue<F extends Fields> = Simplified<
  { readonly [K in Exclude<keyof F, OptionalKeys<F>>]: ShapeValue<F[K]> } & {
    readonly [K in OptionalKeys<F>]?: ShapeValue<F[K]>
  }
>

/** Unknown fields are dropped, so that a newer peer may say more. */
export function object<F extends Fields>(fields: F): Shape<ObjectValue<F>> {
  const entries = Object.entries(fields)
  return (value, path) => {
    if (!isRecord(value)) throw unexpected(path, value, 'an object')
    const out: Record<string, unknown> = {}
    for (const [name, shape] of entries) {
      const field = shape(Object.hasOwn(value, name) ? value[name] : undefined, `${path}.${name}`)
      if (field !== undefined) out[name] = field
    }
    return out as ObjectValue<F>
  }
}

/** An object whose field `tag` says which of the cases it is. */
export function taggedObject<C extends Readonly<Record<string, Shape<object>>>>(
  tag: string,
  cases: C,
): Shape<{ [K in keyof C]: ShapeValue<C[K]> }[keyof C]> {
  const known = new Map(Object.entries(cases))
  return (value, path) => {
    if (!isRecord(value)) throw unexpected(path, value, 'an object')
    const name = value[tag]
    const shape = typeof name === 'string' ? known.get(name) : undefined
    if (shape === undefined) throw unexpected(`${path}.${tag}`, name, `one of ${[...known.keys()].join(', ')}`)
    return shape(value, name as string) as ShapeValue<C[keyof C]>
  }
}

export function list<T>(item: Shape<T>, most: number): Shape<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw unexpected(path, value, 'a list')
    if (value.length > most) throw unexpected(`${path}.length`, value.length, `at most ${most}`)
    return value.map((element, i) => item(element, `${path}[${i}]`))
  }
}

export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, path) => (value === undefined || value === null ? undefined : shape(value, path))
}

export function text(maxChars: number): Shape<string> {
  return (value, path) => {
    if (typeof value !== 'string') throw unexpected(path, value, 'a text')
    if (value.length > maxChars) throw unexpected(`${path}.length`, value.length, `at most ${maxChars}`)
    return value
  }
}

export function literal<const T extends string>(...values: readonly T[]): Shape<T> {
  return (value, path) => {
    if (!(values as readonly unknown[]).includes(value)) throw unexpected(path, value, `one of ${values.join(', ')}`)
    return value as T
  }
}

export function flag(): Shape<boolean> {
  return (value, path) => {
    if (typeof value !== 'boolean') throw unexpected(path, value, 'true or false')
    return value
  }
}

export function numberFrom(least: number, most: number): Shape<number> {
  return (value, path) => {
    if (typeof value !== 'number' || !(value >= least && value <= most))
      throw unexpected(path, value, `a number from ${least} to ${most}`)
    return value
  }
}

export function integerFrom(least: number, most: number): Shape<number> {
  return (value, path) => {
    if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most)
      throw unexpected(path, value, `a whole number from ${least} to ${most}`)
    return value as number
  }
}

/** Lower-case, whatever came, so that `===` compares identities. */
export function hexOf(sizeBytes: number): Shape<Hex> {
  return (value, path) => {
    if (!isHex(value, sizeBytes)) throw unexpected(path, value, `0x and ${2 * sizeBytes} hexadecimal digits`)
    return value.toLowerCase() as Hex
  }
}

export function hexUpTo(sizeMaxBytes: number): Shape<Hex> {
  return (value, path) => {
    if (typeof value !== 'string' || value.length > 2 + 2 * sizeMaxBytes || !isHex(value))
      throw unexpected(path, value, `0x and at most ${2 * sizeMaxBytes} hexadecimal digits`)
    return value.toLowerCase() as Hex
  }
}

/** An amount of wei below 2^256, as decimal digits: JSON numbers are not exact beyond 2^53. */
export function wei(): Shape<bigint> {
  return (value, path) => {
    const amount = typeof value === 'string' && /^\d{1,78}$/.test(value) ? BigInt(value) : undefined
    if (amount === undefined || amount >= 1n << 256n)
      throw unexpected(path, value, 'wei as decimal digits, below 2^256')
    return amount
  }
}

/** Throws `tracker/size` for a text beyond the bound and `tracker/json` for what is not JSON. */
export function parseJson(source: string, maxChars: number): unknown {
  if (source.length > maxChars)
    throw new CodedError('tracker/size', `a message of ${source.length} characters; at most ${maxChars} are allowed`)
  try {
    return JSON.parse(source)
  } catch (cause) {
    throw new CodedError('tracker/json', `not JSON: ${shorten(source)}`, { cause })
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unexpected(path: string, value: unknown, expected: string): CodedError {
  const found =
    value === undefined ? 'missing' : isRecord(value) ? 'an object' : Array.isArray(value) ? 'a list' : shorten(value)
  return new CodedError('tracker/field', `${path} is ${found}: expected ${expected}`)
}
