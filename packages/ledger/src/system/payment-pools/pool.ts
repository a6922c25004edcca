// A pool and its targets in storage, and the errors and events that all of PaymentPools' operations share. The layout is
// protocol's, since payees and viewers check proofs of it.
import { type Address, assert, type Hash } from '@tan/primitives'
import {
  POOL_STATUSES,
  type PoolState,
  type PoolTarget,
  packPool,
  packTarget,
  poolSlots,
  poolTargetSlot,
  SYSTEM_ADDRESSES,
  unpackPool,
  unpackTarget,
} from '@tan/protocol'
import { abiError, abiEvent, indexed, plain } from '../../abi/members.ts'
import { address, bytes32, uint8, uint64, uint256 } from '../../abi/types.ts'
import { revert, type SystemCall } from '../call.ts'
import type { TouchedSlot } from '../contract.ts'

export const POOLS: Address = SYSTEM_ADDRESSES.paymentPools

export const Events = {
  PoolCreated: abiEvent(
    'PoolCreated',
    indexed(bytes32),
    indexed(address),
    plain(bytes32),
    plain(uint256),
    plain(uint256),
    plain(uint64),
    plain(address),
    plain(address),
  ),
  PoolToppedUp: abiEvent('PoolToppedUp', indexed(bytes32), plain(uint256), plain(uint256), plain(uint64)),
  Reserved: abiEvent('Reserved', indexed(bytes32), indexed(address), plain(uint256)),
  Released: abiEvent('Released', indexed(bytes32), indexed(address), plain(uint256)),
  Redeemed: abiEvent('Redeemed', indexed(bytes32), indexed(address), plain(uint256), plain(uint256), plain(uint8)),
  Overspent: abiEvent('Overspent', indexed(bytes32), indexed(address), plain(uint256), plain(uint256), plain(uint256)),
  PoolClosed: abiEvent('PoolClosed', indexed(bytes32), plain(uint256)),
} as const

export const Errors = {
  UnknownPool: abiError('UnknownPool', bytes32),
  PoolNotOpen: abiError('PoolNotOpen', bytes32, uint8),
  PoolExpired: abiError('PoolExpired', uint64),
  WrongValue: abiError('WrongValue', uint256, uint256),
  AmountTooLarge: abiError('AmountTooLarge', uint256),
  CollateralTooLow: abiError('CollateralTooLow', uint256, uint256),
  DurationOutOfBounds: abiError('DurationOutOfBounds', uint64),
  ReservesExceedDeposit: abiError('ReservesExceedDeposit', uint256, uint256),
  ReserveNotRising: abiError('ReserveNotRising', uint256, uint64),
  InvalidSignature: abiError('InvalidSignature'),
  NotOverspent: abiError('NotOverspent', uint256, uint256),
  NotPayer: abiError('NotPayer', address),
  TooManyReserves: abiError('TooManyReserves', uint256),
  TooManyRedemptions: abiError('TooManyRedemptions', uint256),
  StillRedeemable: abiError('StillRedeemable', uint64),
  NothingReserved: abiError('NothingReserved'),
  StrictPool: abiError('StrictPool'),
} as const

// -------------------------------------------------------------------------------------------------- pools

export interface LoadedPool {
  readonly id: Hash
  readonly state: PoolState
  /** as they are stored; 0 stands for those that were not asked for, and are not written then */
  readonly words: readonly bigint[]
}

/** Places of the slots in `poolSlots`: what an operation needs, so that it pays for no more. */
const ALL_FIELDS = [0, 1, 2, 3, 4, 5]
export const FIELDS = {
  all: ALL_FIELDS,
  /** payer, status, expiry; signer; amounts; totals */
  redeem: [0, 1, 4, 5],
  /** payer, status, expiry; reserver; amounts; totals */
  reserve: [0, 2, 4, 5],
  /** payer, status, expiry; amounts; totals */
  amounts: [0, 4, 5],
} as const

export function findPool(call: SystemCall, id: Hash, fields: readonly number[]): LoadedPool | undefined {
  const words = poolSlots(id).map((slot, i) => (fields.includes(i) ? call.load(POOLS, slot) : 0n))
  const state = unpackPool(words)
  return state === undefined ? undefined : { id, state, words }
}

export function loadPool(call: SystemCall, id: Hash, fields: readonly number[]): LoadedPool {
  return findPool(call, id, fields) ?? revert(Errors.UnknownPool, id)
}

/** Ends the call unless the pool is open and its grace has not run out. */
export function requireOpen(call: SystemCall, { id, state }: LoadedPool): void {
  if (state.status !== 'open') revert(Errors.PoolNotOpen, id, statusNumber(state))
  if (call.environment.height >= closableHeight(call, state))
    revert(Errors.PoolExpired, BigInt(closableHeight(call, state)))
}

/** Redeemable below this height, and closable from it on. */
export function closableHeight(call: SystemCall, { expiryHeight }: Pick<PoolState, 'expiryHeight'>): number {
  return expiryHeight + call.environment.rules.parameters.redeemGraceBlocks
}

export function statusNumber({ status }: Pick<PoolState, 'status'>): bigint {
  return BigInt(POOL_STATUSES.indexOf(status))
}

/** Writes the slots that differ from what was loaded. */
export function storePool(call: SystemCall, pool: LoadedPool, state: PoolState): void {
  assert(state.paid <= state.claims && state.claims <= state.deposit, `pool ${pool.id} owes more than its deposit`)
  const slots = poolSlots(pool.id)
  packPool(state).forEach((word, i) => {
    if (word !== pool.words[i]) call.store(POOLS, slots[i]!, word)
  })
}

/** The least collateral that a deposit takes, rounded up. */
export function leastCollateral(call: SystemCall, deposit: bigint): bigint {
  return (deposit * BigInt(call.environment.rules.parameters.collateralMinPercent) + 99n) / 100n
}

// -------------------------------------------------------------------------------------------------- targets

export function loadTarget(call: SystemCall, poolId: Hash, target: Address): PoolTarget {
  return unpackTarget(call.load(POOLS, poolTargetSlot(poolId, target)))
}

export function storeTarget(call: SystemCall, poolId: Hash, target: Address, value: PoolTarget): void {
  call.store(POOLS, poolTargetSlot(poolId, target), packTarget(value))
}

/** What a target stands for in the pool's claims. */
export function claimOf({ paid, reserved }: Pick<PoolTarget, 'paid' | 'reserved'>): bigint {
  return paid > reserved ? paid : reserved
}

// -------------------------------------------------------------------------------------------------- prefetching

export function poolTouched(id: Hash, fields: readonly number[] = FIELDS.all): TouchedSlot[] {
  const slots = poolSlots(id)
  return fields.map(i => ({ contract: POOLS, slot: slots[i]! }))
}

export function targetTouched(poolId: Hash, target: Address): TouchedSlot {
  return { contract: POOLS, slot: poolTargetSlot(poolId, target) }
}
