// For this room's tests: the system contracts in the engine, called by name. What comes back is decoded by viem, so that
// every test is one of the interface too.
import type { Log } from '@tan/evm'
import { type Address, bls, fromHex, type Hash, toHex, ZERO_HASH } from '@tan/primitives'
import { type Genesis, PAYMENT_POOLS_ABI, STAKING_ABI, SYSTEM_ADDRESSES, TAN_TOKEN_ABI } from '@tan/protocol'
import { EMPTY_ROOT } from '@tan/storage'
import {
  type Abi,
  decodeErrorResult,
  decodeEventLog,
  decodeFunctionResult,
  encodeFunctionData,
  type Hex,
  parseAbi,
} from 'viem'
import { type BlockEnvironment, environmentOf } from '../block/environment.ts'
import { type ChainRules, TAN_RULES } from '../block/validate.ts'
import { sharedEngine } from '../engine.ts'
import { genesisWrites } from '../genesis/block.ts'
import { BlockHost, type ParentState } from '../state/block-host.ts'

export const CONTRACTS = {
  tan: { address: SYSTEM_ADDRESSES.tanToken, abi: parseAbi(TAN_TOKEN_ABI) as Abi },
  staking: { address: SYSTEM_ADDRESSES.staking, abi: parseAbi(STAKING_ABI) as Abi },
  pools: { address: SYSTEM_ADDRESSES.paymentPools, abi: parseAbi(PAYMENT_POOLS_ABI) as Abi },
} as const

export type ContractName = keyof typeof CONTRACTS

export interface Answer {
  /** what was returned; undefined where it reverted */
  readonly value: unknown
  /** name of the error; '' where it gave none */
  readonly error: string | undefined
  readonly errorArgs: readonly unknown[]
  readonly events: readonly { readonly name: string; readonly args: Readonly<Record<string, unknown>> }[]
  readonly gasUsed: number
  readonly refund: number
}

const NO_ANCESTRY = { height: 1, ancestors: [] }

/** of every call that says nothing else */
const GAS_MAX = 16_000_000

export function encodeCall(contract: ContractName, functionName: string, args: readonly unknown[]): Uint8Array {
  return fromHex(encodeFunctionData({ abi: CONTRACTS[contract].abi, functionName, args }))
}

/** What became of a call by its bytes. */
export interface CallResult {
  readonly succeeded: boolean
  readonly gasLeft: number
  /** the refund counter, before any cap */
  readonly refund: number
  /** what was returned, or the error that it reverted with */
  readonly output: Uint8Array
  readonly logs: readonly Log[]
}

export class SystemWorld {
  readonly genesis: Genesis
  readonly rules: ChainRules
  readonly state: BlockHost
  height = 1
  timestampS: number
  baseFeePerGas: bigint
  burnedWei = 0n
  private lastEnvironment: BlockEnvironment | undefined

  constructor(genesis: Genesis) {
    this.genesis = genesis
    this.rules = rulesOf(genesis)
    this.timestampS = genesis.timestampS
    this.baseFeePerGas = genesis.parameters.baseFeeMinWei
    this.state = new BlockHost(genesisReader(genesis), NO_ANCESTRY)
  }

  /** The engine tells blocks apart by it: the same object as long as nothing in it changes. */
  get environment(): BlockEnvironment {
    const { height, timestampS, baseFeePerGas, genesis } = this
    const last = this.lastEnvironment
    if (last?.height === height && last.timestampS === timestampS && last.baseFee === baseFeePerGas) return last
    this.lastEnvironment = environmentOf(this.rules, {
      height,
      timestampS,
      baseFeePerGas,
      beneficiary: genesis.guardians[0]!.address,
      gasLimit: genesis.parameters.blockGasLimit,
      mix: ZERO_HASH,
    })
    return this.lastEnvironment
  }

