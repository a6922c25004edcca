// What a block's native transactions will read, as far as their bytes say it, so that a slow store is asked once a block.
import type { Address, Hash } from '@tan/primitives'
import type { StateKey } from '@tan/storage'
import { touchedBy } from './system/contract.ts'
import { systemContractAt } from './system/contracts.ts'
import type { RecoveredTransaction } from './transaction/recover.ts'

/** Without repetitions. Reads that these miss are fetched when they are met. */
export function prefetchKeys(transactions: readonly RecoveredTransaction[], beneficiary: Address): StateKey[] {
  const keys = new Map<string, StateKey>()
  const account = (address: Address) => keys.set(address, { type: 'account', address })
  const slot = (address: Address, at: Hash) => keys.set(address + at, { type: 'slot', address, slot: at })
  account(beneficiary)
  for (const { transaction, sender } of transactions) {
    account(sender)
    if (transaction.type !== 'legacy')
      for (const { address, slots } of transaction.accessList) {
        account(address)
        for (const at of slots) slot(address, at)
      }
    const { to, data } = transaction
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
