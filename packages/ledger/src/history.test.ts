// What must hold after every block, whatever transactions come: the supply of both coins, and what the system contracts owe.
import { type Address, bls, type Hash, keccak256, toHex, utf8ToBytes, ZERO_HASH } from '@tan/primitives'
import { possessionDigest, SYSTEM_ADDRESSES, slotAt, TAN_SUPPLY_WEI, TANGAM_GENESIS_SUPPLY_WEI } from '@tan/protocol'
import type { State } from '@tan/storage'
import fc from 'fast-check'
import { toEventSelector } from 'viem'
import { describe, expect, it } from 'vitest'
import { tanBalanceSlot } from './system/tan-token.ts'
import { GWEI, signed, TestChain, TOKEN, testAccount, testGenesis } from './testing/chain.ts'
import { CONTRACTS, type ContractName, encodeCall } from './testing/world.ts'
import type { RecoveredTransaction } from './transaction.ts'

/** two that guard the chain from its genesis on, and two that may come to */
const actors = ['guardian 0', 'guardian 2', 'actor 2', 'actor 3'].map(testAccount)
const genesis = testGenesis(actors, { unbondingBlocks: 2, redeemGraceBlocks: 1 })
const { guardianStakeMinWei: leastStake } = genesis.parameters
const everyone: readonly Address[] = [
  ...new Set([
    ...actors.map(({ address }) => address),
    ...genesis.guardians.map(({ address }) => address),
    ...Object.values(SYSTEM_ADDRESSES),
    testAccount('nobody').address,
  ]),
]

const POOL_CREATED = toEventSelector('PoolCreated(bytes32,address,bytes32,uint256,uint256,uint64,address,address)')

/** What an actor does; whether it may is the ledger's to say. The name is for counting. */
interface Deed {
  readonly name: string
  readonly to?: Address
  readonly data?: Uint8Array
  readonly value?: bigint
  readonly gasLimit?: bigint
}

const who = fc.nat({ max: actors.length - 1 })
const target = fc.constantFrom(...everyone)
const coins = fc.bigInt({ min: 0n, max: 3n * 10n ** 26n })
const stake = fc.oneof(fc.constant(leastStake), fc.bigInt({ min: 0n, max: 2n * leastStake }))
const deposit = fc.bigInt({ min: 0n, max: 10n * TOKEN })

const call = (contract: ContractName, name: string, args: readonly unknown[], value = 0n): Deed => ({
  name,
  to: CONTRACTS[contract].address,
  data: encodeCall(contract, name, args),
  value,
  gasLimit: 1_000_000n,
})

/** `pools` are those that were created before. */
const deeds: fc.Arbitrary<(actor: number, pools: readonly Hash[]) => Deed> = fc.oneof(
  fc.tuple(target, coins).map(([to, value]) => () => ({ name: 'send', to, value, gasLimit: 30_000n })),
  fc.tuple(target, coins).map(
    ([to, amount]) =>
      () =>
        call('tan', 'transfer', [to, amount]),
  ),
  fc.tuple(target, coins).map(
    ([spender, amount]) =>
      () =>
        call('tan', 'approve', [spender, amount]),
  ),
  fc.tuple(target, target, coins).map(
    ([from, to, amount]) =>
      () =>
        call('tan', 'transferFrom', [from, to, amount]),
  ),
  fc.constant((actor: number) => {
    const key = bls.secretKey(keccak256(utf8ToBytes(`key ${actor}`)))
    const publicKey = bls.publicKey(key)
    const proof = bls.sign(possessionDigest(genesis.chainId, actors[actor]!.address, publicKey), key)
    return call('staking', 'registerKey', [toHex(publicKey), toHex(proof)])
  }),
  stake.map(amount => () => call('staking', 'deposit', [amount])),
  stake.map(amount => () => call('staking', 'withdraw', [amount])),
  fc.constant(() => call('staking', 'claim', [])),
  fc.boolean().map(is => () => call('staking', 'setCandidate', [is])),
  fc
    .tuple(deposit, fc.boolean(), fc.integer({ min: 0, max: 3 }))
    .map(([amount, isStrict, duration]) => (actor: number) => {
      const collateral = isStrict ? 0n : 2n * amount
      const { address } = actors[actor]!
      const reserves = isStrict ? [{ target: address, amount: amount / 2n }] : []
      const args = [toHex(new Uint8Array(32)), amount, collateral, BigInt(duration), address, address, reserves]
      return call('pools', 'createPool', args, amount + collateral)
    }),
  fc
    .nat()
    .map(i => (_: number, pools: readonly Hash[]) => call('pools', 'close', [pools[i % pools.length] ?? ZERO_HASH])),
  fc.uint8Array({ maxLength: 100 }).chain(data =>
    fc.tuple(target, deposit).map(([to, value]) => () => ({ name: 'garbage', to, data, value, gasLimit: 100_000n })),
  ),
)

