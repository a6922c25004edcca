// The system contracts (spec L-SYSTEM), by address, and their errors in words.
import type { NativeContract } from '@tan/evm'
import { type Address, shorten, toHex } from '@tan/primitives'
import { type AbiError, abiError, SELECTOR_BYTES } from '../abi/members.ts'
import { type AbiTypes, decodeValues, string, uint256 } from '../abi/types.ts'
import type { SystemCall } from './call.ts'
import { answerCall, type SystemContract } from './contract.ts'
import { paymentPools } from './payment-pools/contract.ts'
import { staking } from './staking.ts'
import { tanToken } from './tan-token.ts'

export const SYSTEM_CONTRACTS: readonly SystemContract[] = [tanToken, staking, paymentPools]

const byAddress = new Map<Address, SystemContract>(SYSTEM_CONTRACTS.map(contract => [contract.address, contract]))

export function systemContractAt(address: Address): SystemContract | undefined {
  return byAddress.get(address)
}

// The ledger gives the engine no other environments than its own blocks'.
const natives = new Map<Address, NativeContract>(
  SYSTEM_CONTRACTS.map(contract => [contract.address, call => answerCall(contract, call as SystemCall)]),
)

/** The same as the engine calls it. */
export function nativeContractAt(address: Address): NativeContract | undefined {
  return natives.get(address)
}

/** what Solidity itself reverts with */
const SOLIDITY_ERRORS: readonly AbiError<AbiTypes>[] = [abiError('Error', string), abiError('Panic', uint256)]

const errorsBySelector = new Map<string, AbiError<AbiTypes>>(
  [...SOLIDITY_ERRORS, ...SYSTEM_CONTRACTS.flatMap(contract => contract.errors)].map(error => [error.selector, error]),
)

/** `InsufficientBalance(0x…, 5, 7)` for the output of a call that reverted, whatever it holds; for a person to read. */
export function explainRevert(output: Uint8Array): string {
  if (output.length === 0) return 'no reason given'
  const error = errorsBySelector.get(toHex(output.subarray(0, SELECTOR_BYTES)))
  try {
    if (error !== undefined)
      return shorten(`${error.name}(${decodeValues(error.inputs, output.subarray(SELECTOR_BYTES)).join(', ')})`, 200)
  } catch {
    // it only looks like one of ours
  }
  return shorten(toHex(output))
}
