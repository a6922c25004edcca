// A method of JSON-RPC with its parameters: declared once, checked before it runs, and listed in docs/rpc.md.
import { INVALID_PARAMS, RpcError } from './errors.ts'
import { type Kind, misfit } from './params.ts'

export interface Parameter<T> {
  readonly name: string
  readonly kind: Kind<unknown>
  readonly isRequired: boolean
  /** `value` is undefined where it is missing. Throws an RpcError. */
  read(value: unknown, index: number): T
}

export interface Method {
  readonly parameters: readonly Parameter<unknown>[]
  /** Checks and reads the parameters, then runs. Throws RpcErrors, and what the method throws. */
  call(params: readonly unknown[]): unknown
}

export type Methods = Readonly<Record<string, Method>>

type Values<P extends readonly Parameter<unknown>[]> = {
  readonly [K in keyof P]: P[K] extends Parameter<infer T> ? T : never
}

export function required<T>(name: string, kind: Kind<T>): Parameter<T> {
  return {
    name,
    kind,
    isRequired: true,
    read(value, index) {
      if (value === undefined) throw misfit({ index, name }, kind.expects, 'and it is missing')
      return kind.read(value, { index, name })
    },
  }
}

/** Missing and null are the fallback. */
export function optional<T>(name: string, kind: Kind<T>, fallback: T): Parameter<T>
export function optional<T>(name: string, kind: Kind<T>): Parameter<T | undefined>
export function optional<T>(name: string, kind: Kind<T>, fallback?: T): Parameter<T | undefined> {
  return {
    name,
    kind,
    isRequired: false,
    read: (value, index) => (value === undefined || value === null ? fallback : kind.read(value, { index, name })),
  }
}

export function method<const P extends readonly Parameter<unknown>[]>(
  parameters: P,
  run: (...values: Values<P>) => unknown,
): Method {
  return {
    parameters,
    call(params) {
      if (params.length > parameters.length) throw tooMany(parameters, params.length)
      const values = parameters.map((parameter, i) => parameter.read(params[i], i))
      return run(...(values as unknown as Values<P>))
    },
  }
}

function tooMany(parameters: readonly Parameter<unknown>[], given: number): RpcError {
  const names = parameters.map(({ name }) => name)
  const expected = names.length === 0 ? 'no parameters' : `at most ${names.length} parameters (${names.join(', ')})`
  return new RpcError(INVALID_PARAMS, `expected ${expected}, not ${given}`, { expected })
}

/** `eth_getBalance(address, block?)`, as docs/rpc.md has it. */
export function signatureOf(name: string, { parameters }: Method): string {
  return `${name}(${parameters.map(({ name: own, isRequired }) => (isRequired ? own : `${own}?`)).join(', ')})`
}
