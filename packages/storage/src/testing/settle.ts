// A process that settles one state after another until it is killed, and says which ones are on disk. For tests.
import { type Address, toHex, utf8ToBytes } from '@tan/primitives'
import { openStore } from '../engines/open-store.ts'
import { EMPTY_CODE_HASH } from '../state/account.ts'
import { StateStore } from '../state/state-store.ts'
import type { AccountWrite, StateWrites } from '../state/writes.ts'
import { openTable } from '../table.ts'

/** The same for the same height, so that anybody can tell the root. */
export function writesOfStep(height: number): StateWrites {
  const accounts = new Map<Address, AccountWrite>()
  for (let i = 0; i < 50; i++) {
    const address = toHex(new Uint8Array(20).fill((height * 7 + i * 3) % 256, 10))
    accounts.set(address, { nonce: BigInt(height), balance: BigInt(i), codeHash: EMPTY_CODE_HASH })
  }
  return { accounts, storage: new Map(), codes: new Map() }
}

async function settleForever(url: string): Promise<void> {
  const store = await openStore(url)
  const states = await StateStore.open(store)
  const heights = openTable(store, 'height')
  const record = await heights.get(utf8ToBytes('newest'))
  for (let height = Number(new TextDecoder().decode(record ?? utf8ToBytes('0'))) + 1; ; height++) {
    const state = states.apply(states.settled, writesOfStep(height))
    await states.settle(state, [heights.put(utf8ToBytes('newest'), utf8ToBytes(`${height}`))])
    process.stdout.write(`${height}\n`)
  }
}

if (import.meta.main) await settleForever(process.argv[2]!)
