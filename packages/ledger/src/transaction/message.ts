// What a transaction does once it is paid for: moves value, and calls what stands at its address. System contracts and
// accounts without code are served here and never enter the bytecode engine.
import type { Address, Hash, Rejection } from '@tan/primitives'
import { EMPTY_BYTES } from '@tan/primitives'
import type { AccessListEntry } from '@tan/protocol'
import { EMPTY_CODE_HASH } from '@tan/storage'
import { reject } from '../codes.ts'
import type { Journal } from '../state/journal.ts'
import type { CallEnvironment } from '../system/call.ts'
import { answerCall } from '../system/contract.ts'
import { systemContractAt } from '../system/contracts.ts'
import { type CallResult, runSystemCall } from '../system/journal-call.ts'

export interface BlockEnvironment extends CallEnvironment {
  readonly beneficiary: Address
  readonly gasLimit: number
  /** PREVRANDAO */
  readonly mix: Hash
}

export interface Message {
  readonly sender: Address
  /** undefined creates a contract */
  readonly to: Address | undefined
  readonly valueWei: bigint
  readonly data: Uint8Array
  readonly gas: number
}

/** Can it be run at all? What needs the bytecode engine is refused, so that its coming changes no block of before. */
export function validateMessage(journal: Journal, to: Address | undefined): Rejection | undefined {
  return validateTarget(to, () => (to === undefined ? EMPTY_CODE_HASH : journal.codeHash(to)))
}

/** The same for a mempool; `codeHash` is of the account at `to`. */
export function validateTarget(to: Address | undefined, codeHash: () => Hash): Rejection | undefined {
  if (to === undefined) return noBytecode('creating contracts')
  if (systemContractAt(to) !== undefined) return undefined
  if (isPrecompile(to)) return noBytecode(`calling the precompile ${to}`)
  if (codeHash() !== EMPTY_CODE_HASH) return noBytecode(`calling the contract ${to}`)
  return undefined
}

function noBytecode(what: string): Rejection {
  return reject('transaction/bytecode', `${what} takes the bytecode engine, which this chain does not have yet`)
}

/** What is warm from the start (EIP-2929, EIP-3651): precompiles are by themselves. */
export function warmAccounts(
  journal: Journal,
  { beneficiary }: BlockEnvironment,
  { sender, to, accessList }: Pick<Message, 'sender' | 'to'> & { readonly accessList: readonly AccessListEntry[] },
): void {
  journal.touch(sender)
  journal.touch(beneficiary)
  if (to !== undefined) journal.touch(to)
  for (const { address, slots } of accessList) {
    journal.touch(address)
    for (const slot of slots) journal.touchSlot(address, slot)
  }
}

/** The message must have passed `validateMessage`, and its sender must hold the value. Undoes everything unless it succeeds. */
export function runMessage(journal: Journal, environment: BlockEnvironment, message: Message): CallResult {
  const { sender, valueWei, data, gas } = message
  const to = message.to!
  const checkpoint = journal.checkpoint()
  if (valueWei !== 0n) {
    journal.debit(sender, valueWei)
    journal.credit(to, valueWei)
  }
  const contract = systemContractAt(to)
  if (contract === undefined) return { succeeded: true, gasLeft: gas, output: EMPTY_BYTES }
  const request = { caller: sender, valueWei, gas, isStatic: false }
  const result = runSystemCall(journal, environment, request, call => answerCall(contract, call, data))
  if (!result.succeeded) journal.rollback(checkpoint)
  return result
}

/** 0x01 to 0x11 (Prague) and 0x0100 (EIP-7951). */
function isPrecompile(address: Address): boolean {
  if (!address.startsWith('0x000000000000000000000000000000000000')) return false
  const number = Number.parseInt(address.slice(-4), 16)
  return (number >= 1 && number <= 0x11) || number === 0x100
}
