// TAN at stake (spec L-KEY, L-STAKE, L-UNBOND, L-HELD): who guards the chain, with what key and how much. What is withdrawn waits, and can still be slashed,
// until the unbonding period is over.
//
// Storage, by Solidity's rules:
//   0  uint256 totalStaked
//   1  address[] of those with a stake, in no order that means anything
//   2  mapping(address => { uint96 staked, uint96 unbonding, uint64 claimableHeight;
//                           uint32 place in the list, from 1 on, bool candidate; bytes32 key[0..32]; bytes16 key[32..48] })
//   3  mapping(bytes32 keccak(key) => address) of registered keys
import {
  type Address,
  bigIntToBytes,
  bytesToBigInt,
  concatBytes,
  fromHex,
  type Hash,
  keccakHash,
  toHex,
  ZERO_ADDRESS,
} from '@tan/primitives'
import { limits, mappingSlot, possessionDigest, SYSTEM_ADDRESSES, slotAfter, slotAt } from '@tan/protocol'
import { abiError, abiEvent, indexed, plain } from '../abi/members.ts'
import { address, bool, bytes, uint64, uint256 } from '../abi/types.ts'
import { emit, revert, type SystemCall } from './call.ts'
import { type SystemContract, systemContract, systemFunction, type TouchedSlot } from './contract.ts'
import { CRYPTO_GAS, keccakGas } from './gas.ts'
import { InsufficientBalance, moveTan, tanMoved } from './tan-token.ts'

const STAKING = SYSTEM_ADDRESSES.staking
const TOTAL_STAKED = slotAt(0n)
const LIST = slotAt(1n)
const GUARDIANS = slotAt(2n)
const KEYS = slotAt(3n)
const LIST_FIRST = BigInt(keccakHash(fromHex(LIST)))

const KEY_BYTES = 48
const AMOUNT_BITS = 96n
const AMOUNT = (1n << AMOUNT_BITS) - 1n
const PLACE = (1n << 32n) - 1n

const KeyRegistered = abiEvent('KeyRegistered', indexed(address), plain(bytes))
const CandidateSet = abiEvent('CandidateSet', indexed(address), plain(bool))
const Deposited = abiEvent('Deposited', indexed(address), plain(uint256), plain(uint256))
const WithdrawalRequested = abiEvent('WithdrawalRequested', indexed(address), plain(uint256), plain(uint64))
const Claimed = abiEvent('Claimed', indexed(address), plain(uint256))
const InvalidKey = abiError('InvalidKey')
const InvalidProofOfPossession = abiError('InvalidProofOfPossession')
const KeyAlreadyRegistered = abiError('KeyAlreadyRegistered', address)
const NoKey = abiError('NoKey', address)
const BelowMinimumStake = abiError('BelowMinimumStake', uint256, uint256)
const AboveMaximumStake = abiError('AboveMaximumStake', uint256, uint256)
const InsufficientStake = abiError('InsufficientStake', uint256, uint256)
const NothingToClaim = abiError('NothingToClaim', uint64)
const ZeroAmount = abiError('ZeroAmount')
const TooManyGuardians = abiError('TooManyGuardians', uint256)

// -------------------------------------------------------------------------------------------------- storage

/** TAN wei. */
interface Stake {
  readonly staked: bigint
  readonly unbonding: bigint
  /** when what is unbonding can be claimed */
  readonly claimableHeight: bigint
}

interface Standing {
  /** in the list, from 1 on; 0 is not in it */
  readonly place: bigint
  readonly isCandidate: boolean
}

const stakeSlot = (guardian: Address): Hash => mappingSlot(guardian, GUARDIANS)
const standingSlot = (guardian: Address): Hash => slotAfter(stakeSlot(guardian), 1)
const keySlots = (guardian: Address): readonly [Hash, Hash] => [
  slotAfter(stakeSlot(guardian), 2),
  slotAfter(stakeSlot(guardian), 3),
]
const listSlot = (index: bigint): Hash => slotAt(LIST_FIRST + index)
const keyOwnerSlot = (key: Uint8Array): Hash => mappingSlot(keccakHash(key), KEYS)

