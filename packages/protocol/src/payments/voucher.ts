// Vouchers (the paper's ServicePayment) and the hash chains that pay further units without a signature. What one shows is
// worth is checked here, by payees off chain and by the PaymentPools contract alike.
import {
  type Address,
  bigIntToBytes,
  concatBytes,
  equalBytes,
  fromHex,
  type Hash,
  keccak256,
  recoverAddress,
  signatureFromBytes,
  signatureToBytes,
  signDigest,
} from '@tan/primitives'
import { HASH_CHAIN_LENGTH_MAX } from '../limits.ts'
import { SYSTEM_ADDRESSES } from '../system/addresses.ts'
import { type TypedDomain, typedDigest, typeHash } from '../system/eip712.ts'

/**
 * Cumulative for (pool, target) over the pool's life, so that a payee keeps only the newest. The last three fields bind a
 * hash chain: each further preimage pays one `unit` more. Every voucher has a higher sequence and a fresh anchor.
 */
export interface Voucher {
  readonly poolId: Hash
  readonly target: Address
  /** TANGam wei */
  readonly amount: bigint
  readonly targetSettlementSequence: bigint
  /** zero hash and length 0 where there is no chain */
  readonly chainAnchor: Hash
  readonly chainLength: number
  /** TANGam wei per preimage */
  readonly unit: bigint
}

export interface SignedVoucher extends Voucher {
  /** 65 bytes, of the pool's signer */
  readonly signature: Uint8Array
}

/** A signed reserve of a pool's deposit for one target, cumulative. */
export interface Reserve {
  readonly poolId: Hash
  readonly target: Address
  readonly amount: bigint
  readonly nonce: bigint
}

// -------------------------------------------------------------------------------------------------- EIP-712

const VOUCHER_TYPE = typeHash(
  'Voucher(bytes32 poolId,address target,uint256 amount,uint256 targetSettlementSequence,bytes32 chainAnchor,uint256 chainLength,uint256 unit)',
)
const RESERVE_TYPE = typeHash('Reserve(bytes32 poolId,address target,uint256 amount,uint256 nonce)')

/** For wallets that sign typed data. */
export const PAYMENT_POOLS_EIP712 = {
  name: 'TAN PaymentPools',
  version: '1',
  contract: SYSTEM_ADDRESSES.paymentPools,
} as const satisfies TypedDomain

/** spec P-VOUCHER. */
export function voucherDigest(chainId: number, voucher: Voucher): Uint8Array {
  const { poolId, target, amount, targetSettlementSequence, chainAnchor, chainLength, unit } = voucher
  const fields = [poolId, target, amount, targetSettlementSequence, chainAnchor, BigInt(chainLength), unit]
  return typedDigest(PAYMENT_POOLS_EIP712, chainId, VOUCHER_TYPE, fields)
}

/** spec P-RESERVE. */
export function reserveDigest(chainId: number, { poolId, target, amount, nonce }: Reserve): Uint8Array {
  return typedDigest(PAYMENT_POOLS_EIP712, chainId, RESERVE_TYPE, [poolId, target, amount, nonce])
}

export function signVoucher(chainId: number, voucher: Voucher, secretKey: Uint8Array): SignedVoucher {
  return { ...voucher, signature: signatureToBytes(signDigest(voucherDigest(chainId, voucher), secretKey)) }
}

/** spec P-KEYS: the account whose key signed, or undefined for a signature that is none. */
export function recoverVoucherSigner(chainId: number, voucher: SignedVoucher): Address | undefined {
  return recoverSigner(voucherDigest(chainId, voucher), voucher.signature)
}

export function recoverReserveSigner(chainId: number, reserve: Reserve, signature: Uint8Array): Address | undefined {
  return recoverSigner(reserveDigest(chainId, reserve), signature)
}

function recoverSigner(digest: Uint8Array, signature: Uint8Array): Address | undefined {
  try {
    return recoverAddress(digest, signatureFromBytes(signature))
  } catch {
    return undefined
  }
}

// -------------------------------------------------------------------------------------------------- hash chains (PayWord)

/** What a step of the chain is bound to, so that one chain can never pay twice. */
export type ChainBinding = Pick<Voucher, 'poolId' | 'target' | 'targetSettlementSequence'>

/** keccak(preimage, poolId, target, sequence). */
export function chainStep(preimage: Uint8Array, binding: ChainBinding): Uint8Array {
  return walkChain(preimage, 1, binding)
}

function walkChain(preimage: Uint8Array, steps: number, binding: ChainBinding): Uint8Array {
  const input = chainInput(binding)
  let value = preimage
  for (let i = 0; i < steps; i++) {
    input.set(value)
    value = keccak256(input)
  }
  return value
}

/** What a step hashes; its first 32 bytes are for the preimage. */
function chainInput({ poolId, target, targetSettlementSequence }: ChainBinding): Uint8Array {
  return concatBytes(new Uint8Array(32), fromHex(poolId), fromHex(target), bigIntToBytes(targetSettlementSequence, 32))
}

/** Element 0 is the anchor, element i the preimage that pays unit i. `seed` is 32 secret random bytes, used once. */
export function createHashChain(seed: Uint8Array, length: number, binding: ChainBinding): Uint8Array[] {
  const chain = new Array<Uint8Array>(length + 1)
  chain[length] = keccak256(seed)
  for (let i = length; i > 0; i--) chain[i - 1] = chainStep(chain[i]!, binding)
  return chain
}

/** Does `preimage`, hashed `steps` times, give `known` (the anchor, or an earlier preimage)? */
export function isChainPreimage(
  preimage: Uint8Array,
  steps: number,
  known: Uint8Array,
  binding: ChainBinding,
): boolean {
  if (preimage.length !== 32 || steps < 0 || steps > HASH_CHAIN_LENGTH_MAX) return false
  return equalBytes(walkChain(preimage, steps, binding), known)
}

/** spec P-VOUCHER: amount + unit * index of the newest preimage; undefined where it would pass 2^256 - 1. */
export function voucherValue({ amount, unit }: Pick<Voucher, 'amount' | 'unit'>, index: number): bigint | undefined {
  const value = amount + unit * BigInt(index)
  return value < 1n << 256n ? value : undefined
}
