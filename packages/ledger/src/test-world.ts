// For this room's tests: the system contracts over a journal, called by name. What comes back is decoded by viem, so that
// every test is one of the interface too.
import { type Address, bls, fromHex, type Hash, toHex } from '@tan/primitives'
import { type Genesis, PAYMENT_POOLS_ABI, STAKING_ABI, SYSTEM_ADDRESSES, TAN_TOKEN_ABI } from '@tan/protocol'
import {
  type Abi,
  decodeErrorResult,
  decodeEventLog,
  decodeFunctionResult,
  encodeFunctionData,
  type Hex,
  parseAbi,
} from 'viem'
import { genesisWrites } from './genesis/block.ts'
import { Journal, type ParentState } from './state/journal.ts'
import type { CallResult } from './system/journal-call.ts'
import { type BlockEnvironment, runMessage, warmAccounts } from './transaction/message.ts'

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

/** of every call that says nothing else */
const GAS_MAX = 16_000_000

export function encodeCall(contract: ContractName, functionName: string, args: readonly unknown[]): Uint8Array {
  return fromHex(encodeFunctionData({ abi: CONTRACTS[contract].abi, functionName, args }))
}

export class SystemWorld {
  readonly genesis: Genesis
  readonly journal: Journal
  height = 1
  timestampS: number
  baseFeePerGas: bigint

  constructor(genesis: Genesis) {
    this.genesis = genesis
    this.timestampS = genesis.timestampS
    this.baseFeePerGas = genesis.parameters.baseFeeMinWei
    this.journal = new Journal(genesisReader(genesis))
  }

  get environment(): BlockEnvironment {
    const { chainId, parameters } = this.genesis
    return {
      chainId,
      parameters,
      bls,
      height: this.height,
      timestampS: this.timestampS,
      baseFeePerGas: this.baseFeePerGas,
      beneficiary: this.genesis.guardians[0]!.address,
      gasLimit: parameters.blockGasLimit,
      mix: `0x${'00'.repeat(32)}`,
    }
  }

  /** A call by its bytes. */
  send(from: Address, contract: ContractName, data: Uint8Array, { valueWei = 0n, gas = GAS_MAX } = {}): CallResult {
    const { journal, environment } = this
    const to = CONTRACTS[contract].address
    journal.beginTransaction()
    warmAccounts(journal, environment, { sender: from, to, accessList: [] })
    return runMessage(journal, environment, { sender: from, to, valueWei, data, gas })
  }

  call(
    from: Address,
    contract: ContractName,
    functionName: string,
    args: readonly unknown[] = [],
    options: { readonly valueWei?: bigint; readonly gas?: number } = {},
  ): Answer {
    const { journal } = this
    const { abi } = CONTRACTS[contract]
    const gas = options.gas ?? GAS_MAX
    const { succeeded, gasLeft, output } = this.send(from, contract, encodeCall(contract, functionName, args), options)
    const refund = journal.refund()
    const events = journal.logs().map(log => decodeLog(log.address, log.topics, log.data))
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

/** The state after genesis, without tries. */
export function genesisReader(genesis: Genesis): ParentState {
  const { accounts, storage, codes } = genesisWrites(genesis, bls)
  return {
    account(address) {
      const account = accounts.get(address)
      return account === undefined ? undefined : { ...account, storageRoot: `0x${'00'.repeat(32)}` }
    },
    storage: (address, slot) => storage.get(address)?.slots.get(slot) ?? 0n,
    code: hash => codes.get(hash)!,
  }
}
