// Calls of the PaymentPools contract in its ABI: those that peers make by themselves, so that a page needs no library
// for contracts.
import { type Address, bigIntToBytes, concatBytes, type Hash, keccak256, utf8ToBytes, ZERO_HASH } from '@tan/primitives'
import type { PoolTerms, SignedVoucher } from '@tan/protocol'

/** A voucher with the preimage up to which it is shown. */
export interface Redemption {
  readonly voucher: SignedVoucher
  /** units; 0 is the voucher alone */
  readonly index: number
  /** 32 bytes, or none where the index is 0 */
  readonly preimage: Uint8Array
}

const selector = (signature: string): Uint8Array => keccak256(utf8ToBytes(signature)).subarray(0, 4)
const CREATE_POOL = selector('createPool(bytes32,uint256,uint256,uint64,address,address,(address,uint256)[])')
const RESERVE = selector('reserve(bytes32,address,uint256,uint64,bytes)')
const CLOSE = selector('close(bytes32)')
const REDEEM = selector('redeem((bytes32,address,uint256,uint256,bytes32,uint256,uint256,bytes,bytes32,uint256)[])')

export function encodeCreatePool(terms: PoolTerms): Uint8Array {
  const reserves = terms.reserves.map(({ target, amount }) => tuple([word(target), word(amount)]))
  return call(CREATE_POOL, [
    word(terms.resourceCommitment),
    word(terms.deposit),
    word(terms.collateral),
    word(BigInt(terms.durationBlocks)),
    word(terms.signer),
    word(terms.reserver),
    list(reserves),
  ])
}

export function encodeReserve(
  poolId: Hash,
  target: Address,
  amountWei: bigint,
  nonce: bigint,
  signature: Uint8Array,
): Uint8Array {
  return call(RESERVE, [word(poolId), word(target), word(amountWei), word(nonce), bytes(signature)])
}

export function encodeClose(poolId: Hash): Uint8Array {
  return call(CLOSE, [word(poolId)])
}

export function encodeRedeem(redemptions: readonly Redemption[]): Uint8Array {
  const items = redemptions.map(({ voucher, index, preimage }) =>
    tuple([
      word(voucher.poolId),
      word(voucher.target),
      word(voucher.amount),
      word(voucher.targetSettlementSequence),
      word(voucher.chainAnchor),
      word(BigInt(voucher.chainLength)),
      word(voucher.unit),
      bytes(voucher.signature),
      index === 0 ? word(ZERO_HASH) : { isDynamic: false, encoded: preimage },
      word(BigInt(index)),
    ]),
  )
  return call(REDEEM, [list(items)])
}

// -------------------------------------------------------------------------------------------------- encoding

interface Part {
  /** stands behind the others, with its offset in its place */
  readonly isDynamic: boolean
  readonly encoded: Uint8Array
}

function word(value: bigint | Hash | Address): Part {
  return { isDynamic: false, encoded: bigIntToBytes(BigInt(value), 32) }
}

function bytes(value: Uint8Array): Part {
  const padded = new Uint8Array(32 * Math.ceil(value.length / 32))
  padded.set(value)
  return { isDynamic: true, encoded: concatBytes(bigIntToBytes(BigInt(value.length), 32), padded) }
}

function tuple(parts: readonly Part[]): Part {
  return { isDynamic: parts.some(part => part.isDynamic), encoded: sequence(parts) }
}

function list(items: readonly Part[]): Part {
  return { isDynamic: true, encoded: concatBytes(bigIntToBytes(BigInt(items.length), 32), sequence(items)) }
}

function sequence(parts: readonly Part[]): Uint8Array {
  let offset = parts.reduce((sum, part) => sum + (part.isDynamic ? 32 : part.encoded.length), 0)
  const heads: Uint8Array[] = []
  const tails: Uint8Array[] = []
  for (const { isDynamic, encoded } of parts) {
    heads.push(isDynamic ? bigIntToBytes(BigInt(offset), 32) : encoded)
    if (!isDynamic) continue
    tails.push(encoded)
    offset += encoded.length
  }
  return concatBytes(...heads, ...tails)
}

function call(name: Uint8Array, parts: readonly Part[]): Uint8Array {
  return concatBytes(name, sequence(parts))
}
