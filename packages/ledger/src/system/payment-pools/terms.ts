// Making a pool, adding to it, reserving its deposit for targets, and closing it. Deposit, collateral and expiry never fall.
import { type Address, type Hash, ZERO_ADDRESS, ZERO_HASH } from '@tan/primitives'
import {
  isStrictPool,
  POOL_AMOUNT_MAX,
  type PoolReserve,
  type PoolState,
  type PoolTerms,
  poolIdOf,
  poolNumberSlot,
  recoverReserveSigner,
} from '@tan/protocol'
import { RESERVES_MAX } from '../../limits.ts'
import { emit, revert, type SystemCall } from '../call.ts'
import { CRYPTO_GAS, keccakGas } from '../gas.ts'
import {
  claimOf,
  closableHeight,
  Errors,
  Events,
  FIELDS,
  leastCollateral,
  loadPool,
  loadTarget,
  POOLS,
  requireOpen,
  statusNumber,
  storePool,
  storeTarget,
} from './pool.ts'

export function createPool(
  call: SystemCall,
  resourceCommitment: Hash,
  deposit: bigint,
  collateral: bigint,
  duration: bigint,
  signer: Address,
  reserver: Address,
  reserves: readonly PoolReserve[],
): Hash {
  const { height, rules } = call.environment
  const { chainId, parameters } = rules
  requireAmount(deposit)
  requireAmount(collateral)
  if (call.valueWei !== deposit + collateral) revert(Errors.WrongValue, call.valueWei, deposit + collateral)
  if (collateral !== 0n) requireCollateral(call, deposit, collateral)
  if (duration === 0n || duration > BigInt(parameters.poolDurationBlocksMax))
    revert(Errors.DurationOutOfBounds, duration)
  if (reserves.length > RESERVES_MAX) revert(Errors.TooManyReserves, BigInt(reserves.length))
  for (const { amount } of reserves) requireAmount(amount)

  const durationBlocks = Number(duration)
  const terms: PoolTerms = { resourceCommitment, deposit, collateral, durationBlocks, signer, reserver, reserves }
  const numberSlot = poolNumberSlot(call.caller)
  const poolNumber = call.load(POOLS, numberSlot)
  call.chargeGas(keccakGas(TERMS_BYTES + RESERVE_BYTES * reserves.length))
  const id = poolIdOf(chainId, call.caller, poolNumber, terms)
  call.store(POOLS, numberSlot, poolNumber + 1n)

  const expiryHeight = height + durationBlocks
  let claims = 0n
  for (const { target, amount } of reserves) {
    const before = loadTarget(call, id, target)
    if (amount <= before.reserved) revert(Errors.ReserveNotRising, before.reserved, before.nonce)
    claims += amount - before.reserved
    if (claims > deposit) revert(Errors.ReservesExceedDeposit, claims, deposit)
    storeTarget(call, id, target, { ...before, reserved: amount })
  }
  const state: PoolState = {
    payer: call.caller,
    signer,
    reserver,
    resourceCommitment,
    deposit,
    collateral,
    paid: 0n,
    claims,
    expiryHeight,
    status: 'open',
  }
  storePool(call, { id, state, words: [0n, 0n, 0n, 0n, 0n, 0n] }, state)
  const { PoolCreated, Reserved } = Events
  const expiry = BigInt(expiryHeight)
  emit(call, POOLS, PoolCreated, id, call.caller, resourceCommitment, deposit, collateral, expiry, signer, reserver)
  for (const { target, amount } of reserves) emit(call, POOLS, Reserved, id, target, amount)
  return id
}

/** What the hashes of a pool's id take in, about. */
const TERMS_BYTES = 256
const RESERVE_BYTES = 64

