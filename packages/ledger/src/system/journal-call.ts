// A system call over a transaction's journal: every step metered, everything undone where it fails.
import { type Address, assert, EMPTY_BYTES, type Hash } from '@tan/primitives'
import { ACCESS_GAS, CREDIT_GAS, logGas, slotChangeGas } from '../gas.ts'
import type { Journal } from '../state/journal.ts'
import type { CallEnvironment, SystemCall } from './call.ts'

export interface SystemRequest {
  readonly caller: Address
  /** moved to the contract already, and the host's to take back */
  readonly valueWei: bigint
  readonly gas: number
  readonly isStatic: boolean
}

export interface CallResult {
  readonly succeeded: boolean
  readonly gasLeft: number
  /** what was returned, or the error that it reverted with */
  readonly output: Uint8Array
}

const OUT_OF_GAS = Symbol('out of gas')

export function runSystemCall(
  journal: Journal,
  environment: CallEnvironment,
  request: SystemRequest,
  code: (call: SystemCall) => { readonly isRevert: boolean; readonly output: Uint8Array },
): CallResult {
  const checkpoint = journal.checkpoint()
  const call = new JournalCall(journal, environment, request)
  try {
    const { isRevert, output } = code(call)
    if (isRevert) journal.rollback(checkpoint)
    return { succeeded: !isRevert, gasLeft: call.gasLeft, output }
  } catch (error) {
    if (error !== OUT_OF_GAS) throw error
    journal.rollback(checkpoint)
    return { succeeded: false, gasLeft: 0, output: EMPTY_BYTES }
  }
}

class JournalCall implements SystemCall {
  readonly environment: CallEnvironment
  readonly caller: Address
  readonly valueWei: bigint
  readonly isStatic: boolean
  readonly #journal: Journal
  #gasLeft: number

  constructor(journal: Journal, environment: CallEnvironment, { caller, valueWei, gas, isStatic }: SystemRequest) {
    this.environment = environment
    this.caller = caller
    this.valueWei = valueWei
    this.isStatic = isStatic
    this.#journal = journal
    this.#gasLeft = gas
  }

  get gasLeft(): number {
    return this.#gasLeft
  }

  chargeGas(gas: number): void {
    if (gas > this.#gasLeft) throw OUT_OF_GAS
    this.#gasLeft -= gas
  }

  load(contract: Address, slot: Hash): bigint {
    this.chargeGas(this.#journal.touchSlot(contract, slot) ? ACCESS_GAS.coldSlot : ACCESS_GAS.warm)
    return this.#journal.slot(contract, slot)
  }

  store(contract: Address, slot: Hash, next: bigint): void {
    this.#assertMayWrite()
    if (this.#journal.touchSlot(contract, slot)) this.chargeGas(ACCESS_GAS.coldSlot)
    const current = this.#journal.slot(contract, slot)
    const { gas, refund } = slotChangeGas({ original: this.#journal.originalSlot(contract, slot), current, next })
    this.chargeGas(gas)
    if (refund !== 0) this.#journal.addRefund(refund)
    if (next !== current) this.#journal.setSlot(contract, slot, next)
  }

  log(contract: Address, topics: readonly Hash[], data: Uint8Array): void {
    this.#assertMayWrite()
    this.chargeGas(logGas(topics, data))
    this.#journal.log({ address: contract, topics, data })
  }

  transfer(from: Address, to: Address, amountWei: bigint): void {
    this.#assertMayWrite()
    this.chargeGas(this.#journal.touch(to) ? ACCESS_GAS.coldAccount : ACCESS_GAS.warm)
    this.chargeGas(CREDIT_GAS.value)
    if (amountWei === 0n) return
    if (this.#journal.isEmpty(to)) this.chargeGas(CREDIT_GAS.newAccount)
    this.#journal.debit(from, amountWei)
    this.#journal.credit(to, amountWei)
  }

  burn(from: Address, amountWei: bigint): void {
    this.#assertMayWrite()
    this.chargeGas(CREDIT_GAS.value)
    this.#journal.burn(from, amountWei)
  }

  #assertMayWrite(): void {
    assert(!this.isStatic, 'a system contract changes state in a static call')
  }
}
