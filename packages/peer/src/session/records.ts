// What a peer must not forget (spec D-RESTART), as bytes: its pools, what it promised, what it earned. The stores beneath know keys and
// bytes alone.
import type { EarningRecord, PayerRecord, PromiseRecord } from '@tan/payments'
import { type Codec, codec, decode, encode, type Hash } from '@tan/primitives'
import { limits, type PoolReserve, type PoolTerms, signedVoucherCodec } from '@tan/protocol'
import type { PreparedTransaction } from '../chain/rpc.ts'
import { PROMISES_MAX, RESERVES_MAX } from '../limits.ts'
import type { DurableStore } from '../ports.ts'

/** A pool of ours for one resource, from before its transaction was sent. */
export interface PoolRecord {
  readonly poolId: Hash
  readonly resourceId: Hash
  readonly terms: PoolTerms
  readonly salt: Hash
  readonly transaction: PreparedTransaction
}

const { uint, uint256, hash, address } = codec

const transactionCodec: Codec<PreparedTransaction> = codec.struct<PreparedTransaction>({
  hash,
  encoded: codec.bytes(limits.TRANSACTION_MAX_BYTES),
})

const poolCodec: Codec<PoolRecord> = codec.struct<PoolRecord>({
  poolId: hash,
  resourceId: hash,
  terms: codec.struct<PoolTerms>({
    resourceCommitment: hash,
    deposit: uint256,
    collateral: uint256,
    durationBlocks: uint,
    signer: address,
    reserver: address,
    reserves: codec.list(codec.struct<PoolReserve>({ target: address, amount: uint256 }), RESERVES_MAX),
  }),
  salt: hash,
  transaction: transactionCodec,
})

const payerCodec: Codec<PayerRecord> = codec.struct<PayerRecord>({
  poolId: hash,
  promises: codec.list(
    codec.struct<PromiseRecord>({ target: address, sequence: uint256, promisedWei: uint256, receivedWei: uint256 }),
    PROMISES_MAX,
  ),
})

const earningCodec: Codec<EarningRecord> = codec.struct<EarningRecord>({
  poolId: hash,
  resourceId: hash,
  voucher: signedVoucherCodec,
  index: uint,
  preimage: codec.bytes(32),
  chargedWei: uint256,
  expiryHeight: uint,
})

/** The records of one identity, in a store of its own or under a prefix. */
export class Records {
  readonly #store: DurableStore

  constructor(store: DurableStore) {
    this.#store = store
  }

  /** The newest pool for a resource. Throws `codec/invalid` for a record that is damaged. */
  async pool(resourceId: Hash): Promise<PoolRecord | undefined> {
    return read(poolCodec, await this.#store.get(`pool/${resourceId}`))
  }

  /** All whose deposit may still lie on the chain: the newest ones, and those that they took the place of. */
  async pools(): Promise<PoolRecord[]> {
    const found = await Promise.all([this.#store.list('pool/'), this.#store.list('former-pool/')])
    return found.flat().map(([, bytes]) => decode(poolCodec, bytes))
  }

  /** As the newest for its resource. */
  async savePool(record: PoolRecord): Promise<void> {
    const former = await this.pool(record.resourceId)
    const entries: [string, Uint8Array][] = [[`pool/${record.resourceId}`, encode(poolCodec, record)]]
    if (former !== undefined && former.poolId !== record.poolId)
      entries.push([`former-pool/${former.poolId}`, encode(poolCodec, former)])
    await this.#store.put(...entries)
  }

  /** One of which nothing can come any more. */
  async forgetPool({ poolId, resourceId }: PoolRecord): Promise<void> {
    if ((await this.pool(resourceId))?.poolId === poolId) await this.#store.delete(`pool/${resourceId}`)
    await this.#store.delete(`former-pool/${poolId}`)
    await this.#store.delete(`payments/${poolId}`)
  }

  async payments(poolId: Hash): Promise<PayerRecord | undefined> {
    return read(payerCodec, await this.#store.get(`payments/${poolId}`))
  }

  savePayments(record: PayerRecord): Promise<void> {
    return this.#store.put([`payments/${record.poolId}`, encode(payerCodec, record)])
  }

  async earnings(): Promise<EarningRecord[]> {
    return (await this.#store.list('earning/')).map(([, bytes]) => decode(earningCodec, bytes))
  }

  saveEarnings(records: readonly EarningRecord[]): Promise<void> {
    const entries = records.map(record => [`earning/${record.poolId}`, encode(earningCodec, record)] as const)
    return this.#store.put(...entries)
  }

  forgetEarning(poolId: Hash): Promise<void> {
    return this.#store.delete(`earning/${poolId}`)
  }

  /** The transaction that redeems, from before it was sent until it is settled. */
  async redeeming(): Promise<PreparedTransaction | undefined> {
    return read(transactionCodec, await this.#store.get('redeeming'))
  }

  saveRedeeming(transaction: PreparedTransaction | undefined): Promise<void> {
    if (transaction === undefined) return this.#store.delete('redeeming')
    return this.#store.put(['redeeming', encode(transactionCodec, transaction)])
  }
}

function read<T>(of: Codec<T>, bytes: Uint8Array | undefined): T | undefined {
  return bytes === undefined ? undefined : decode(of, bytes)
}
