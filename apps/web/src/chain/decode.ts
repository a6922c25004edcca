// Decodes calls, events and errors of the system contracts by their ABI, and says what kind each value is.
import type { Address, Hash, Hex } from '@tan/primitives'
import { PAYMENT_POOLS_ABI, REDEMPTION_CODES, STAKING_ABI, SYSTEM_ADDRESSES, TAN_TOKEN_ABI } from '@tan/protocol'
import { type Abi, type AbiParameter, decodeErrorResult, decodeEventLog, decodeFunctionData, parseAbi } from 'viem'
import { words } from '../format.ts'

export type Currency = 'TAN' | 'TANGam'

export type ReadableValue =
  | { readonly kind: 'amount'; readonly wei: bigint; readonly currency: Currency }
  | { readonly kind: 'address'; readonly address: Address }
  | { readonly kind: 'pool'; readonly poolId: Hash }
  | { readonly kind: 'height'; readonly height: number }
  | { readonly kind: 'bytes'; readonly hex: Hex }
  | { readonly kind: 'plain'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly ReadableValue[] }
  | { readonly kind: 'fields'; readonly fields: readonly NamedValue[] }

export interface NamedValue {
  readonly name: string
  readonly value: ReadableValue
}

export interface Decoded {
  readonly contract: string
  /** name of the function, event or error */
  readonly name: string
  readonly values: readonly NamedValue[]
}

interface SystemContract {
  readonly name: string
  readonly abi: Abi
  /** currency of the contract's amounts */
  readonly currency: Currency
}

const CONTRACTS: ReadonlyMap<Address, SystemContract> = new Map([
  [SYSTEM_ADDRESSES.tanToken, { name: 'TAN token', abi: parseAbi(TAN_TOKEN_ABI) as Abi, currency: 'TAN' }],
  [SYSTEM_ADDRESSES.staking, { name: 'Staking', abi: parseAbi(STAKING_ABI) as Abi, currency: 'TAN' }],
  [
    SYSTEM_ADDRESSES.paymentPools,
    { name: 'Payment pools', abi: parseAbi(PAYMENT_POOLS_ABI) as Abi, currency: 'TANGam' },
  ],
])

const AMOUNTS = new Set(
  'amount deposit collateral paid claims shown burned refund returned unit staked balance needed allowance sent minimum maximum unbonding'.split(
    ' ',
  ),
)

export function isSystemContract(address: Address): boolean {
  return CONTRACTS.has(address)
}

/** Undefined if it is not a call of a system contract. */
export function decodeCall(to: Address | null, input: Hex): Decoded | undefined {
  const contract = to === null ? undefined : CONTRACTS.get(to)
  if (contract === undefined) return undefined
  try {
    const { functionName, args } = decodeFunctionData({ abi: contract.abi, data: input })
    return decoded(contract, functionName, parametersOf(contract.abi, 'function', functionName), args)
  } catch {
    return undefined
  }
}

export function decodeEvent(log: { address: Address; topics: readonly Hex[]; data: Hex }): Decoded | undefined {
  const contract = CONTRACTS.get(log.address)
  if (contract === undefined) return undefined
  try {
    const topics = [...log.topics] as [Hex, ...Hex[]]
    const { eventName, args } = decodeEventLog({ abi: contract.abi, topics, data: log.data })
    const parameters = parametersOf(contract.abi, 'event', eventName!)
    const byName = args as unknown as Readonly<Record<string, unknown>>
    return decoded(
      contract,
      eventName!,
      parameters,
      parameters.map(({ name }) => byName[name!]),
    )
  } catch {
    return undefined
  }
}

/** Decodes the error data of a reverted call. */
export function decodeRevert(contractAddress: Address, data: Hex): Decoded | undefined {
  const contract = CONTRACTS.get(contractAddress)
  if (contract === undefined) return undefined
  try {
    const { errorName, args } = decodeErrorResult({ abi: contract.abi, data })
    return decoded(contract, errorName, parametersOf(contract.abi, 'error', errorName), args)
  } catch {
    return undefined
  }
}

/** The values in one line, for lists; `undefined` if they do not fit one. */
export function mainValue({ values }: Decoded): NamedValue | undefined {
  return values.find(({ value }) => value.kind === 'amount') ?? values.find(({ value }) => value.kind === 'list')
}

function decoded(
  contract: SystemContract,
  name: string,
  parameters: readonly AbiParameter[],
  args: readonly unknown[] | undefined,
): Decoded {
  return { contract: contract.name, name, values: fieldsOf(contract, parameters, args ?? []) }
}

function fieldsOf(
  contract: SystemContract,
  parameters: readonly AbiParameter[],
  values: readonly unknown[],
): NamedValue[] {
  return parameters.map((parameter, i) => ({
    name: words(parameter.name ?? `value ${i + 1}`),
    value: readable(contract, parameter, values[i]),
  }))
}

function readable(contract: SystemContract, parameter: AbiParameter, value: unknown): ReadableValue {
  const { type, name = '' } = parameter
  const items = /^(.*)\[\d*\]$/.exec(type)?.[1]
  if (items !== undefined)
    return {
      kind: 'list',
      items: (value as readonly unknown[]).map(item => readable(contract, { ...parameter, type: items }, item)),
    }
  if ('components' in parameter) {
    const byName = value as Readonly<Record<string, unknown>>
    const components = parameter.components as readonly AbiParameter[]
    return {
      kind: 'fields',
      fields: fieldsOf(
        contract,
        components,
        components.map(part => byName[part.name!]),
      ),
    }
  }
  if (type === 'uint8' && name === 'code')
    return { kind: 'plain', text: REDEMPTION_CODES[Number(value)] ?? String(value) }
  if (type === 'address') return { kind: 'address', address: (value as string).toLowerCase() as Address }
  if (name === 'poolId') return { kind: 'pool', poolId: value as Hash }
  if (type.startsWith('bytes')) return { kind: 'bytes', hex: value as Hex }
  if (type === 'uint256' && AMOUNTS.has(name))
    return { kind: 'amount', wei: value as bigint, currency: contract.currency }
  if (/height$/i.test(name)) return { kind: 'height', height: Number(value) }
  return { kind: 'plain', text: typeof value === 'bigint' ? value.toString() : String(value) }
}

function parametersOf(abi: Abi, type: 'function' | 'event' | 'error', name: string): readonly AbiParameter[] {
  for (const item of abi) if (item.type === type && 'name' in item && item.name === name) return item.inputs
  return []
}
