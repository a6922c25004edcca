// The system contracts that stand, by address, and their errors in words.
import { type Address, shorten, toHex } from '@tan/primitives'
import { SELECTOR_BYTES } from '../abi/members.ts'
import { decodeValues } from '../abi/types.ts'
import type { SystemContract } from './contract.ts'
import { paymentPools } from './payment-pools/contract.ts'
import { staking } from './staking.ts'
import { tanToken } from './tan-token.ts'

export const SYSTEM_CONTRACTS: readonly SystemContract[] = [tanToken, staking, paymentPools]

const byAddress = new Map<Address, SystemContract>(SYSTEM_CONTRACTS.map(contract => [contract.address, contract]))

export function systemContractAt(address: Address): SystemContract | undefined {
  return byAddress.get(address)
}

const errorsBySelector = new Map(
  SYSTEM_CONTRACTS.flatMap(contract => contract.errors).map(error => [error.selector as string, error]),
)

/** `InsufficientBalance(0x…, 5, 7)` for the output of a system call that reverted; for a person to read. */
export function explainRevert(output: Uint8Array): string {
  const error = errorsBySelector.get(toHex(output.subarray(0, SELECTOR_BYTES)))
  if (error === undefined) return output.length === 0 ? 'no reason given' : shorten(toHex(output))
  return `${error.name}(${decodeValues(error.inputs, output.subarray(SELECTOR_BYTES)).join(', ')})`
}