function supplies(state: State) {
  const tangam = everyone.reduce((sum, address) => sum + (state.account(address)?.balance ?? 0n), 0n)
  const slot = (contract: Address, at: bigint) => state.storage(contract, slotAt(at))
  const tan = everyone.reduce(
    (sum, address) => sum + state.storage(SYSTEM_ADDRESSES.tanToken, tanBalanceSlot(address)),
    0n,
  )
  const staked = slot(SYSTEM_ADDRESSES.staking, 0n)
  const held = state.storage(SYSTEM_ADDRESSES.tanToken, tanBalanceSlot(SYSTEM_ADDRESSES.staking))
  return { tangam, tan, supply: slot(SYSTEM_ADDRESSES.tanToken, 2n), staked, held }
}

describe('over any history of blocks', () => {
  // spec L-BURN, L-HELD
  it('both coins add up, and Staking holds all that is staked or unbonding', async () => {
    const plan = fc.array(
      fc.array(fc.record({ who, deed: deeds, tip: fc.bigInt({ min: 0n, max: GWEI }) }), { maxLength: 12 }),
      { minLength: 1, maxLength: 8 },
    )
    const done = new Set<string>()
    await fc.assert(
      fc.asyncProperty(plan, async blocks => {
        const chain = await TestChain.open(genesis)
        const pools: Hash[] = []
        const unbonding = new Map<Address, bigint>()
        let burned = 0n
        for (const block of blocks) {
          const nonces = new Map<number, bigint>()
          const names = new Map<RecoveredTransaction, string>()
          for (const { who, deed, tip } of block) {
            const { address } = actors[who]!
            const nonce = nonces.get(who) ?? chain.head.state.account(address)?.nonce ?? 0n
            nonces.set(who, nonce + 1n)
            const { name, ...draft } = deed(who, pools)
            names.set(signed(genesis, actors[who]!, { nonce, maxPriorityFeePerGas: tip, ...draft }), name)
          }
          const candidates = names.keys()
          const built = await chain.grow(candidates)
          burned += built.burnedWei
          const { tangam, tan, supply, staked, held } = supplies(built.state)
          expect(tangam).toBe(TANGAM_GENESIS_SUPPLY_WEI - burned)
          expect(tan).toBe(TAN_SUPPLY_WEI)
          expect(supply).toBe(TAN_SUPPLY_WEI)
          for (const { address } of [...actors, ...genesis.guardians]) {
            const answer = chain.builder.call(built, {
              to: SYSTEM_ADDRESSES.staking,
              data: encodeCall('staking', 'stakeOf', [address]),
            })
            if (!answer.ok) throw new Error(answer.rejection.message)
            const [, second] = words(answer.value.output)
            unbonding.set(address, second!)
          }
          expect(held).toBe(staked + [...unbonding.values()].reduce((a, b) => a + b, 0n))
          expect(built.receipts.length).toBe(built.transactions.length)
          for (const [i, { succeeded, logs }] of built.receipts.entries()) {
            if (succeeded) done.add(names.get(built.transactions[i]!)!)
            for (const { topics } of logs) if (topics[0] === POOL_CREATED) pools.push(topics[1]!)
          }
          const fees = built.transactions.reduce((sum, _, i) => sum + gasUsedOf(built.receipts, i), 0)
          expect(fees).toBe(built.header.gasUsed)
        }
      }),
      { numRuns: 25, seed: 1 },
    )
    // the histories are not all of refusals
    expect([...done].sort()).toEqual([
      'approve',
      'claim',
      'close',
      'createPool',
      'deposit',
      'garbage',
      'registerKey',
      'send',
      'setCandidate',
      'transfer',
      'transferFrom',
      'withdraw',
    ])
  })
})

function words(output: Uint8Array): bigint[] {
  return Array.from({ length: output.length / 32 }, (_, i) => BigInt(toHex(output.subarray(32 * i, 32 * i + 32))))
}

function gasUsedOf(receipts: readonly { readonly cumulativeGasUsed: number }[], i: number): number {
  return receipts[i]!.cumulativeGasUsed - (receipts[i - 1]?.cumulativeGasUsed ?? 0)
}
