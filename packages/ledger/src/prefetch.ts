// What a block's transactions will read, as far as their bytes say it, so that a slow store is asked once for it. What bytecode
// reads shows only when it runs.
import type { Address, Hash } from '@tan/primitives'
import type { StateKey } from '@tan/storage'
import { touchedBy } from './system/contract.ts'
import { systemContractAt } from './system/contracts.ts'
import type { RecoveredTransaction } from './transaction.ts'

/** Without repetitions. Reads that these miss are fetched when they are met. */
export function prefetchKeys(transactions: readonly RecoveredTransaction[], beneficiary: Address): StateKey[] {
  const keys = new Map<string, StateKey>()
  const account = (address: Address) => keys.set(address, { type: 'account', address })
  const slot = (address: Address, at: Hash) => keys.set(address + at, { type: 'slot', address, slot: at })
  account(beneficiary)
  for (const { sender, input } of transactions) {
    const { to, data, accessList = [], authorizations = [] } = input
    account(sender)
    for (const { address, slots } of accessList) {
      account(address)
      for (const at of slots) slot(address, at)
    }
    for (const { authority } of authorizations) if (authority !== undefined) account(authority)
    if (to === undefined) continue
    account(to)
    const contract = systemContractAt(to)
    if (contract === undefined) continue
    const { accounts = [], slots = [] } = touchedBy(contract, sender, data)
    for (const address of accounts) account(address)
    for (const touched of slots) {
      account(touched.contract)
      slot(touched.contract, touched.slot)
    }
  }
  return [...keys.values()]
}
