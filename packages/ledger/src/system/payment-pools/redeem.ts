// Paying vouchers out of a pool, and proving that more was promised than a credit pool holds. Amounts are cumulative, so
// that order, batches and replays do not matter.
import { type Address, fromHex, type Hash } from '@tan/primitives'
import {
  availableTo,
  isChainPreimage,
  isStrictPool,
  limits,
  type PoolState,
  REDEMPTION_CODES,
  type RedemptionCode,
  recoverVoucherSigner,
  voucherValue,
} from '@tan/protocol'
import { REDEMPTIONS_MAX } from '../../limits.ts'
import { emit, revert, type SystemCall } from '../call.ts'
import { CHAIN_STEP_GAS, CRYPTO_GAS, keccakGas, OVERSPEND_REFUND_GAS } from '../gas.ts'
import {
  claimOf,
  closableHeight,
  Errors,
  Events,
  FIELDS,
  findPool,
  type LoadedPool,
  loadPool,
  loadTarget,
  POOLS,
  requireOpen,
  storePool,
  storeTarget,
} from './pool.ts'

/** A voucher, and the newest preimage of its hash chain, if it has one: index 0 is the voucher alone. */
export interface Redemption {
  readonly poolId: Hash
  readonly target: Address
  readonly amount: bigint
  readonly targetSettlementSequence: bigint
  readonly chainAnchor: Hash
  readonly chainLength: bigint
  readonly unit: bigint
  readonly signature: Uint8Array
  readonly preimage: Hash
  readonly index: bigint
}

export interface RedemptionResult {
  /** its place in REDEMPTION_CODES */
  readonly code: bigint
  readonly shown: bigint
  readonly paid: bigint
}

/** A pool within one call: loaded once, written once. */
interface OpenedPool {
  readonly loaded: LoadedPool
  state: PoolState
}

/** By anyone. A voucher that does not hold is skipped with its code; the others pay their targets. */
export function redeem(call: SystemCall, redemptions: readonly Redemption[]): readonly RedemptionResult[] {
  requireCount(redemptions)
  const pools = new Map<Hash, OpenedPool | undefined>()
  const results = redemptions.map(redemption => {
    const { poolId } = redemption
    if (!pools.has(poolId)) {
      const loaded = findPool(call, poolId, FIELDS.redeem)
      pools.set(poolId, loaded === undefined ? undefined : { loaded, state: loaded.state })
    }
    return redeemOne(call, pools.get(poolId), redemption)
  })
  for (const pool of pools.values()) if (pool !== undefined) storePool(call, pool.loaded, pool.state)
  return results
}

function redeemOne(call: SystemCall, pool: OpenedPool | undefined, redemption: Redemption): RedemptionResult {
  if (pool === undefined) return resultOf('unknown-pool', 0n, 0n)
  if (pool.state.status === 'closed' || call.environment.height >= closableHeight(call, pool.state))
    return resultOf('expired', 0n, 0n)
  const shown = shownBy(call, pool.state, redemption)
  if (typeof shown === 'string') return resultOf(shown, 0n, 0n)

  const { poolId, target } = redemption
  const before = loadTarget(call, poolId, target)
  const own = claimOf(before)
  const isStrict = isStrictPool(pool.state)
  const payable = isStrict ? least(shown, before.reserved) : shown
  const claims = pool.state.claims - own + most(own, payable)
  // what one target is owed beyond the deposit less all other claims is what was promised twice
  const isProof = pool.state.status === 'open' && claims > pool.state.deposit
  if (isProof) pool.state = freeze(call, poolId, pool.state, claims, 1)

  const due = most(payable - before.paid, 0n)
  const paid = least(due, availableTo(pool.state, before))
  if (paid > 0n) {
    const after = { ...before, paid: before.paid + paid }
    storeTarget(call, poolId, target, after)
    const { state } = pool
    pool.state = { ...state, paid: state.paid + paid, claims: state.claims - own + claimOf(after) }
    call.transfer(POOLS, target, paid)
  }
  const result = resultOf(isProof ? 'overspent' : codeOf(shown - before.paid, paid), shown, paid)
  emit(call, POOLS, Events.Redeemed, poolId, target, result.shown, result.paid, result.code)
  return result
}

