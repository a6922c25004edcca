// Cases with an answer of their own, for rules that the oracle's library does not have.
import { type Address, EMPTY_BYTES, fromHex } from '@tan/primitives'
import type { Engine } from '../engine.ts'
import { FORKS } from '../forks.ts'
import { execute } from '../run.ts'
import { environmentOf } from './differential.ts'
import { CONTRACTS, SENDER, slotKey } from './program.ts'
import { World } from './world.ts'

export interface DirectedCase {
  readonly name: string
  /** what is wrong, if anything */
  run(engine: Engine): string | undefined
}

/** What CONTRACTS[0] creates with nonce 1, and with CREATE2 of no init code and salt 0. */
const CREATED: Address = '0x93da612d2a72aa99d5ba73757f2e644fb4d6a934'
const SALTED: Address = '0xdc8fd8a02f26db83b8dbe0005deca28b52ac5841'

export const DIRECTED_CASES: readonly DirectedCase[] = [
  {
    name: 'a first access succeeds with just its price, and not with less (EIP-2929)',
    run(engine) {
      for (const [code, price] of [
        ['0x60cc31', 2603n],
        ['0x60cc54', 2103n],
      ] as const)
        for (const gas of [price - 1n, price]) {
          const world = new World()
          world.put(SENDER, { balance: 1n })
          world.put(CONTRACTS[0]!, { nonce: 1n, code: fromHex(code) })
          const message = { caller: SENDER, to: CONTRACTS[0]!, value: 0n, input: EMPTY_BYTES, gas, gasPrice: 1n }
          const { status } = execute(engine, message, environmentOf('osaka'), world)
          if ((status === 'success') !== (gas === price)) return `${code} with ${gas} gas ends with ${status}`
        }
      return undefined
    },
  },
  {
    name: 'an account that has nothing but slots is not created anew (EIP-7610)',
    run(engine) {
      for (const fork of FORKS)
        for (const [address, code] of [
          [CREATED, '0x600060006000f060005260206000f3'],
          [SALTED, '0x6000600060006000f560005260206000f3'],
        ] as const)
          for (const isTaken of [true, false]) {
            const world = new World()
            world.put(SENDER, { balance: 1n })
            world.put(CONTRACTS[0]!, { nonce: 1n, code: fromHex(code) })
            if (isTaken) world.put(address, { storage: new Map([[slotKey({ uint32: () => 0 }), 1n]]) })
            const message = {
              caller: SENDER,
              to: CONTRACTS[0]!,
              value: 0n,
              input: EMPTY_BYTES,
              gas: 10n ** 6n,
              gasPrice: 1n,
            }
            const result = execute(engine, message, environmentOf(fork), world)
            const isMade = result.returnData.some(byte => byte !== 0)
            const isThere = result.changes.accounts.some(account => account.address === address)
            if (isMade === isTaken || isThere === isTaken)
              return `${fork}: ${code} made ${isMade}, where slots are ${isTaken}`
          }
      return undefined
    },
  },
]