/** spec P-RISE: by the payer alone, since a stranger's longer duration would lock its money. A strict pool stays strict. */
export function topUp(call: SystemCall, id: Hash, deposit: bigint, collateral: bigint, duration: bigint): void {
  const pool = loadPool(call, id, FIELDS.amounts)
  const { state } = pool
  requireOpen(call, pool)
  if (state.payer !== call.caller) revert(Errors.NotPayer, state.payer)
  requireAmount(deposit)
  requireAmount(collateral)
  if (call.valueWei !== deposit + collateral) revert(Errors.WrongValue, call.valueWei, deposit + collateral)
  if (isStrictPool(state) && collateral !== 0n) revert(Errors.StrictPool)
  const after = { ...state, deposit: state.deposit + deposit, collateral: state.collateral + collateral }
  requireAmount(after.deposit)
  requireAmount(after.collateral)
  if (!isStrictPool(state)) requireCollateral(call, after.deposit, after.collateral)
  const expiry = BigInt(state.expiryHeight) + duration
  const { height, rules } = call.environment
  if (expiry - BigInt(height) > BigInt(rules.parameters.poolDurationBlocksMax))
    revert(Errors.DurationOutOfBounds, duration)
  storePool(call, pool, { ...after, expiryHeight: Number(expiry) })
  emit(call, POOLS, Events.PoolToppedUp, id, after.deposit, after.collateral, expiry)
}

/** Brought by anyone, signed by the pool's reserver. Cumulative, only rises, and only within the deposit. */
export function reserve(
  call: SystemCall,
  id: Hash,
  target: Address,
  amount: bigint,
  nonce: bigint,
  signature: Uint8Array,
): void {
  const pool = loadPool(call, id, FIELDS.reserve)
  const { state } = pool
  requireOpen(call, pool)
  requireAmount(amount)
  call.chargeGas(CRYPTO_GAS.recover)
  const signer = recoverReserveSigner(call.environment.rules.chainId, { poolId: id, target, amount, nonce }, signature)
  if (signer !== state.reserver) revert(Errors.InvalidSignature)
  const before = loadTarget(call, id, target)
  if (nonce <= before.nonce || amount <= before.reserved) revert(Errors.ReserveNotRising, before.reserved, before.nonce)
  const after = { ...before, reserved: amount, nonce }
  const claims = state.claims - claimOf(before) + claimOf(after)
  if (claims > state.deposit) revert(Errors.ReservesExceedDeposit, claims, state.deposit)
  storeTarget(call, id, target, after)
  storePool(call, pool, { ...state, claims })
  emit(call, POOLS, Events.Reserved, id, target, amount)
}

/** The target gives back what it did not earn. */
export function release(call: SystemCall, id: Hash): void {
  const pool = loadPool(call, id, FIELDS.amounts)
  const { state } = pool
  if (state.status === 'closed') revert(Errors.PoolNotOpen, id, statusNumber(state))
  const before = loadTarget(call, id, call.caller)
  if (before.reserved <= before.paid) revert(Errors.NothingReserved)
  const released = before.reserved - before.paid
  storeTarget(call, id, call.caller, { ...before, reserved: before.paid })
  storePool(call, pool, { ...state, claims: state.claims - released })
  emit(call, POOLS, Events.Released, id, call.caller, released)
}

/** By anyone, once nothing can be redeemed any more. All that is left goes to the payer; who it was stays known. */
export function close(call: SystemCall, id: Hash): void {
  const pool = loadPool(call, id, FIELDS.all)
  const { state } = pool
  if (state.status === 'closed') revert(Errors.PoolNotOpen, id, statusNumber(state))
  const closable = closableHeight(call, state)
  if (call.environment.height < closable) revert(Errors.StillRedeemable, BigInt(closable))
  const returned = state.deposit - state.paid + state.collateral
  const { payer, expiryHeight } = state
  const cleared = { resourceCommitment: ZERO_HASH, deposit: 0n, collateral: 0n, paid: 0n, claims: 0n }
  storePool(call, pool, {
    payer,
    expiryHeight,
    status: 'closed',
    signer: ZERO_ADDRESS,
    reserver: ZERO_ADDRESS,
    ...cleared,
  })
  call.transfer(POOLS, payer, returned)
  emit(call, POOLS, Events.PoolClosed, id, returned)
}

function requireAmount(amount: bigint): void {
  if (amount > POOL_AMOUNT_MAX) revert(Errors.AmountTooLarge, amount)
}

function requireCollateral(call: SystemCall, deposit: bigint, collateral: bigint): void {
  const needed = leastCollateral(call, deposit)
  if (collateral < needed) revert(Errors.CollateralTooLow, collateral, needed)
}
