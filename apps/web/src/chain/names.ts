// Names for addresses: system contracts, validators, guardians, edges, the user.
import type { Address } from '@tan/primitives'
import { SYSTEM_ADDRESSES } from '@tan/protocol'
import type { Guardian } from '../rpc/tan.ts'
import { createStore, useStore } from '../store.ts'

const SYSTEM_NAMES: ReadonlyMap<Address, string> = new Map([
  [SYSTEM_ADDRESSES.tanToken, 'TAN token'],
  [SYSTEM_ADDRESSES.staking, 'Staking'],
  [SYSTEM_ADDRESSES.paymentPools, 'Payment pools'],
  [SYSTEM_ADDRESSES.evidence, 'Evidence'],
  [SYSTEM_ADDRESSES.parameters, 'Parameters'],
  [SYSTEM_ADDRESSES.treasury, 'Treasury'],
])

const names = createStore<ReadonlyMap<Address, string>>(SYSTEM_NAMES)

/** Adds names; replaces a name that is already known. */
export function learnNames(entries: Iterable<readonly [Address, string]>): void {
  names.update(known => {
    const added = [...entries].filter(([address, name]) => known.get(address) !== name && !SYSTEM_NAMES.has(address))
    return added.length === 0 ? known : new Map([...known, ...added])
  })
}

/** The guardians in the node's order; validators have their own numbering. */
export function guardianNames(guardians: readonly Pick<Guardian, 'address' | 'isValidator'>[]): [Address, string][] {
  let validators = 0
  let others = 0
  return guardians.map(({ address, isValidator }) => [
    address,
    isValidator ? `Validator ${++validators}` : `Guardian ${++others}`,
  ])
}

export function nameOf(address: Address): string | undefined {
  return names.get().get(address)
}

export function useName(address: Address): string | undefined {
  return useStore(names).get(address)
}
