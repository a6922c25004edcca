import {
  type Address,
  addressOfSecretKey,
  CodedError,
  createSeededRandom,
  type Hash,
  type Reason,
  randomBytesFrom,
  silentLogger,
} from '@tan/primitives'
import { type PoolProof, type PoolState, type PoolTerms, resourceCommitment } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import type { PoolChain } from '../chain/pool-chain.ts'
import { ChainError } from '../chain/rpc.ts'
import { POOL_RETRY_MS } from '../limits.ts'
import { createMemoryStore } from '../session/memory-store.ts'
import type { PoolPlan } from '../session/pool-keeper.ts'
import { createSession } from '../session/session.ts'
import { createManualTimers } from '../testing/manual-timers.ts'
import { type PayingPlan, Purse } from './purse.ts'

const random = createSeededRandom(31)
const resourceId: Hash = `0x${'11'.repeat(32)}`
const payee: Address = `0x${'22'.repeat(20)}`
const poolId: Hash = `0x${'33'.repeat(32)}`
const DEPOSIT_WEI = 1_000n
const CREDIT: PoolPlan = {
  kind: 'credit',
  depositWei: DEPOSIT_WEI,
  collateralPercent: 200,
  durationBlocks: 1_000,
  blocksLeftMin: 10,
}

/** A node that settles what is sent to it, unless it is away. */
class ScriptedChain implements PoolChain {
  readonly chainId = 5
  isAway = false
  balance = 10n ** 18n
  terms: PoolTerms | undefined
  shownSalt: Hash | undefined
  created = 0
  readonly reserved: [Address, bigint][] = []
  #isSettled = false

  settledHeight = async () => 100
  finalizedHeight = async () => 90
  redeemGraceBlocks = async () => 10
  baseFeeWei = async () => 1n
  balanceWei = async () => {
    if (this.isAway) throw new ChainError('rpc/unreachable', 'no node answers')
    return this.balance
  }
  pool = async (): Promise<PoolState | undefined> =>
    this.#isSettled && this.terms !== undefined
      ? {
          payer: this.terms.signer,
          signer: this.terms.signer,
          reserver: this.terms.reserver,
          resourceCommitment: this.terms.resourceCommitment,
          deposit: this.terms.deposit,
          collateral: this.terms.collateral,
          paid: 0n,
          claims: 0n,
          expiryHeight: 1_100,
          status: 'open',
        }
      : undefined
  target = async () => ({ paid: 0n, reserved: 0n, nonce: 0n })
  proof = async (_poolId: Hash, _target: Address, salt: Hash) => {
    this.shownSalt = salt
    return { poolId, salt } as unknown as PoolProof
  }
  prepareCreate = async (terms: PoolTerms) => {
    this.terms = terms
    this.created++
    return { poolId, transaction: { hash: poolId, encoded: new Uint8Array([1]) } }
  }
  prepareRedeem = () => Promise.reject(new Error('nothing to redeem'))
  prepareClose = () => Promise.reject(new Error('nothing to close'))
  reserve = async (_poolId: Hash, target: Address, amountWei: bigint) => void this.reserved.push([target, amountWei])
  repriced: PoolChain['repriced'] = async transaction => transaction
  settle: PoolChain['settle'] = async ({ hash }) => {
    this.#isSettled = true
    return { hash, height: 100, gasUsed: 1n, feeWei: 1n }
  }
}

function createPurse(chain: ScriptedChain, plan: PayingPlan = { pool: CREDIT }) {
  const timers = createManualTimers()
  const told: string[] = []
  const failures: Reason[] = []
  const session = createSession(randomBytesFrom(random, 32), createMemoryStore())
  const purse = new Purse({
    ...{ resourceId, plan, chain, session, random, timers, logger: silentLogger },
    send: work => work(),
    payFrom: (pool, _record, isComing) => told.push(pool === undefined ? `none, coming: ${isComing}` : pool.kind),
    opened: pool => told.push(`opened ${pool.depositWei}`),
    failed: rejection => failures.push(rejection),
  })
  return { purse, timers, told, failures, session }
}

/** All that was promised at once has been done. */
const settled = async () => {
  for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve))
}

describe('a purse', () => {
  it('opens its pool once, while its member knows that it is coming', async () => {
    const chain = new ScriptedChain()
    const { purse, told, session } = createPurse(chain)
    purse.open()
    purse.open()
    expect(purse.pool).toBeUndefined()
    await settled()
    expect(told).toEqual(['none, coming: true', 'credit', `opened ${DEPOSIT_WEI}`])
    expect(purse.pool).toMatchObject({ poolId, kind: 'credit', depositWei: DEPOSIT_WEI, collateralWei: 2_000n })
    expect(chain.created).toBe(1)
    expect(chain.terms?.signer).toBe(session.address)
  })

  it('shows payees the salt that opens its commitment to the resource', async () => {
    const chain = new ScriptedChain()
    const { purse } = createPurse(chain)
    purse.open()
    await settled()
    await purse.prove(poolId, payee)
    expect(resourceCommitment(resourceId, chain.shownSalt!)).toBe(chain.terms?.resourceCommitment)
    await purse.reserve(poolId, payee, 40n)
    expect(chain.reserved).toEqual([[payee, 40n]])
  })

  it('pays from a strict pool where it is told to', async () => {
    const chain = new ScriptedChain()
    const { purse, told } = createPurse(chain, { pool: { ...CREDIT, kind: 'strict' } })
    purse.open()
    await settled()
    expect(told).toContain('strict')
    expect(purse.pool?.collateralWei).toBe(0n)
  })

  it('tries again when a node that was away is back', async () => {
    const chain = new ScriptedChain()
    chain.isAway = true
    const { purse, told, failures, timers } = createPurse(chain)
    purse.open()
    await settled()
    expect(told).toEqual(['none, coming: true', 'none, coming: false'])
    expect(failures).toMatchObject([{ code: 'rpc/unreachable' }])
    chain.isAway = false
    timers.pass(POOL_RETRY_MS)
    await settled()
    expect(told.slice(2)).toEqual(['none, coming: true', 'credit', `opened ${DEPOSIT_WEI}`])
  })

  it('asks whoever pays for what is missing, and not again when that is refused', async () => {
    const chain = new ScriptedChain()
    chain.balance = 0n
    const asked: [Address, bigint][] = []
    const fund = async (address: Address, wei: bigint) => {
      asked.push([address, wei])
      throw new CodedError('test/refused', 'no')
    }
    const { purse, told, failures, timers, session } = createPurse(chain, { pool: CREDIT, fund })
    purse.open()
    await settled()
    timers.pass(10 * POOL_RETRY_MS)
    await settled()
    expect(asked).toEqual([[addressOfSecretKey(session.secretKey), 3n * DEPOSIT_WEI + 1_000_000n]])
    expect(failures).toMatchObject([{ code: 'test/refused' }])
    expect(told.at(-1)).toBe('none, coming: false')
  })

  it('says nothing more once it is stopped', async () => {
    const chain = new ScriptedChain()
    const { purse, told } = createPurse(chain)
    purse.open()
    purse.stop()
    await settled()
    expect(told).toEqual(['none, coming: true'])
  })
})
