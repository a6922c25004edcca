// A state test through the engine alone, without a block around it: for transactions with more gas than a block of TAN can
// count.
import { createEvm, type Environment, type Host, type StateChanges } from '@tan/evm'
import type { RecoveredTransaction } from '@tan/ledger'
import { type Address, type Hash, keccakHash, utf8ToBytes } from '@tan/primitives'
import { EMPTY_ROOT, type State, type StateWrites } from '@tan/storage'

const evm = createEvm()

export interface EngineOutcome {
  readonly logs: readonly { readonly address: Address; readonly topics: readonly Hash[]; readonly data: Uint8Array }[]
  readonly writes: StateWrites
}

/** Or the code that it is refused with. */
export function runInEngine(
  { input }: RecoveredTransaction,
  before: State,
  environment: Environment,
): EngineOutcome | string {
  const result = evm.applyTransaction(input, environment, hostOf(before), { tipTo: environment.coinbase })
  if (!result.ok) return result.rejection.code
  return { logs: result.value.logs, writes: writesOf(result.value.changes) }
}

function hostOf(state: State): Host {
  return {
    account(address) {
      const found = state.account(address)
      return found === undefined ? undefined : { ...found, hasStorage: found.storageRoot !== EMPTY_ROOT }
    },
    slot: (address, key) => state.storage(address, key),
    code: hash => state.code(hash),
    // the tests' rule: the hash of the number in decimal
    blockHash: number => keccakHash(utf8ToBytes(String(number))),
  }
}

function writesOf({ deleted, accounts, slots }: StateChanges): StateWrites {
  const storage = new Map<Address, { cleared: boolean; slots: Map<Hash, bigint> }>()
  for (const { address, key, value } of slots) {
    const known = storage.get(address) ?? { cleared: false, slots: new Map() }
    known.slots.set(key, value)
    storage.set(address, known)
  }
  return {
    accounts: new Map([
      ...deleted.map((address): [Address, undefined] => [address, undefined]),
      ...accounts.map(({ address, nonce, balance, codeHash }) => [address, { nonce, balance, codeHash }] as const),
    ]),
    storage,
    codes: new Map(accounts.flatMap(({ codeHash, code }) => (code === undefined ? [] : [[codeHash, code] as const]))),
  }
}
