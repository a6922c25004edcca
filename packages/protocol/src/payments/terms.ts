// Payment pools as the chain keeps them: their terms and id, and where their fields lie in the contract's storage, so
// that whoever holds a settled header can check a proof of a pool. The rules are the ledger's.
import {
  type Address,
  bigIntToBytes,
  codec,
  concatBytes,
  encodeRlp,
  fromHex,
  type Hash,
  keccak256,
  keccakHash,
  toHex,
} from '@tan/primitives'
import { mappingSlot, slotAfter, slotAt } from '../system/slots.ts'

export interface PoolReserve {
  readonly target: Address
  readonly amount: bigint
}

/** What a payer fixes when it creates a pool. Amounts in TANGam wei. */
export interface PoolTerms {
  /** `resourceCommitment(resource, salt)`: opened to payees, hidden on chain */
  readonly resourceCommitment: Hash
  readonly deposit: bigint
  /** 0 means a strict pool */
  readonly collateral: bigint
  readonly durationBlocks: number
  /** signs vouchers; may be a session key */
  readonly signer: Address
  /** signs reserves; may be the payer, the signer or a platform */
  readonly reserver: Address
  readonly reserves: readonly PoolReserve[]
}

export function resourceCommitment(resourceId: Hash, salt: Hash): Hash {
  return keccakHash(concatBytes(fromHex(resourceId), fromHex(salt)))
}

/** spec P-CREATE: keccak(chain id, payer, the payer's pool number, keccak(all terms)): known before the transaction is mined. */
export function poolIdOf(chainId: number, payer: Address, poolNumber: bigint, terms: PoolTerms): Hash {
  const { uint, uint256, address, hash } = codec
  const termsHash = keccak256(
    encodeRlp([
      hash.toRlp(terms.resourceCommitment),
      uint256.toRlp(terms.deposit),
      uint256.toRlp(terms.collateral),
      uint.toRlp(terms.durationBlocks),
      address.toRlp(terms.signer),
      address.toRlp(terms.reserver),
      terms.reserves.map(({ target, amount }) => [address.toRlp(target), uint256.toRlp(amount)]),
    ]),
  )
  return keccakHash(encodeRlp([uint.toRlp(chainId), address.toRlp(payer), uint256.toRlp(poolNumber), termsHash]))
}

// -------------------------------------------------------------------------------------------------- storage layout

/** A pool on chain. `claims` is the sum over targets of max(paid, reserved). */
export interface PoolState {
  readonly payer: Address
  readonly signer: Address
  readonly reserver: Address
  readonly resourceCommitment: Hash
  readonly deposit: bigint
  readonly collateral: bigint
  readonly paid: bigint
  readonly claims: bigint
  /** redeemable while height < expiryHeight + grace */
  readonly expiryHeight: number
  readonly status: PoolStatus
}

export type PoolStatus = 'none' | 'open' | 'frozen' | 'closed'
/** The number of each is its place. */
export const POOL_STATUSES: readonly PoolStatus[] = ['none', 'open', 'frozen', 'closed']

/** What a pool owes one target: packed into one slot, so that amounts end at 2^96 - 1 wei (the supply is below 2^93). */
export interface PoolTarget {
  readonly paid: bigint
  readonly reserved: bigint
  /** of the newest reserve */
  readonly nonce: bigint
}

export const POOL_AMOUNT_BITS = 96n
export const POOL_AMOUNT_MAX: bigint = (1n << POOL_AMOUNT_BITS) - 1n

/** where the contract's mappings stand: of pools by their id, and of pool numbers by payer */
const POOLS_SLOT = slotAt(0n)
const NUMBERS_SLOT = slotAt(1n)
/** the slots that `packPool` fills; the mapping of the pool's targets follows them */
const POOL_FIELDS = 6

/** The slots of a pool's own fields, in the order of `packPool`'s words. */
export function poolSlots(poolId: Hash): Hash[] {
  const first = mappingSlot(poolId, POOLS_SLOT)
  return Array.from({ length: POOL_FIELDS }, (_, i) => slotAfter(first, i))
}

/** Holds a `PoolTarget`. */
export function poolTargetSlot(poolId: Hash, target: Address): Hash {
  return mappingSlot(target, slotAfter(mappingSlot(poolId, POOLS_SLOT), POOL_FIELDS))
}

/** Holds how many pools a payer has created. */
export function poolNumberSlot(payer: Address): Hash {
  return mappingSlot(payer, NUMBERS_SLOT)
}

/** spec P-KINDS: pays a target up to what is reserved for it, and never freezes. (A frozen credit pool has no collateral either.) */
export function isStrictPool({ status, collateral }: Pick<PoolState, 'status' | 'collateral'>): boolean {
  return status === 'open' && collateral === 0n
}

const AMOUNT = POOL_AMOUNT_MAX
const addressWord = (address: Address): bigint => BigInt(address)
const wordAddress = (word: bigint): Address => toHex(bigIntToBytes(word & ((1n << 160n) - 1n), 20))

export function packPool(pool: PoolState): bigint[] {
  return [
    addressWord(pool.payer) |
      (BigInt(POOL_STATUSES.indexOf(pool.status)) << 160n) |
      (BigInt(pool.expiryHeight) << 168n),
    addressWord(pool.signer),
    addressWord(pool.reserver),
    BigInt(pool.resourceCommitment),
    pool.deposit | (pool.collateral << POOL_AMOUNT_BITS),
    pool.paid | (pool.claims << POOL_AMOUNT_BITS),
  ]
}

/** Undefined where there is no such pool. */
export function unpackPool(words: readonly bigint[]): PoolState | undefined {
  const [first, signer, reserver, commitment, amounts, totals] = words as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ]
  const status = POOL_STATUSES[Number((first >> 160n) & 0xffn)]
  if (status === undefined || status === 'none') return undefined
  return {
    payer: wordAddress(first),
    signer: wordAddress(signer),
    reserver: wordAddress(reserver),
    resourceCommitment: toHex(bigIntToBytes(commitment, 32)),
    deposit: amounts & AMOUNT,
    collateral: (amounts >> POOL_AMOUNT_BITS) & AMOUNT,
    paid: totals & AMOUNT,
    claims: (totals >> POOL_AMOUNT_BITS) & AMOUNT,
    expiryHeight: Number((first >> 168n) & ((1n << 53n) - 1n)),
    status,
  }
}

export function packTarget({ paid, reserved, nonce }: PoolTarget): bigint {
  return paid | (reserved << POOL_AMOUNT_BITS) | (nonce << (2n * POOL_AMOUNT_BITS))
}

export function unpackTarget(word: bigint): PoolTarget {
  return { paid: word & AMOUNT, reserved: (word >> POOL_AMOUNT_BITS) & AMOUNT, nonce: word >> (2n * POOL_AMOUNT_BITS) }
}

/** spec P-RESERVE: what the pool can still pay to a target: the deposit less what others were paid or have reserved, less what it was paid. */
export function availableTo(pool: Pick<PoolState, 'deposit' | 'claims'>, target: PoolTarget): bigint {
  const own = target.paid > target.reserved ? target.paid : target.reserved
  return pool.deposit - (pool.claims - own) - target.paid
}