function loadStake(call: SystemCall, guardian: Address): Stake {
  const word = call.load(STAKING, stakeSlot(guardian))
  return {
    staked: word & AMOUNT,
    unbonding: (word >> AMOUNT_BITS) & AMOUNT,
    claimableHeight: word >> (2n * AMOUNT_BITS),
  }
}

function storeStake(call: SystemCall, guardian: Address, { staked, unbonding, claimableHeight }: Stake): void {
  const word = staked | (unbonding << AMOUNT_BITS) | (claimableHeight << (2n * AMOUNT_BITS))
  call.store(STAKING, stakeSlot(guardian), word)
}

function loadStanding(call: SystemCall, guardian: Address): Standing {
  const word = call.load(STAKING, standingSlot(guardian))
  return { place: word & PLACE, isCandidate: word >> 32n === 1n }
}

function storeStanding(call: SystemCall, guardian: Address, { place, isCandidate }: Standing): void {
  call.store(STAKING, standingSlot(guardian), place | (isCandidate ? 1n << 32n : 0n))
}

/** Empty where none is registered. */
function loadKey(call: SystemCall, guardian: Address): Uint8Array {
  const [head, tail] = keySlots(guardian).map(slot => bigIntToBytes(call.load(STAKING, slot), 32))
  const key = concatBytes(head!, tail!.subarray(0, KEY_BYTES - 32))
  return key.every(byte => byte === 0) ? key.subarray(0, 0) : key
}

function hasKey(call: SystemCall, guardian: Address): boolean {
  return call.load(STAKING, keySlots(guardian)[0]) !== 0n
}

function addTotal(call: SystemCall, amount: bigint): void {
  call.store(STAKING, TOTAL_STAKED, call.load(STAKING, TOTAL_STAKED) + amount)
}

function loadAddress(call: SystemCall, slot: Hash): Address {
  return toHex(bigIntToBytes(call.load(STAKING, slot), 20))
}

function enlist(call: SystemCall, guardian: Address): void {
  const count = call.load(STAKING, LIST)
  if (count >= BigInt(limits.GUARDIANS_MAX)) revert(TooManyGuardians, BigInt(limits.GUARDIANS_MAX))
  call.store(STAKING, listSlot(count), BigInt(guardian))
  call.store(STAKING, LIST, count + 1n)
  storeStanding(call, guardian, { ...loadStanding(call, guardian), place: count + 1n })
}

/** The last of the list takes the place. A guardian without stake is no candidate. */
function strike(call: SystemCall, guardian: Address): void {
  const { place } = loadStanding(call, guardian)
  const count = call.load(STAKING, LIST)
  const last = loadAddress(call, listSlot(count - 1n))
  if (last !== guardian) {
    call.store(STAKING, listSlot(place - 1n), BigInt(last))
    storeStanding(call, last, { ...loadStanding(call, last), place })
  }
  call.store(STAKING, listSlot(count - 1n), 0n)
  call.store(STAKING, LIST, count - 1n)
  storeStanding(call, guardian, { place: 0n, isCandidate: false })
}

// -------------------------------------------------------------------------------------------------- operations

/** One key an account, and one account a key: who signs what can never be in doubt. */
export function registerKey(call: SystemCall, key: Uint8Array, proof: Uint8Array): void {
  const { caller } = call
  const { bls, chainId } = call.environment.rules
  if (hasKey(call, caller)) revert(KeyAlreadyRegistered, caller)
  if (key.length !== KEY_BYTES) revert(InvalidKey)
  call.chargeGas(keccakGas(KEY_BYTES))
  const owner = loadAddress(call, keyOwnerSlot(key))
  if (owner !== ZERO_ADDRESS) revert(KeyAlreadyRegistered, owner)
  call.chargeGas(CRYPTO_GAS.possession)
  if (!bls.isPublicKey(key)) revert(InvalidKey)
  if (!bls.verify(possessionDigest(chainId, caller, key), key, proof)) revert(InvalidProofOfPossession)
  const [head, tail] = keySlots(caller)
  call.store(STAKING, head, bytesToBigInt(key.subarray(0, 32)))
  call.store(STAKING, tail, bytesToBigInt(key.subarray(32)) << 128n)
  call.store(STAKING, keyOwnerSlot(key), BigInt(caller))
  emit(call, STAKING, KeyRegistered, caller, key)
}

