// What native contracts pay for slots, and what leaves the supply through them and otherwise.
import { type Address, EMPTY_BYTES, fromHex, type Hash, type Hex } from '@tan/primitives'
import { beforeEach, describe, expect, it } from 'vitest'
import { createEvm, type Evm } from './evm.ts'
import type { NativeContract } from './native.ts'
import { environmentOf } from './testing/differential.ts'
import { World } from './testing/world.ts'

const SENDER: Address = '0x00000000000000000000000000000000000a11ce'
const TARGET: Address = '0x00000000000000000000000000000000000000bb'
const SYSTEM: Address = '0x0000000000000000000000000000000000005757'
const osaka = environmentOf('osaka')
const key = (n: number): Hash => `0x${n.toString(16).padStart(64, '0')}`

let evm: Evm
let world: World
beforeEach(() => {
  evm = createEvm()
  world = new World()
  world.put(SENDER, { nonce: 1n, balance: 10n ** 18n })
})

function withNative(contract: NativeContract, storage: Map<Hash, bigint> = new Map()): void {
  world.put(SYSTEM, { nonce: 1n, balance: 100n, code: fromHex('0xfe'), storage })
  Object.assign(world, { native: (address: Address) => (address === SYSTEM ? contract : undefined) })
}

function run(to: Address | undefined, input: Uint8Array = EMPTY_BYTES, value = 0n) {
  return evm.execute({ caller: SENDER, to, value, input, gas: 1_000_000n, gasPrice: 0n }, osaka, world)
}

describe('the price of writing a slot', () => {
  // The reference cases of EIP-3529, less three gas for each PUSH of their bytecode.
  const cases: [writes: bigint[], original: bigint, gas: bigint, refund: bigint][] = [
    [[0n, 0n], 0n, 200n, 0n],
    [[0n, 1n], 0n, 20_100n, 0n],
    [[1n, 0n], 0n, 20_100n, 19_900n],
    [[1n, 2n], 0n, 20_100n, 0n],
    [[1n, 1n], 0n, 20_100n, 0n],
    [[0n, 0n], 1n, 3_000n, 4_800n],
    [[0n, 1n], 1n, 3_000n, 2_800n],
    [[0n, 2n], 1n, 3_000n, 0n],
    [[2n, 0n], 1n, 3_000n, 4_800n],
    [[2n, 3n], 1n, 3_000n, 0n],
    [[2n, 1n], 1n, 3_000n, 2_800n],
    [[2n, 2n], 1n, 3_000n, 0n],
    [[1n, 0n], 1n, 3_000n, 4_800n],
    [[1n, 2n], 1n, 3_000n, 0n],
    [[1n, 1n], 1n, 200n, 0n],
    [[1n, 0n, 1n], 0n, 40_100n, 19_900n],
    [[0n, 1n, 0n], 1n, 5_900n, 7_600n],
  ]

  it.each(cases)('%s over %s', (writes, original, gas, refund) => {
    withNative(
      call => {
        call.load(SYSTEM, key(0)) // warm from here on
        for (const value of writes) call.store(SYSTEM, key(0), value)
        return { isRevert: false, output: EMPTY_BYTES }
      },
      original === 0n ? new Map() : new Map([[key(0), original]]),
    )
    const result = run(SYSTEM)
    expect([1_000_000n - result.gasLeft - 2_100n, result.refund]).toEqual([gas, refund])
  })
})

describe('what leaves the supply', () => {
  const supply = () => [...world.accounts.values()].reduce((sum, { balance }) => sum + balance, 0n)
  const burnedBy = (action: () => { burned: bigint; changes: Parameters<World['apply']>[0] }): bigint => {
    const before = supply()
    const { burned, changes } = action()
    world.apply(changes)
    expect(before - supply()).toBe(burned)
    return burned
  }
  /** Calls SYSTEM with its own input, and reverts if that is longer than a byte. */
  const CALLER: Hex = `0x36600060003760006000366000600061${SYSTEM.slice(-4)}5af15060013611601d57005b60006000fd`

  it('is what native contracts burn, unless it is taken back', () => {
    withNative(call => {
      call.burn(SYSTEM, 7n)
      call.burn(SYSTEM, 2n)
      return { isRevert: call.input[0] === 1, output: EMPTY_BYTES }
    })
    expect(burnedBy(() => run(SYSTEM))).toBe(9n)
    expect(burnedBy(() => run(SYSTEM, Uint8Array.of(1)))).toBe(0n)
    world.put(TARGET, { nonce: 1n, code: fromHex(CALLER) })
    expect(burnedBy(() => run(TARGET, Uint8Array.of(0)))).toBe(9n)
    expect(burnedBy(() => run(TARGET, Uint8Array.of(1)))).toBe(0n)
    const reverted = run(TARGET, Uint8Array.of(0, 0))
    expect([reverted.status, reverted.burned]).toEqual(['revert', 0n])
  })

  it('is what a contract destroys of itself in the transaction that made it, and nothing later', () => {
    // ADDRESS SELFDESTRUCT: as init code, and as the code of one that is there
    expect(burnedBy(() => run(undefined, fromHex('0x30ff'), 5n))).toBe(5n)
    world.put(TARGET, { nonce: 1n, balance: 3n, code: fromHex('0x30ff') })
    expect(burnedBy(() => run(TARGET, EMPTY_BYTES, 4n))).toBe(0n)
    // a beneficiary gets it
    expect(burnedBy(() => run(undefined, fromHex(`0x73${TARGET.slice(2)}ff`), 5n))).toBe(0n)
  })

  it('is what comes to a contract after it has destroyed itself', () => {
    // creates one with 3 wei that destroys itself in favour of the caller, and sends it 2 more
    world.put(TARGET, {
      nonce: 1n,
      code: fromHex('0x6133ff60005260026 01e6003f0 6000600060006000 6002 855af100'.replaceAll(' ', '') as Hex),
    })
    expect(burnedBy(() => run(TARGET, EMPTY_BYTES, 9n))).toBe(2n)
  })

  it('is before Cancun what any contract destroys of itself', () => {
    world.put(TARGET, { nonce: 1n, balance: 3n, code: fromHex('0x30ff') })
    const message = { caller: SENDER, to: TARGET, value: 4n, input: EMPTY_BYTES, gas: 100_000n, gasPrice: 0n }
    expect(burnedBy(() => evm.execute(message, environmentOf('london'), world))).toBe(7n)
  })
})
