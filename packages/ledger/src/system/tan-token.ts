// TAN, the staking coin, as an ERC-20 with EIP-2612 permits. Its supply is fixed at genesis: nothing mints or burns it
// (spec L-TAN).
//
// Storage, by Solidity's rules:
//   0  mapping(address owner => uint256) balances
//   1  mapping(address owner => mapping(address spender => uint256)) allowances
//   2  uint256 totalSupply
//   3  mapping(address owner => uint256) nonces of permits
import {
  type Address,
  concatBytes,
  fromHex,
  type Hash,
  isLowS,
  recoverAddress,
  toHex,
  ZERO_ADDRESS,
} from '@tan/primitives'
import {
  domainSeparator,
  mappingSlot,
  SYSTEM_ADDRESSES,
  slotAt,
  type TypedDomain,
  typedDigest,
  typeHash,
} from '@tan/protocol'
import { abiError, abiEvent, indexed, plain } from '../abi/members.ts'
import { address, bool, bytes32, string, uint8, uint256 } from '../abi/types.ts'
import { emit, revert, type SystemCall } from './call.ts'
import { type SystemContract, systemContract, systemFunction, type TouchedSlot } from './contract.ts'
import { CRYPTO_GAS } from './gas.ts'

const TAN = SYSTEM_ADDRESSES.tanToken
const BALANCES = slotAt(0n)
const ALLOWANCES = slotAt(1n)
const TOTAL_SUPPLY = slotAt(2n)
const NONCES = slotAt(3n)

/** An allowance of this is not used up. */
const UNLIMITED = 2n ** 256n - 1n
const DOMAIN: TypedDomain = { name: 'TAN', version: '1', contract: TAN }
const PERMIT_TYPE = typeHash('Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)')
/** System contracts from which TAN would never come back. Staking receives it by `deposit` alone. */
const DEAD_ENDS: ReadonlySet<Address> = new Set<Address>([
  ZERO_ADDRESS,
  ...Object.values(SYSTEM_ADDRESSES).filter(contract => contract !== SYSTEM_ADDRESSES.treasury),
])

const Transfer = abiEvent('Transfer', indexed(address), indexed(address), plain(uint256))
const Approval = abiEvent('Approval', indexed(address), indexed(address), plain(uint256))
export const InsufficientBalance = abiError('InsufficientBalance', address, uint256, uint256)
const InsufficientAllowance = abiError('InsufficientAllowance', address, uint256, uint256)
const InvalidReceiver = abiError('InvalidReceiver', address)
const PermitExpired = abiError('PermitExpired', uint256)
const InvalidSignature = abiError('InvalidSignature')

/** Where an owner's balance stands, for proofs. */
export function tanBalanceSlot(owner: Address): Hash {
  return mappingSlot(owner, BALANCES)
}

function allowanceSlot(owner: Address, spender: Address): Hash {
  return mappingSlot(spender, mappingSlot(owner, ALLOWANCES))
}

/** Moves TAN for a contract that may: the one that was called by its owner. */
export function moveTan(call: SystemCall, from: Address, to: Address, amount: bigint): void {
  const balance = call.load(TAN, tanBalanceSlot(from))
  if (balance < amount) revert(InsufficientBalance, from, balance, amount)
  call.store(TAN, tanBalanceSlot(from), balance - amount)
  call.store(TAN, tanBalanceSlot(to), call.load(TAN, tanBalanceSlot(to)) + amount)
  emit(call, TAN, Transfer, from, to, amount)
}

/** At genesis alone. */
export function createTan(call: SystemCall, to: Address, amount: bigint): void {
  call.store(TAN, tanBalanceSlot(to), call.load(TAN, tanBalanceSlot(to)) + amount)
  call.store(TAN, TOTAL_SUPPLY, call.load(TAN, TOTAL_SUPPLY) + amount)
}

export function tanBalanceOf(call: SystemCall, owner: Address): bigint {
  return call.load(TAN, tanBalanceSlot(owner))
}

/** What `moveTan` will read. */
export function tanMoved(...owners: readonly Address[]): TouchedSlot[] {
  return owners.map(owner => ({ contract: TAN, slot: tanBalanceSlot(owner) }))
}

function sendTan(call: SystemCall, from: Address, to: Address, amount: bigint): true {
  if (DEAD_ENDS.has(to)) revert(InvalidReceiver, to)
  moveTan(call, from, to, amount)
  return true
}

function approve(call: SystemCall, owner: Address, spender: Address, amount: bigint): void {
  call.store(TAN, allowanceSlot(owner, spender), amount)
  emit(call, TAN, Approval, owner, spender, amount)
}

function spendAllowance(call: SystemCall, owner: Address, spender: Address, amount: bigint): void {
  const slot = allowanceSlot(owner, spender)
  const allowance = call.load(TAN, slot)
  if (allowance === UNLIMITED) return
  if (allowance < amount) revert(InsufficientAllowance, spender, allowance, amount)
  call.store(TAN, slot, allowance - amount)
}