export function deposit(call: SystemCall, amount: bigint): void {
  const { caller } = call
  const { guardianStakeMinWei, guardianStakeMaxWei } = call.environment.rules.parameters
  if (amount === 0n) revert(ZeroAmount)
  if (!hasKey(call, caller)) revert(NoKey, caller)
  const stake = loadStake(call, caller)
  const staked = stake.staked + amount
  if (staked < guardianStakeMinWei) revert(BelowMinimumStake, staked, guardianStakeMinWei)
  if (staked > guardianStakeMaxWei) revert(AboveMaximumStake, staked, guardianStakeMaxWei)
  moveTan(call, caller, STAKING, amount)
  storeStake(call, caller, { ...stake, staked })
  addTotal(call, amount)
  if (stake.staked === 0n) enlist(call, caller)
  emit(call, STAKING, Deposited, caller, amount, staked)
}

/** Only with the stake that a validator needs; opting out is always possible. */
export function setCandidate(call: SystemCall, isCandidate: boolean): void {
  const { caller } = call
  const { staked } = loadStake(call, caller)
  const least = call.environment.rules.parameters.validatorStakeMinWei
  if (isCandidate && staked < least) revert(BelowMinimumStake, staked, least)
  storeStanding(call, caller, { ...loadStanding(call, caller), isCandidate })
  emit(call, STAKING, CandidateSet, caller, isCandidate)
}

/**
 * All of it, or so much that the minimum stays. A further withdrawal makes all that is unbonding wait anew. Who keeps less
 * than a validator needs is no candidate any more.
 */
function withdraw(call: SystemCall, amount: bigint): void {
  const { caller } = call
  const { guardianStakeMinWei, validatorStakeMinWei, unbondingBlocks } = call.environment.rules.parameters
  if (amount === 0n) revert(ZeroAmount)
  const stake = loadStake(call, caller)
  if (stake.staked < amount) revert(InsufficientStake, stake.staked, amount)
  const staked = stake.staked - amount
  if (staked !== 0n && staked < guardianStakeMinWei) revert(BelowMinimumStake, staked, guardianStakeMinWei)
  const claimableHeight = BigInt(call.environment.height + unbondingBlocks)
  storeStake(call, caller, { staked, unbonding: stake.unbonding + amount, claimableHeight })
  addTotal(call, -amount)
  const standing = loadStanding(call, caller)
  const isStopped = standing.isCandidate && staked < validatorStakeMinWei
  if (staked === 0n) strike(call, caller)
  else if (isStopped) storeStanding(call, caller, { ...standing, isCandidate: false })
  emit(call, STAKING, WithdrawalRequested, caller, amount, claimableHeight)
  if (isStopped) emit(call, STAKING, CandidateSet, caller, false)
}

function claim(call: SystemCall): bigint {
  const { caller } = call
  const { staked, unbonding, claimableHeight } = loadStake(call, caller)
  if (unbonding === 0n || BigInt(call.environment.height) < claimableHeight) revert(NothingToClaim, claimableHeight)
  storeStake(call, caller, { staked, unbonding: 0n, claimableHeight: 0n })
  moveTan(call, STAKING, caller, unbonding)
  emit(call, STAKING, Claimed, caller, unbonding)
  return unbonding
}

// -------------------------------------------------------------------------------------------------- interface

