// TanToken once more, for the oracle: the functions that the differential test calls, written against `@ethereumjs/vm` from
// spec/ledger.md alone, so that system calls from transactions and from bytecode can be compared too.
import type { EVM, ExecResult, PrecompileInput } from '@ethereumjs/evm'
import { EVMError } from '@ethereumjs/evm'
import type { Address as OracleAddress } from '@ethereumjs/util'
import {
  type Address,
  bigIntToBytes,
  bytesToBigInt,
  concatBytes,
  EMPTY_BYTES,
  fromHex,
  keccak256,
  toHex,
  utf8ToBytes,
  ZERO_ADDRESS,
} from '@tan/primitives'
import { SYSTEM_ADDRESSES } from '@tan/protocol'

const TAN = SYSTEM_ADDRESSES.tanToken
const TAN_BYTES = fromHex(TAN)
const word = (value: bigint) => bigIntToBytes(value, 32)
const hashOf = (text: string) => keccak256(utf8ToBytes(text))
const selector = (text: string) => toHex(hashOf(text).subarray(0, 4))

export const TOTAL_SUPPLY: string = selector('totalSupply()')
export const BALANCE_OF: string = selector('balanceOf(address)')
export const TRANSFER: string = selector('transfer(address,uint256)')
const INVALID_RECEIVER = hashOf('InvalidReceiver(address)').subarray(0, 4)
const INSUFFICIENT_BALANCE = hashOf('InsufficientBalance(address,uint256,uint256)').subarray(0, 4)
const TRANSFERRED = hashOf('Transfer(address,address,uint256)')
const NO_RECEIVERS = new Set<Address>([
  ZERO_ADDRESS,
  ...Object.entries(SYSTEM_ADDRESSES).flatMap(([name, address]) => (name === 'treasury' ? [] : [address])),
])

/** Mapping at slot 0, by Solidity's layout. */
export function balanceSlot(owner: Uint8Array): Uint8Array {
  return keccak256(concatBytes(word(bytesToBigInt(owner)), word(0n)))
}

/** What of the library's message the contract sees. */
export interface OracleMessage {
  readonly caller: OracleAddress
  readonly to?: OracleAddress
  readonly codeAddress: OracleAddress
  readonly value: bigint
  readonly isStatic: boolean
  readonly delegatecall: boolean
  gasRefund: bigint
}

class Stop {
  readonly output: Uint8Array | undefined

  /** undefined: out of gas */
  constructor(output: Uint8Array | undefined) {
    this.output = output
  }
}

/** Runs a call whose code is the token's. */
export async function runToken(
  evm: EVM,
  message: OracleMessage,
  { data, gasLimit }: PrecompileInput,
): Promise<ExecResult> {
  const isBorrowed = message.delegatecall || !message.to?.equals(message.codeAddress)
  const call = new TokenCall(evm, message, gasLimit, isBorrowed || message.isStatic)
  const refundBefore = message.gasRefund
  try {
    call.charge(16 * Math.ceil(data.length / 32))
    const output = await call.run(data, isBorrowed ? 0n : message.value)
    call.charge(16 * Math.ceil(output.length / 32))
    return { executionGasUsed: gasLimit - call.left, returnValue: output, logs: call.logs }
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    message.gasRefund = refundBefore
    const { OUT_OF_GAS, REVERT } = EVMError.errorMessages
    if (error.output === undefined)
      return { executionGasUsed: gasLimit, returnValue: EMPTY_BYTES, exceptionError: new EVMError(OUT_OF_GAS) }
    return {
      executionGasUsed: gasLimit - call.left,
      returnValue: error.output,
      exceptionError: new EVMError(REVERT),
    }
  }
}

class TokenCall {
  left: bigint
  readonly logs: [Uint8Array, Uint8Array[], Uint8Array][] = []
  private readonly evm: EVM
  private readonly message: OracleMessage
  private readonly isStatic: boolean

