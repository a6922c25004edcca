// The wallet's actions as calls: send either currency, open and close payment pools, and change a stake.
import {
  type Address,
  CodedError,
  type Hash,
  isHex,
  parseAmount,
  secureRandomBytes,
  shorten,
  toHex,
} from '@tan/primitives'
import { PAYMENT_POOLS_ABI, POOL_AMOUNT_MAX, STAKING_ABI, SYSTEM_ADDRESSES, TAN_TOKEN_ABI } from '@tan/protocol'
import { encodeFunctionData, parseAbi } from 'viem'
import type { Currency } from '../chain/decode.ts'
import type { Call } from './account.ts'

const token = parseAbi(TAN_TOKEN_ABI)
const pools = parseAbi(PAYMENT_POOLS_ABI)
const staking = parseAbi(STAKING_ABI)

export function transferCall(currency: Currency, to: Address, wei: bigint): Call {
  if (currency === 'TANGam') return { to, valueWei: wei, data: '0x' }
  return {
    to: SYSTEM_ADDRESSES.tanToken,
    valueWei: 0n,
    data: encodeFunctionData({ abi: token, functionName: 'transfer', args: [to, wei] }),
  }
}

export interface NewPool {
  readonly depositWei: bigint
  /** 0 makes it strict */
  readonly collateralWei: bigint
  readonly durationBlocks: number
  /** signs vouchers and reservations */
  readonly signer: Address
}

/** A pool for no particular resource: a random salt hides the resource, and only payees learn it. */
export function createPoolCall({ depositWei, collateralWei, durationBlocks, signer }: NewPool): Call {
  const commitment = toHex(secureRandomBytes(32))
  return {
    to: SYSTEM_ADDRESSES.paymentPools,
    valueWei: depositWei + collateralWei,
    data: encodeFunctionData({
      abi: pools,
      functionName: 'createPool',
      args: [commitment, depositWei, collateralWei, BigInt(durationBlocks), signer, signer, []],
    }),
  }
}

export function closePoolCall(poolId: Hash): Call {
  return {
    to: SYSTEM_ADDRESSES.paymentPools,
    valueWei: 0n,
    data: encodeFunctionData({ abi: pools, functionName: 'close', args: [poolId] }),
  }
}

export type StakeChange = 'deposit' | 'withdraw'

/** Staking takes its TAN without a prior approval. */
export function stakeCall(change: StakeChange, wei: bigint): Call {
  return {
    to: SYSTEM_ADDRESSES.staking,
    valueWei: 0n,
    data: encodeFunctionData({ abi: staking, functionName: change, args: [wei] }),
  }
}

export function claimStakeCall(): Call {
  return {
    to: SYSTEM_ADDRESSES.staking,
    valueWei: 0n,
    data: encodeFunctionData({ abi: staking, functionName: 'claim' }),
  }
}

// -------------------------------------------------------------------------------------------------- what people type

/** Throws `wallet/address` with what to do. */
export function readAddress(text: string): Address {
  const address = text.trim().toLowerCase()
  if (!isHex(address, 20))
    throw new CodedError(
      'wallet/address',
      `An address must be 0x and 40 hexadecimal digits, not "${shorten(text.trim(), 24)}".`,
    )
  return address
}

/** More than 0 and at most the balance. Throws `wallet/amount` with what to do. */
export function readAmount(text: string, currency: Currency, availableWei: bigint): bigint {
  const wei = parsed(text)
  if (wei === undefined)
    throw new CodedError(
      'wallet/amount',
      'Enter the amount in digits, without commas, and with at most 18 decimals: 12.5',
    )
  if (wei === 0n) throw new CodedError('wallet/amount', 'The amount must be more than 0.')
  if (wei > POOL_AMOUNT_MAX || wei > availableWei)
    throw new CodedError('wallet/amount', `You do not have that much ${currency}.`)
  return wei
}

/** A comma means a decimal point to some people and a separator to others, so we reject it. */
function parsed(text: string): bigint | undefined {
  try {
    return parseAmount(text)
  } catch {
    return undefined
  }
}