const functions = [
  systemFunction({ name: 'name', inputs: [], outputs: [string], mutability: 'view', run: () => 'TAN' }),
  systemFunction({ name: 'symbol', inputs: [], outputs: [string], mutability: 'view', run: () => 'TAN' }),
  systemFunction({ name: 'decimals', inputs: [], outputs: [uint8], mutability: 'view', run: () => 18n }),
  systemFunction({
    name: 'totalSupply',
    inputs: [],
    outputs: [uint256],
    mutability: 'view',
    run: call => call.load(TAN, TOTAL_SUPPLY),
    touched: () => ({ slots: [{ contract: TAN, slot: TOTAL_SUPPLY }] }),
  }),
  systemFunction({
    name: 'balanceOf',
    inputs: [address],
    outputs: [uint256],
    mutability: 'view',
    run: tanBalanceOf,
    touched: (_, owner) => ({ slots: tanMoved(owner) }),
  }),
  systemFunction({
    name: 'allowance',
    inputs: [address, address],
    outputs: [uint256],
    mutability: 'view',
    run: (call, owner, spender) => call.load(TAN, allowanceSlot(owner, spender)),
    touched: (_, owner, spender) => ({ slots: [{ contract: TAN, slot: allowanceSlot(owner, spender) }] }),
  }),
  systemFunction({
    name: 'transfer',
    inputs: [address, uint256],
    outputs: [bool],
    mutability: 'nonpayable',
    run: (call, to, amount) => sendTan(call, call.caller, to, amount),
    touched: (caller, to) => ({ slots: tanMoved(caller, to) }),
  }),
  systemFunction({
    name: 'approve',
    inputs: [address, uint256],
    outputs: [bool],
    mutability: 'nonpayable',
    run(call, spender, amount) {
      approve(call, call.caller, spender, amount)
      return true
    },
    touched: (caller, spender) => ({ slots: [{ contract: TAN, slot: allowanceSlot(caller, spender) }] }),
  }),
  systemFunction({
    name: 'transferFrom',
    inputs: [address, address, uint256],
    outputs: [bool],
    mutability: 'nonpayable',
    run(call, from, to, amount) {
      spendAllowance(call, from, call.caller, amount)
      return sendTan(call, from, to, amount)
    },
    touched: (caller, from, to) => ({
      slots: [...tanMoved(from, to), { contract: TAN, slot: allowanceSlot(from, caller) }],
    }),
  }),
  systemFunction({
    name: 'nonces',
    inputs: [address],
    outputs: [uint256],
    mutability: 'view',
    run: (call, owner) => call.load(TAN, mappingSlot(owner, NONCES)),
    touched: (_, owner) => ({ slots: [{ contract: TAN, slot: mappingSlot(owner, NONCES) }] }),
  }),
  systemFunction({
    name: 'DOMAIN_SEPARATOR',
    inputs: [],
    outputs: [bytes32],
    mutability: 'view',
    run: call => toHex(domainSeparator(DOMAIN, call.environment.rules.chainId)),
  }),
  systemFunction({
    name: 'permit',
    inputs: [address, address, uint256, uint256, uint8, bytes32, bytes32],
    outputs: [],
    mutability: 'nonpayable',
    run(call, owner, spender, amount, deadline, v, r, s) {
      const { rules, timestampS } = call.environment
      if (BigInt(timestampS) > deadline) revert(PermitExpired, deadline)
      const nonceSlot = mappingSlot(owner, NONCES)
      const nonce = call.load(TAN, nonceSlot)
      call.chargeGas(CRYPTO_GAS.recover)
      const digest = typedDigest(DOMAIN, rules.chainId, PERMIT_TYPE, [owner, spender, amount, nonce, deadline])
      if (recoverPermit(digest, v, r, s) !== owner) revert(InvalidSignature)
      call.store(TAN, nonceSlot, nonce + 1n)
      approve(call, owner, spender, amount)
    },
    touched: (_, owner, spender) => ({
      slots: [
        { contract: TAN, slot: mappingSlot(owner, NONCES) },
        { contract: TAN, slot: allowanceSlot(owner, spender) },
      ],
    }),
  }),
]

function recoverPermit(digest: Uint8Array, v: bigint, r: Hash, s: Hash): Address | undefined {
  if ((v !== 27n && v !== 28n) || !isLowS(BigInt(s))) return undefined
  return recoverAddress(digest, { compact: concatBytes(fromHex(r), fromHex(s)), recovery: v === 28n ? 1 : 0 })
}

export const tanToken: SystemContract = systemContract(
  TAN,
  functions,
  [Transfer, Approval],
  [InsufficientBalance, InsufficientAllowance, InvalidReceiver, PermitExpired, InvalidSignature],
)