const slot = (at: Hash): TouchedSlot => ({ contract: STAKING, slot: at })
const ofGuardian = (guardian: Address): TouchedSlot[] =>
  [stakeSlot(guardian), standingSlot(guardian), ...keySlots(guardian)].map(slot)
const totals = [slot(TOTAL_STAKED), slot(LIST)]

const functions = [
  systemFunction({
    name: 'registerKey',
    inputs: [bytes, bytes],
    outputs: [],
    mutability: 'nonpayable',
    run: registerKey,
    touched: (caller, key) => ({ slots: [...ofGuardian(caller), slot(keyOwnerSlot(key))] }),
  }),
  systemFunction({
    name: 'setCandidate',
    inputs: [bool],
    outputs: [],
    mutability: 'nonpayable',
    run: setCandidate,
    touched: caller => ({ slots: ofGuardian(caller) }),
  }),
  systemFunction({
    name: 'deposit',
    inputs: [uint256],
    outputs: [],
    mutability: 'nonpayable',
    run: deposit,
    touched: caller => ({ slots: [...ofGuardian(caller), ...totals, ...tanMoved(caller, STAKING)] }),
  }),
  systemFunction({
    name: 'withdraw',
    inputs: [uint256],
    outputs: [],
    mutability: 'nonpayable',
    run: withdraw,
    touched: caller => ({ slots: [...ofGuardian(caller), ...totals] }),
  }),
  systemFunction({
    name: 'claim',
    inputs: [],
    outputs: [uint256],
    mutability: 'nonpayable',
    run: claim,
    touched: caller => ({ slots: [...ofGuardian(caller), ...tanMoved(caller, STAKING)] }),
  }),
  systemFunction({
    name: 'stakeOf',
    inputs: [address],
    outputs: [uint256, uint256, uint64, bool],
    mutability: 'view',
    run(call, guardian) {
      const { staked, unbonding, claimableHeight } = loadStake(call, guardian)
      return [staked, unbonding, claimableHeight, loadStanding(call, guardian).isCandidate] as const
    },
    touched: (_, guardian) => ({ slots: ofGuardian(guardian) }),
  }),
  systemFunction({
    name: 'keyOf',
    inputs: [address],
    outputs: [bytes],
    mutability: 'view',
    run: loadKey,
    touched: (_, guardian) => ({ slots: ofGuardian(guardian) }),
  }),
  systemFunction({
    name: 'guardianOf',
    inputs: [bytes],
    outputs: [address],
    mutability: 'view',
    run(call, key) {
      call.chargeGas(keccakGas(key.length))
      return loadAddress(call, keyOwnerSlot(key))
    },
    touched: (_, key) => ({ slots: [slot(keyOwnerSlot(key))] }),
  }),
  systemFunction({
    name: 'guardianCount',
    inputs: [],
    outputs: [uint256],
    mutability: 'view',
    run: call => call.load(STAKING, LIST),
    touched: () => ({ slots: totals }),
  }),
  systemFunction({
    name: 'guardianAt',
    inputs: [uint256],
    outputs: [address],
    mutability: 'view',
    run: (call, index) => loadAddress(call, listSlot(index)),
    touched: (_, index) => ({ slots: [slot(listSlot(index))] }),
  }),
  systemFunction({
    name: 'totalStaked',
    inputs: [],
    outputs: [uint256],
    mutability: 'view',
    run: call => call.load(STAKING, TOTAL_STAKED),
    touched: () => ({ slots: totals }),
  }),
]

export const staking: SystemContract = systemContract(
  STAKING,
  functions,
  [KeyRegistered, CandidateSet, Deposited, WithdrawalRequested, Claimed],
  [
    InvalidKey,
    InvalidProofOfPossession,
    KeyAlreadyRegistered,
    NoKey,
    BelowMinimumStake,
    AboveMaximumStake,
    InsufficientStake,
    NothingToClaim,
    ZeroAmount,
    TooManyGuardians,
    InsufficientBalance,
  ],
)