  constructor(evm: EVM, message: OracleMessage, gas: bigint, isStatic: boolean) {
    this.evm = evm
    this.message = message
    this.left = gas
    this.isStatic = isStatic
  }

  charge(gas: number): void {
    if (this.left < BigInt(gas)) throw new Stop(undefined)
    this.left -= BigInt(gas)
  }

  async run(data: Uint8Array, value: bigint): Promise<Uint8Array> {
    const name = data.length < 4 ? undefined : toHex(data.subarray(0, 4))
    const isKnown = name === TOTAL_SUPPLY || name === BALANCE_OF || name === TRANSFER
    if (!isKnown || (name === TRANSFER && this.isStatic) || value !== 0n) throw new Stop(EMPTY_BYTES)
    if (name === TOTAL_SUPPLY) return word(await this.load(word(2n)))
    const owner = this.address(data, 4)
    if (name === BALANCE_OF) return word(await this.load(balanceSlot(owner)))
    if (data.length < 68) throw new Stop(EMPTY_BYTES)
    await this.transfer(owner, bytesToBigInt(data.subarray(36, 68)))
    return word(1n)
  }

  private address(data: Uint8Array, at: number): Uint8Array {
    if (data.length < at + 32 || bytesToBigInt(data.subarray(at, at + 12)) !== 0n) throw new Stop(EMPTY_BYTES)
    return data.subarray(at + 12, at + 32)
  }

  private async transfer(to: Uint8Array, amount: bigint): Promise<void> {
    const from = this.message.caller.bytes
    const [fromWord, toWord] = [from, to].map(address => word(bytesToBigInt(address)))
    if (NO_RECEIVERS.has(toHex(to))) throw new Stop(concatBytes(INVALID_RECEIVER, toWord!))
    const balance = await this.load(balanceSlot(from))
    if (balance < amount) throw new Stop(concatBytes(INSUFFICIENT_BALANCE, fromWord!, word(balance), word(amount)))
    await this.store(balanceSlot(from), balance - amount)
    await this.store(balanceSlot(to), (await this.load(balanceSlot(to))) + amount)
    this.charge(375 * 4 + 8 * 32)
    this.logs.push([TAN_BYTES, [TRANSFERRED, fromWord!, toWord!], word(amount)])
  }

  /** Was the slot cold? It is warm now. */
  private warm(key: Uint8Array): boolean {
    if (this.evm.journal.isWarmedStorage(TAN_BYTES, key)) return false
    this.evm.journal.addWarmedStorage(TAN_BYTES, key)
    return true
  }

  private get contract(): OracleAddress {
    return this.message.codeAddress
  }

  private async load(key: Uint8Array): Promise<bigint> {
    this.charge(this.warm(key) ? 2_100 : 100)
    return bytesToBigInt(await this.evm.stateManager.getStorage(this.contract, key))
  }

  /** EIP-2200 with the numbers of EIP-2929 and EIP-3529. */
  private async store(key: Uint8Array, value: bigint): Promise<void> {
    if (this.warm(key)) this.charge(2_100)
    const { stateManager } = this.evm
    const original = bytesToBigInt(await stateManager.originalStorageCache.get(this.contract, key))
    const current = bytesToBigInt(await stateManager.getStorage(this.contract, key))
    if (value === current) return this.charge(100)
    if (current === original) {
      this.charge(original === 0n ? 20_000 : 2_900)
      if (original !== 0n && value === 0n) this.message.gasRefund += 4_800n
    } else {
      this.charge(100)
      if (original !== 0n && current === 0n) this.message.gasRefund -= 4_800n
      if (original !== 0n && value === 0n) this.message.gasRefund += 4_800n
      if (value === original) this.message.gasRefund += original === 0n ? 19_900n : 2_800n
    }
    const minimal = value === 0n ? EMPTY_BYTES : fromHex(`0x${value.toString(16).replace(/^(..)*.$/, '0$&')}`)
    await stateManager.putStorage(this.contract, key, minimal)
  }
}
