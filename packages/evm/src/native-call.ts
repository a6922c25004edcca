// Answers the engine when it meets a precompile or a contract in native code.
import { type Address, assert, CodedError, type Hash } from '@tan/primitives'
import type { Engine } from './engine.ts'
import { COLD_ACCOUNT_GAS, CREDIT_GAS, LOG_BYTE_GAS, LOG_GAS, NEW_ACCOUNT_GAS, WARM_GAS } from './gas.ts'
import { INPUT_MAX_BYTES } from './limits.ts'
import { type Environment, HALT_REASONS, type HaltReason } from './message.ts'
import type { NativeCall } from './native.ts'
import { precompileAt } from './precompiles/table.ts'

// Statuses of assembly/frames.ts.
const SUCCESS = 0
const REVERT = 1
const HALT = 2

/** A halt's reason stands above the status. */
const haltBecause = (reason: HaltReason): number => HALT | (HALT_REASONS.indexOf(reason) << 8)
const OUT_OF_GAS = haltBecause('out of gas')
const STATIC_VIOLATION = haltBecause('write in a static call')
const REFUSED = haltBecause('native contract halted')

/** Gas is counted in numbers here; who has more than that can use no more of it. */
const NUMBER_MAX = BigInt(Number.MAX_SAFE_INTEGER)

const DELEGATECALL = 0xf4
const CALLCODE = 0xf2

/** Thrown to end a native call with all of its gas gone: control flow, not an error. */
class Halt {
  readonly answer: number

  constructor(answer: number) {
    this.answer = answer
  }
}

export function answerNativeCall(engine: Engine, frame: number): number {
  const { memory, at } = engine
  memory.refresh()
  const account = memory.readU32(frame + at.CODE_ACCOUNT)
  const input = memory.bytes.subarray(
    memory.readU32(frame + at.INPUT),
    memory.readU32(frame + at.INPUT) + memory.readU32(frame + at.INPUT_SIZE),
  )
  const frameGas = memory.readI64(frame + at.GAS)
  const gas = frameGas > NUMBER_MAX ? Number.MAX_SAFE_INTEGER : Number(frameGas)
  if (memory.readU32(account + at.NATIVE) === at.PRECOMPILE) {
    const { fork } = engine.environment!
    const precompile = precompileAt(fork, engine.addressOf(account))!
    const cost = precompile.gas(input, fork)
    if (cost > gas) return OUT_OF_GAS
    const output = precompile.run(input, engine)
    return output === undefined ? REFUSED : finish(engine, frame, SUCCESS, output, cost)
  }
  const call = new SystemCall(engine, frame, account, input, gas)
  try {
    const { isRevert, output } = engine.nativeAt(call.address)!(call)
    return finish(engine, frame, isRevert ? REVERT : SUCCESS, output, gas - call.gasLeft)
  } catch (error) {
    if (error instanceof Halt) return error.answer
    throw error
  }
}

function finish(engine: Engine, frame: number, status: number, output: Uint8Array, gasUsed: number): number {
  const { memory, at } = engine
  if (output.length > INPUT_MAX_BYTES)
    throw new CodedError('evm/bound', `${output.length} bytes from a native contract are above ${INPUT_MAX_BYTES}`)
  memory.refresh()
  memory.copyIn(at.RETURNED, output)
  memory.writeU32(frame + at.NATIVE_SIZE, output.length)
  memory.writeI64(frame + at.GAS, memory.readI64(frame + at.GAS) - BigInt(gasUsed))
  return status
}

class SystemCall implements NativeCall {
  readonly address: Address
  readonly caller: Address
  readonly valueWei: bigint
  readonly input: Uint8Array
  readonly isStatic: boolean
  readonly environment: Environment
  gasLeft: number
  private readonly engine: Engine

  constructor(engine: Engine, frame: number, account: number, input: Uint8Array, gas: number) {
    const { memory, at } = engine
    const kind = memory.readU32(frame + at.KIND)
    const isBorrowed = kind === DELEGATECALL || kind === CALLCODE
    this.engine = engine
    this.address = engine.addressOf(account)
    this.caller = memory.readAddress(frame + at.CALLER)
    this.valueWei = isBorrowed ? 0n : memory.readWord(frame + at.VALUE)
    this.input = input
    this.isStatic = isBorrowed || memory.readU32(frame + at.IS_STATIC) !== 0
    this.environment = engine.environment!
    this.gasLeft = gas
  }

  chargeGas(gas: number): void {
    if (!(gas <= this.gasLeft)) throw new Halt(OUT_OF_GAS)
    this.gasLeft -= gas
  }

  load(contract: Address, slot: Hash): bigint {
    const { engine } = this
    this.leave(engine.loadSlot(engine.account(contract), slot, this.gasLeft))
    return engine.loadedValue()
  }

  store(contract: Address, slot: Hash, value: bigint): void {
    this.write()
    const { engine } = this
    this.leave(engine.storeSlot(engine.account(contract), slot, value, this.gasLeft))
  }

  log(contract: Address, topics: readonly Hash[], data: Uint8Array): void {
    this.write()
    assert(topics.length <= 4, 'a log has at most 4 topics')
    this.chargeGas(LOG_GAS * (topics.length + 1) + LOG_BYTE_GAS * data.length)
    this.engine.addLog(this.engine.account(contract), topics, data)
  }

  balance(address: Address): bigint {
    return this.engine.balance(this.reach(address))
  }

  transfer(from: Address, to: Address, amountWei: bigint): void {
    this.write()
    const { engine } = this
    const receiver = this.reach(to)
    this.chargeGas(CREDIT_GAS)
    if (amountWei === 0n) return
    if (engine.run.isEmptyAccount(receiver) !== 0) this.chargeGas(NEW_ACCOUNT_GAS)
    engine.subtractBalance(this.payer(from, amountWei), amountWei)
    engine.addBalance(receiver, amountWei)
  }

  burn(from: Address, amountWei: bigint): void {
    this.write()
    this.chargeGas(CREDIT_GAS)
    this.engine.burn(this.payer(from, amountWei), amountWei)
  }

  private payer(from: Address, amountWei: bigint): number {
    const account = this.engine.account(from)
    const has = this.engine.balance(account)
    assert(has >= amountWei, `a debit of ${amountWei} from ${from}, which has ${has}`)
    return account
  }

  /** So much gas is left of what there was; less than nothing ends the call. */
  private leave(gas: number): void {
    if (gas < 0) throw new Halt(OUT_OF_GAS)
    this.gasLeft = gas
  }

  private write(): void {
    if (this.isStatic) throw new Halt(STATIC_VIOLATION)
  }

  /** The account, warm and paid for. */
  private reach(address: Address): number {
    const account = this.engine.reachAccount(address, this.gasLeft)
    if (account === 0) throw new Halt(OUT_OF_GAS)
    this.chargeGas(this.engine.run.warmAccount(account) !== 0 ? COLD_ACCOUNT_GAS : WARM_GAS)
    return account
  }
}
