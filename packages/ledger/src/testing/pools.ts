// For the tests of PaymentPools: pools by name, vouchers signed by their keys, and what became of them in words.
import {
  type Address,
  type Hash,
  keccak256,
  signatureToBytes,
  signDigest,
  toHex,
  utf8ToBytes,
  ZERO_HASH,
} from '@tan/primitives'
import {
  createHashChain,
  type PoolTerms,
  poolIdOf,
  REDEMPTION_CODES,
  type RedemptionCode,
  reserveDigest,
  SYSTEM_ADDRESSES,
  signVoucher,
} from '@tan/protocol'
import { type Account, testAccount } from './chain.ts'
import { type Answer, SystemWorld } from './world.ts'

export const payer: Account = testAccount('payer')
export const signer: Account = testAccount('session key')
export const reserver: Account = testAccount('platform')

export interface Shown {
  readonly target: Address
  readonly amount: bigint
  readonly sequence?: bigint
  readonly signedBy?: Account
  /** pays `index` units more by a hash chain of this length */
  readonly chain?: { readonly length: number; readonly unit: bigint; readonly index: number }
}

export class PoolWorld extends SystemWorld {
  terms(changes: Partial<PoolTerms> = {}): PoolTerms {
    return {
      resourceCommitment: toHex(keccak256(utf8ToBytes('a film'))),
      deposit: 1_000n,
      collateral: 2_000n,
      durationBlocks: 20,
      signer: signer.address,
      reserver: reserver.address,
      reserves: [],
      ...changes,
    }
  }

  create(terms: PoolTerms, options: { valueWei?: bigint; gas?: number } = {}): Answer {
    const { resourceCommitment, deposit, collateral, durationBlocks, signer: key, reserver: by, reserves } = terms
    const args = [resourceCommitment, deposit, collateral, BigInt(durationBlocks), key, by, reserves]
    return this.call(payer.address, 'pools', 'createPool', args, { valueWei: deposit + collateral, ...options })
  }

  /** Creates it, and expects its id to be the one that was known before. */
  open(changes: Partial<PoolTerms> = {}): Hash {
    const terms = this.terms(changes)
    const number = this.read<bigint>('pools', 'poolCount', [payer.address])
    const answer = this.create(terms)
    if (answer.value !== poolIdOf(this.genesis.chainId, payer.address, number, terms))
      throw new Error(`the pool was not created, or has another id: ${answer.error}`)
    return answer.value as Hash
  }

  voucher(poolId: Hash, { target, amount, sequence = 1n, signedBy = signer, chain }: Shown) {
    const binding = { poolId, target, targetSettlementSequence: sequence }
    const links = chain && createHashChain(keccak256(utf8ToBytes(`${target}${sequence}`)), chain.length, binding)
    const voucher = signVoucher(
      this.genesis.chainId,
      {
        ...binding,
        amount,
        chainAnchor: links ? toHex(links[0]!) : ZERO_HASH,
        chainLength: chain?.length ?? 0,
        unit: chain?.unit ?? 0n,
      },
      signedBy.secretKey,
    )
    return {
      ...voucher,
      chainLength: BigInt(voucher.chainLength),
      signature: toHex(voucher.signature),
      preimage: links ? toHex(links[Math.min(chain!.index, chain!.length)]!) : ZERO_HASH,
      index: BigInt(chain?.index ?? 0),
    }
  }

  redeem(
    redemptions: readonly unknown[],
    by: Address = payer.address,
  ): { answer: Answer; codes: RedemptionCode[]; paid: bigint[] } {
    const answer = this.call(by, 'pools', 'redeem', [redemptions])
    const results = (answer.value ?? []) as readonly { code: number; paid: bigint }[]
    return {
      answer,
      codes: results.map(({ code }) => REDEMPTION_CODES[code]!),
      paid: results.map(({ paid }) => paid),
    }
  }

  pay(poolId: Hash, shown: Shown, by?: Address): RedemptionCode {
    return this.redeem([this.voucher(poolId, shown)], by).codes[0]!
  }

  reserve(poolId: Hash, target: Address, amount: bigint, nonce: bigint, by: Account = reserver): Answer {
    return this.call(target, 'pools', 'reserve', this.reserveArgs(poolId, target, amount, nonce, by))
  }

  reserveArgs(poolId: Hash, target: Address, amount: bigint, nonce: bigint, by: Account = reserver): unknown[] {
    const digest = reserveDigest(this.genesis.chainId, { poolId, target, amount, nonce })
    return [poolId, target, amount, nonce, toHex(signatureToBytes(signDigest(digest, by.secretKey)))]
  }

  pool(poolId: Hash) {
    const [, , , , deposit, collateral, paid, claims, expiryHeight, status] = this.read<
      [string, string, string, string, bigint, bigint, bigint, bigint, bigint, number]
    >('pools', 'pool', [poolId])
    return { deposit, collateral, paid, claims, expiryHeight: Number(expiryHeight), status }
  }

  target(poolId: Hash, target: Address) {
    const [paid, reserved, nonce] = this.read<[bigint, bigint, bigint]>('pools', 'target', [poolId, target])
    return { paid, reserved, nonce }
  }

  /** What all pools hold. */
  held(): bigint {
    return this.balance(SYSTEM_ADDRESSES.paymentPools)
  }
}
