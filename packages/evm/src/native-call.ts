// Answers the engine when it meets a precompile or a contract in native code.
import { type Address, EMPTY_BYTES, fromHex, type Hash } from '@tan/primitives'
import type { Engine } from './engine.ts'
import type { Environment } from './message.ts'
import type { NativeCall } from './native.ts'
import { precompileAt } from './precompiles/table.ts'

// Statuses of assembly/frames.ts.
const SUCCESS = 0
const REVERT = 1
const HALT = 2

const COLD_SLOT_GAS = 2100
const WARM_GAS = 100
const COLD_ACCOUNT_GAS = 2600
const LOG_GAS = 375
const LOG_BYTE_GAS = 8
/** What a CALL with value pays for it, less the stipend, which nobody receives. */
const SEND_GAS = 9000 - 2300
const NEW_ACCOUNT_GAS = 25_000

const DELEGATECALL = 0xf4
const CALLCODE = 0xf2

/** Ends a native call with all of its gas gone. */
class NativeHalt extends Error {}

export function answerNativeCall(engine: Engine, frame: number): number {
  const { memory, at } = engine
  memory.refresh()
  const account = memory.readU32(frame + at.CODE_ACCOUNT)
  const input = memory.bytes.subarray(
    memory.readU32(frame + at.INPUT),
    memory.readU32(frame + at.INPUT) + memory.readU32(frame + at.INPUT_SIZE),
  )
  const gas = memory.readGas(frame + at.GAS)
  if (memory.readU32(account + at.NATIVE) === at.PRECOMPILE) {
    const { fork } = engine.environment!
    const precompile = precompileAt(fork, engine.addressOf(account))!
    const cost = precompile.gas(input, fork)
    const output = cost > gas ? undefined : precompile.run(input, engine)
    return output === undefined ? HALT : finish(engine, frame, SUCCESS, output, gas - cost)
  }
  const call = new SystemCall(engine, frame, account, input, gas)
  try {
    const { isRevert, output } = engine.nativeAt(call.address)!(call)
    return finish(engine, frame, isRevert ? REVERT : SUCCESS, output, call.gas)
  } catch (error) {
    if (error instanceof NativeHalt) return HALT
    throw error
  }
}

function finish(engine: Engine, frame: number, status: number, output: Uint8Array, gas: number): number {
  const { memory, at } = engine
  memory.refresh()
  memory.copyIn(at.RETURNED, output)
  memory.writeU32(frame + at.NATIVE_SIZE, output.length)
  memory.writeGas(frame + at.GAS, gas)
  return status
}

class SystemCall implements NativeCall {
  readonly address: Address
  readonly caller: Address
  readonly value: bigint
  readonly input: Uint8Array
  readonly isReadOnly: boolean
  readonly environment: Environment
  gas: number
  private readonly engine: Engine
  private readonly account: number

  constructor(engine: Engine, frame: number, account: number, input: Uint8Array, gas: number) {
    const { memory, at } = engine
    const kind = memory.readU32(frame + at.KIND)
    const isBorrowed = kind === DELEGATECALL || kind === CALLCODE
    this.engine = engine
    this.account = account
    this.address = engine.addressOf(account)
    this.caller = memory.readAddress(frame + at.CALLER)
    this.value = isBorrowed ? 0n : memory.readWord(frame + at.VALUE)
    this.input = input.length === 0 ? EMPTY_BYTES : input
    this.isReadOnly = isBorrowed || memory.readU32(frame + at.IS_STATIC) !== 0
    this.environment = engine.environment!
    this.gas = gas
  }

  charge(gas: number): void {
    this.gas -= gas
    if (!(this.gas >= 0)) throw new NativeHalt()
  }

  load(key: Hash): bigint {
    const { memory, run, at } = this.engine
    this.charge(WARM_GAS)
    memory.writeHex(at.SCRATCH, key)
    if (run.loadSlot(this.account) !== 0) this.charge(COLD_SLOT_GAS - WARM_GAS)
    memory.refresh()
    return memory.readWord(at.SCRATCH + 32)
  }

  store(key: Hash, value: bigint): void {
    const { memory, run, at } = this.engine
    this.write()
    memory.writeHex(at.SCRATCH, key)
    memory.writeWord(at.SCRATCH + 32, value)
    this.gas = run.storeSlot(this.account, this.gas)
    memory.refresh()
    if (this.gas < 0) throw new NativeHalt()
  }

  log(topics: readonly Hash[], data: Uint8Array): void {
    const { memory, run } = this.engine
    this.write()
    this.charge(LOG_GAS * (topics.length + 1) + LOG_BYTE_GAS * data.length)
    const to = run.addLog(this.account, topics.length, data.length)
    for (const [i, topic] of topics.entries()) memory.copyIn(to + 32 * i, fromHex(topic))
    memory.copyIn(to + 32 * topics.length, data)
  }

  balance(address: Address): bigint {
    return this.engine.balance(this.reach(address))
  }

  send(to: Address, amount: bigint): boolean {
    this.write()
    const target = this.pay(to, amount)
    if (this.engine.balance(this.account) < amount) return false
    this.engine.subtractBalance(this.account, amount)
    this.engine.addBalance(target, amount)
    return true
  }

  mint(to: Address, amount: bigint): void {
    this.write()
    this.engine.addBalance(this.pay(to, amount), amount)
  }

  burn(amount: bigint): boolean {
    this.write()
    this.charge(SEND_GAS)
    if (this.engine.balance(this.account) < amount) return false
    this.engine.subtractBalance(this.account, amount)
    return true
  }

  private write(): void {
    if (this.isReadOnly) throw new NativeHalt()
  }

  /** The account, warm and paid for. */
  private reach(address: Address): number {
    this.charge(WARM_GAS)
    const account = this.engine.account(address)
    if (this.engine.run.warmAccount(account) !== 0) this.charge(COLD_ACCOUNT_GAS - WARM_GAS)
    return account
  }

  private pay(to: Address, amount: bigint): number {
    const target = this.reach(to)
    this.charge(SEND_GAS)
    if (amount !== 0n && this.engine.run.isEmptyAccount(target) !== 0) this.charge(NEW_ACCOUNT_GAS)
    return target
  }
}
