// `@ethereumjs/evm` as the oracle: runs a message on a world, as one transaction, and changes the world.
import { Common, Hardfork, Mainnet } from '@ethereumjs/common'
import { createEVM, type EVM } from '@ethereumjs/evm'
import { SimpleStateManager } from '@ethereumjs/statemanager'
import { Account, Address as OracleAddress, type PrefixedHexString } from '@ethereumjs/util'
import { type Address, bytesToBigInt, EMPTY_BYTES, fromHex, type Hash, keccak256, toHex } from '@tan/primitives'
import { EMPTY_CODE_HASH } from '../engine.ts'
import { type Fork, isFrom } from '../forks.ts'
import type { Environment, ExecutionResult, Log, Message, Status } from '../message.ts'
import { hashOfBlock, type World } from './world.ts'

export type OracleResult = Pick<ExecutionResult, 'status' | 'gasLeft' | 'refund' | 'returnData' | 'logs' | 'created'>

const HARDFORKS: Record<Fork, string> = {
  berlin: Hardfork.Berlin,
  london: Hardfork.London,
  paris: Hardfork.Paris,
  shanghai: Hardfork.Shanghai,
  cancun: Hardfork.Cancun,
  prague: Hardfork.Prague,
  osaka: Hardfork.Osaka,
}

export interface Oracle {
  /** Undefined where the library is known to be wrong; the world is then of no more use. */
  run(message: Message, environment: Environment, world: World): Promise<OracleResult | undefined>
}

export async function createOracle(fork: Fork): Promise<Oracle> {
  const common = new Common({ chain: { ...Mainnet }, hardfork: HARDFORKS[fork], customCrypto: { keccak256 } })
  const state = new SimpleStateManager({ common })
  const blockchain = {
    getBlock: async (number: number) => ({ hash: () => fromHex(hashOfBlock(BigInt(number))) }),
    shallowCopy: () => blockchain,
  }
  const evm = (await createEVM({ common, stateManager: state, blockchain: blockchain as never })) as EVM
  const faults = watchForFaults(evm)
  return {
    async run(message, environment, world) {
      faults.met = false
      const result = await run(evm, state, message, environment, world)
      return faults.met ? undefined : result
    },
  }
}

interface Inside {
  runInterpreter(...args: unknown[]): Promise<{ exceptionError?: { error: string } }>
  _executeCreate(...args: unknown[]): Promise<{ execResult: { exceptionError?: { error: string } } }>
}

/**
 * The library refuses code that begins with 0xef (EIP-3541) also where the init code did not return it but reverted with it;
 * only code that is about to be deployed is refused.
 */
export function watchForFaults(evm: EVM): { met: boolean } {
  const faults = { met: false }
  const inside = evm as unknown as Inside
  const runInterpreter = inside.runInterpreter.bind(evm)
  const executeCreate = inside._executeCreate.bind(evm)
  let ending: string | undefined
  inside.runInterpreter = async (...args) => {
    const result = await runInterpreter(...args)
    ending = result.exceptionError?.error
    return result
  }
  inside._executeCreate = async (...args) => {
    const result = await executeCreate(...args)
    if (ending === 'revert' && result.execResult.exceptionError?.error === 'invalid bytecode deployed')
      faults.met = true
    return result
  }
  return faults
}

const addressOf = (address: Address) => new OracleAddress(fromHex(address))