function codeOf(wanted: bigint, paid: bigint): RedemptionCode {
  if (wanted <= 0n) return 'nothing-new'
  return paid === wanted ? 'paid' : 'short'
}

/** By anyone, and without paying: vouchers that together show more than the deposit. Those that do not hold are ignored. */
export function proveOverspend(call: SystemCall, poolId: Hash, redemptions: readonly Redemption[]): void {
  requireCount(redemptions)
  const pool = loadPool(call, poolId, FIELDS.redeem)
  const { state } = pool
  requireOpen(call, pool)
  if (isStrictPool(state)) revert(Errors.StrictPool)
  const highest = new Map<Address, bigint>()
  for (const redemption of redemptions) {
    if (redemption.poolId !== poolId) continue
    const shown = shownBy(call, state, redemption)
    if (typeof shown === 'string') continue
    highest.set(redemption.target, most(shown, highest.get(redemption.target) ?? 0n))
  }
  let claims = state.claims
  let vouchers = 0
  for (const [target, shown] of highest) {
    const own = claimOf(loadTarget(call, poolId, target))
    if (shown <= own) continue
    claims += shown - own
    vouchers++
  }
  if (claims <= state.deposit) revert(Errors.NotOverspent, claims, state.deposit)
  storePool(call, pool, freeze(call, poolId, state, claims, vouchers))
}

/**
 * The collateral goes to nobody but, in part, to the prover for its gas: a fixed amount a voucher, and never so much that
 * less than the deposit burns. So the payer loses more than it can have been given, even where it is the prover.
 */
function freeze(call: SystemCall, poolId: Hash, state: PoolState, claims: bigint, vouchers: number): PoolState {
  const gas = OVERSPEND_REFUND_GAS.proof + OVERSPEND_REFUND_GAS.voucher * vouchers
  const refund = least(BigInt(gas) * call.environment.baseFee, state.collateral - state.deposit)
  const burned = state.collateral - refund
  call.transfer(POOLS, call.caller, refund)
  call.burn(POOLS, burned)
  emit(call, POOLS, Events.Overspent, poolId, call.caller, least(claims, UINT256_MAX), burned, refund)
  return { ...state, status: 'frozen', collateral: 0n }
}

/** What the voucher and its preimage are worth, or why they are not. */
function shownBy(call: SystemCall, { signer }: PoolState, redemption: Redemption): bigint | RedemptionCode {
  const { poolId, target, amount, targetSettlementSequence, chainAnchor, unit, signature, preimage } = redemption
  if (redemption.chainLength > BigInt(limits.HASH_CHAIN_LENGTH_MAX) || redemption.index > redemption.chainLength)
    return 'preimage'
  const chainLength = Number(redemption.chainLength)
  const index = Number(redemption.index)
  call.chargeGas(CRYPTO_GAS.recover + keccakGas(VOUCHER_BYTES))
  const voucher = { poolId, target, amount, targetSettlementSequence, chainAnchor, chainLength, unit, signature }
  if (recoverVoucherSigner(call.environment.rules.chainId, voucher) !== signer) return 'signature'
  if (index > 0) {
    call.chargeGas(CHAIN_STEP_GAS * index)
    if (!isChainPreimage(fromHex(preimage), index, fromHex(chainAnchor), voucher)) return 'preimage'
  }
  return voucherValue(voucher, index) ?? 'overflow'
}

/** what a voucher's digest takes in */
const VOUCHER_BYTES = 322
const UINT256_MAX = 2n ** 256n - 1n

function requireCount(redemptions: readonly Redemption[]): void {
  if (redemptions.length > REDEMPTIONS_MAX) revert(Errors.TooManyRedemptions, BigInt(redemptions.length))
}

function resultOf(code: RedemptionCode, shown: bigint, paid: bigint): RedemptionResult {
  return { code: BigInt(REDEMPTION_CODES.indexOf(code)), shown, paid }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function most(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