  /** The same world, to try something in. */
  fork(): this {
    const { state } = this
    const before: ParentState = {
      account(address) {
        const account = state.account(address)
        return account && { ...account, storageRoot: account.hasStorage ? SOME_ROOT : EMPTY_ROOT }
      },
      storage: (address, slot) => state.slot(address, slot),
      code: hash => state.code(hash),
    }
    return Object.assign(Object.create(Object.getPrototypeOf(this)), this, {
      state: new BlockHost(before, NO_ANCESTRY),
    })
  }

  balance(address: Address): bigint {
    return this.state.account(address)?.balance ?? 0n
  }

  slot(contract: Address, slot: Hash): bigint {
    return this.state.slot(contract, slot)
  }

  /** A call by its bytes. */
  send(
    from: Address,
    contract: ContractName,
    data: Uint8Array,
    { valueWei = 0n, gas = GAS_MAX, isStatic = false } = {},
  ): CallResult {
    const to = CONTRACTS[contract].address
    const message = { caller: from, to, value: valueWei, input: data, gas: BigInt(gas), gasPrice: 0n, isStatic }
    const result = sharedEngine().execute(message, this.environment, this.state)
    this.state.apply(result.changes)
    this.burnedWei += result.burned
    return {
      succeeded: result.status === 'success',
      gasLeft: Number(result.gasLeft),
      refund: Number(result.refund),
      output: result.returnData,
      logs: result.logs,
    }
  }

  call(
    from: Address,
    contract: ContractName,
    functionName: string,
    args: readonly unknown[] = [],
    options: { readonly valueWei?: bigint; readonly gas?: number } = {},
  ): Answer {
    const { abi } = CONTRACTS[contract]
    const gas = options.gas ?? GAS_MAX
    const result = this.send(from, contract, encodeCall(contract, functionName, args), options)
    const { succeeded, gasLeft, refund, output, logs } = result
    const events = logs.map(log => decodeLog(log.address, log.topics, log.data))
    const gasUsed = gas - gasLeft
    const base = { events, gasUsed, refund, errorArgs: [] }
    if (succeeded) {
      const value = decodeFunctionResult({ abi, functionName, data: toHex(output) })
      return { ...base, value, error: undefined }
    }
    if (output.length === 0) return { ...base, value: undefined, error: '' }
    const { errorName, args: errorArgs } = decodeErrorResult({ abi, data: toHex(output) })
    return { ...base, value: undefined, error: errorName, errorArgs: errorArgs ?? [] }
  }

  /** A view's answer. */
  read<T>(contract: ContractName, functionName: string, args: readonly unknown[] = []): T {
    return this.call(this.genesis.guardians[0]!.address, contract, functionName, args).value as T
  }

  tan(owner: Address): bigint {
    return this.read('tan', 'balanceOf', [owner])
  }
}

function decodeLog(address: Address, topics: readonly Hash[], data: Uint8Array): Answer['events'][number] {
  const contract = Object.values(CONTRACTS).find(candidate => candidate.address === address)!
  const { eventName, args } = decodeEventLog({
    abi: contract.abi,
    topics: topics as [Hex, ...Hex[]],
    data: toHex(data),
  })
  return { name: eventName!, args: args as unknown as Record<string, unknown> }
}

export function rulesOf({ chainId, parameters }: Genesis): ChainRules {
  return { chainId, parameters, bls, ...TAN_RULES }
}

/** The state after genesis, without tries. */
export function genesisReader(genesis: Genesis): ParentState {
  const { accounts, storage, codes } = genesisWrites(genesis, rulesOf(genesis))
  return {
    account(address) {
      const account = accounts.get(address)
      const storageRoot = storage.has(address) ? SOME_ROOT : EMPTY_ROOT
      return account === undefined ? undefined : { ...account, storageRoot }
    },
    storage: (address, slot) => storage.get(address)?.slots.get(slot) ?? 0n,
    code: hash => codes.get(hash)!,
  }
}

/** of no trie: it says only that there are slots */
const SOME_ROOT: Hash = `0x${'11'.repeat(32)}`