async function run(
  evm: EVM,
  state: SimpleStateManager,
  message: Message,
  environment: Environment,
  world: World,
): Promise<OracleResult> {
  await fill(state, world)
  evm.journal.cleanJournal()
  evm.transientStorage.clear()
  for (const warm of [
    message.caller,
    message.to,
    ...(isFrom(environment.fork, 'shanghai') ? [environment.coinbase] : []),
  ])
    if (warm !== undefined) evm.journal.addAlwaysWarmAddress(warm)
  for (const item of evm.precompiles.keys()) evm.journal.addAlwaysWarmAddress(`0x${item}`)
  for (const { address, slots } of message.accessList ?? []) {
    evm.journal.addAlwaysWarmAddress(address)
    for (const key of slots) evm.journal.addAlwaysWarmSlot(address, key)
  }
  await evm.journal.checkpoint()
  const { execResult, createdAddress } = await evm.runCall({
    block: blockOf(environment) as never,
    caller: addressOf(message.caller),
    origin: addressOf(message.origin ?? message.caller),
    ...(message.to === undefined ? {} : { to: addressOf(message.to) }),
    data: message.input,
    value: message.value,
    gasLimit: message.gas,
    gasPrice: message.gasPrice,
    isStatic: message.isStatic ?? false,
    blobVersionedHashes: [...(message.blobHashes ?? [])],
    skipNonceIncrement: message.to !== undefined,
  })
  const isLasting = (address: PrefixedHexString) =>
    isFrom(environment.fork, 'cancun') && !execResult.createdAddresses?.has(address)
  for (const address of execResult.selfdestruct?.keys() ?? [])
    if (!isLasting(address)) await evm.journal.deleteAccount(new OracleAddress(fromHex(address)))
  await evm.journal.commit()
  await evm.journal.cleanup()
  const error = execResult.exceptionError?.error
  const status: Status = error === undefined ? 'success' : error === 'revert' ? 'revert' : 'halt'
  drain(state, world)
  return {
    status,
    gasLeft: status === 'halt' ? 0n : message.gas - execResult.executionGasUsed,
    refund: execResult.gasRefund ?? 0n,
    returnData: message.to === undefined && status === 'success' ? EMPTY_BYTES : execResult.returnValue,
    created: status === 'success' && message.to === undefined ? (createdAddress!.toString() as Address) : undefined,
    logs: (execResult.logs ?? []).map(logOf),
  }
}

function logOf([address, topics, data]: [Uint8Array, Uint8Array[], Uint8Array]): Log {
  return { address: toHex(address), topics: topics.map(toHex), data }
}

function blockOf(environment: Environment) {
  return {
    header: {
      number: environment.number,
      coinbase: addressOf(environment.coinbase),
      timestamp: environment.timestamp,
      difficulty: bytesToBigInt(fromHex(environment.prevRandao)),
      prevRandao: fromHex(environment.prevRandao),
      gasLimit: environment.gasLimit,
      baseFeePerGas: environment.baseFee,
      getBlobGasPrice: () => environment.blobBaseFee,
    },
  }
}

/** Puts the world into the library's maps; its own methods would take most of the time. */
async function fill(state: SimpleStateManager, world: World): Promise<void> {
  const accounts = new Map<PrefixedHexString, Account | undefined>()
  const codes = new Map<PrefixedHexString, Uint8Array>()
  const storage = new Map<string, Uint8Array>()
  for (const [address, account] of world.accounts) {
    accounts.set(
      address,
      new Account(account.nonce, account.balance, undefined, fromHex(world.account(address)!.codeHash)),
    )
    codes.set(address, account.code)
    for (const [key, value] of account.storage) storage.set(`${address}_${key}`, fromHex(minimalHex(value)))
  }
  Object.assign(state, { accountStack: [accounts], codeStack: [codes], storageStack: [storage] })
  state.originalStorageCache.clear()
}

function drain(state: SimpleStateManager, world: World): void {
  const maps = state as unknown as {
    accountStack: Map<Address, Account | undefined>[]
    codeStack: Map<Address, Uint8Array>[]
    storageStack: Map<string, Uint8Array>[]
  }
  const [accounts, codes, storage] = [maps.accountStack.at(-1)!, maps.codeStack.at(-1)!, maps.storageStack.at(-1)!]
  world.accounts.clear()
  for (const [address, account] of accounts)
    if (account !== undefined)
      world.put(address, {
        nonce: account.nonce,
        balance: account.balance,
        code: toHex(account.codeHash) === EMPTY_CODE_HASH ? EMPTY_BYTES : (codes.get(address) ?? EMPTY_BYTES),
      })
  for (const [place, bytes] of storage) {
    const [address, key] = place.split('_') as [Address, Hash]
    const value = bytesToBigInt(bytes)
    if (value !== 0n) world.accounts.get(address)?.storage.set(key, value)
  }
}

function minimalHex(value: bigint): `0x${string}` {
  const digits = value.toString(16)
  return `0x${digits.length % 2 ? '0' : ''}${digits}`
}
