// What a node keeps on disk beside the state: blocks, receipts and where transactions stand, the records that consensus
// must find again after a crash, and the newest proofs. It makes operations; whoever settles writes them with the state
// in one batch.
import type { Checkpoint, DurableWrite, RestoredReplica, SettledBlock } from '@tan/consensus'
import { decodeFinalityRecord, decodeSafetyRecord, encodeFinalityRecord, encodeSafetyRecord } from '@tan/consensus'
import {
  bigIntToBytes,
  bytesToBigInt,
  type Codec,
  CodedError,
  codec,
  concatBytes,
  decode,
  encode,
  fromHex,
  type Hash,
  toHex,
  utf8ToBytes,
} from '@tan/primitives'
import {
  type Block,
  checkpointHeight,
  checkpointIndexOf,
  type Era,
  type EraStart,
  type FinalityCertificate,
  finalityCertificateCodec,
  finalizedPoint,
  hashBlock,
  hashTransaction,
  type Proposal,
  proposalCodec,
  type SettlementProof,
  settlementProofCodec,
} from '@tan/protocol'
import { type KeyValueStore, openTable, seal, type Table, unseal, type WriteOperation } from '@tan/storage'

export interface SettledEntry {
  readonly hash: Hash
  readonly proposal: Proposal
  /** encoded, in the order of the transactions */
  readonly receipts: readonly Uint8Array[]
  /** payment pools that it created */
  readonly poolIds: readonly Hash[]
}

/** Where a transaction stands on the settled chain. */
export interface TransactionPlace {
  readonly blockHash: Hash
  readonly index: number
}

const FORMAT = 2
const settledCodec: Codec<SettledBlock> = codec.struct<SettledBlock>({
  hash: codec.hash,
  height: codec.uint,
  epoch: codec.uint,
})
const receiptsCodec: Codec<readonly Uint8Array[]> = codec.list(codec.bytes(2 ** 24), 65_536)
const placeCodec: Codec<TransactionPlace> = codec.struct<TransactionPlace>({ blockHash: codec.hash, index: codec.uint })

const META = {
  format: utf8ToBytes('format'),
  genesis: utf8ToBytes('genesis'),
  signer: utf8ToBytes('signer'),
  settled: utf8ToBytes('settled'),
  proof: utf8ToBytes('proof'),
  safety: utf8ToBytes('safety'),
  finality: utf8ToBytes('finality'),
  certificate: utf8ToBytes('certificate'),
  carried: utf8ToBytes('carried'),
} as const

export class ChainStore {
  private readonly store: KeyValueStore
  private readonly meta: Table
  private readonly blocks: Table
  private readonly unsettled: Table
  private readonly heights: Table
  private readonly receiptLists: Table
  private readonly transactions: Table
  private readonly certificates: Table
  private readonly pools: Table
  private settledBlock: SettledBlock = { hash: '0x', height: 0, epoch: 0 }
  private newestProof: SettlementProof | undefined
  private newestCertificate: FinalityCertificate | undefined

  private constructor(store: KeyValueStore) {
    this.store = store
    this.meta = openTable(store, 'meta')
    this.blocks = openTable(store, 'block')
    this.unsettled = openTable(store, 'unsettled')
    this.heights = openTable(store, 'height')
    this.receiptLists = openTable(store, 'receipts')
    this.transactions = openTable(store, 'transaction')
    this.certificates = openTable(store, 'certificate')
    this.pools = openTable(store, 'pool')
  }

  /** Is there a chain in this store already, and of which genesis? Throws `chain/format` for one of another version. */
  static async genesisOf(store: KeyValueStore): Promise<Hash | undefined> {
    const meta = openTable(store, 'meta')
    const [format, genesis] = await meta.getMany([META.format, META.genesis])
    if (format === undefined) return undefined
    const found = Number(bytesToBigInt(unseal(META.format, format)))
    if (found !== FORMAT)
      throw new CodedError(
        'chain/format',
        `the data folder has format ${found}; this version reads ${FORMAT}: start with an empty folder`,
      )
    return genesis === undefined ? undefined : toHex(unseal(META.genesis, genesis))
  }

  /** To be written together with the genesis state, in a store that holds no chain yet; bound to a signer's key. */
  static genesisOperations(store: KeyValueStore, block: Block, signerPublicKey?: Uint8Array): WriteOperation[] {
    const chain = new ChainStore(store)
    const hash = hashBlock(block)
    const proposal: Proposal = { block, signature: new Uint8Array(96) }
    return [
      chain.putMeta('format', bigIntToBytes(BigInt(FORMAT), 4)),
      chain.putMeta('genesis', fromHex(hash)),
      ...(signerPublicKey === undefined ? [] : [chain.putMeta('signer', signerPublicKey)]),
      ...chain.operationsOf([{ hash, proposal, receipts: [], poolIds: [] }]),
    ]
  }

  static async open(store: KeyValueStore): Promise<ChainStore> {
    const chain = new ChainStore(store)
    const settled = await chain.getMeta('settled')
    if (settled === undefined)
      throw new CodedError('chain/missing', 'the data folder holds no chain: run `npx tan init` first')
    const proof = await chain.getMeta('proof')
    const certificate = await chain.getMeta('certificate')
    chain.settledBlock = decode(settledCodec, settled)
    chain.newestProof = proof && decode(settlementProofCodec, proof)
    chain.newestCertificate = certificate && decode(finalityCertificateCodec, certificate)
    return chain
  }

  get settled(): SettledBlock {
    return this.settledBlock
  }

  /** That the settled block is settled; undefined at genesis. */
  get proof(): SettlementProof | undefined {
    return this.newestProof
  }

  get certificate(): FinalityCertificate | undefined {
    return this.newestCertificate
  }

  // ------------------------------------------------------------------------------------------------ consensus

  /** One atomic durable write of what consensus must not forget. */
  async persist({ era, safety, proposals = [], finality }: DurableWrite): Promise<void> {
    const operations: WriteOperation[] = []
    if (safety !== undefined) operations.push(this.putOfEra('safety', era, encodeSafetyRecord(safety)))
    if (finality !== undefined) operations.push(this.putOfEra('finality', era, encodeFinalityRecord(finality)))
    for (const { hash, proposal } of proposals) {
      const { height } = proposal.block.header
      const key = concatBytes(heightKey(height), fromHex(hash))
      operations.push(this.unsettled.put(key, encode(proposalCodec, proposal)))
    }
    await this.store.write(operations, { durable: true })
  }

  /** The BLS public key that signs with this store's records. */
  signer(): Promise<Uint8Array | undefined> {
    return this.getMeta('signer')
  }

  async persistCertificate(height: number, certificate: FinalityCertificate): Promise<void> {
    this.newestCertificate = certificate
    const encoded = encode(finalityCertificateCodec, certificate)
    const operations = [this.putMeta('certificate', encoded), this.certificates.put(heightKey(height), encoded)]
    await this.store.write(operations, { durable: true })
  }

  async certificateAt(height: number): Promise<FinalityCertificate | undefined> {
    const encoded = await this.certificates.get(heightKey(height))
    return encoded && decode(finalityCertificateCodec, encoded)
  }

  /** What consensus of an era starts from. */
  async restore({ start }: Era, checkpointInterval: number): Promise<RestoredReplica> {
    const safety = await this.getOfEra('safety', start.hash)
    const finality = await this.getOfEra('finality', start.hash)
    const carriedBytes = await this.getMeta('carried')
    const carried = carriedBytes && decode(finalityCertificateCodec, carriedBytes)
    const proposals: Proposal[] = []
    for await (const [, value] of this.unsettled.iterate({ from: heightKey(this.settledBlock.height + 1) }))
      proposals.push(decode(proposalCodec, value))
    const settledCheckpoints = await this.checkpointsFrom(start, indexOf(carried), checkpointInterval)
    const finalizedHeight = checkpointHeight(start, checkpointInterval, indexOf(this.newestCertificate))
    return {
      settlement: { settled: this.settledBlock, safety: safety && decodeSafetyRecord(safety), proposals },
      finality: {
        record: finality && decodeFinalityRecord(finality),
        certificate: this.newestCertificate,
        carried: carried && finalizedPoint(carried),
        checkpoints: settledCheckpoints.filter(({ height }) => height > finalizedHeight),
      },
      settledCheckpoints,
    }
  }

  /** Settled ones of an era, from the one of this number on; its start is number 0, and its own parent. */
  private async checkpointsFrom(start: EraStart, from: number, interval: number): Promise<Checkpoint[]> {
    const checkpoints: Checkpoint[] = []
    const heightOf = (index: number): number => checkpointHeight(start, interval, Math.max(0, index))
    let parentHash = (await this.hashAt(heightOf(from - 1)))!
    for (let index = from; heightOf(index) <= this.settledBlock.height; index++) {
      const hash = (await this.hashAt(heightOf(index)))!
      checkpoints.push({ height: heightOf(index), hash, parentHash })
      parentHash = hash
    }
    return checkpoints
  }

  // ------------------------------------------------------------------------------------------------ the settled chain

  /** Blocks that are settled now, lowest first, with the proof for the last. To be written with the state in one batch. */
  settleOperations(entries: readonly SettledEntry[], proof: SettlementProof): WriteOperation[] {
    const { hash, proposal } = entries.at(-1)!
    const { header, record } = proposal.block
    const settled: SettledBlock = { hash, height: header.height, epoch: record.epoch }
    this.settledBlock = settled
    this.newestProof = proof
    return [...this.operationsOf(entries), this.putMeta('proof', encode(settlementProofCodec, proof))]
  }

  private operationsOf(entries: readonly SettledEntry[]): WriteOperation[] {
    const operations: WriteOperation[] = []
    for (const { hash, proposal, receipts, poolIds } of entries) {
      const { header, record, transactions } = proposal.block
      operations.push(
        this.blocks.put(fromHex(hash), encode(proposalCodec, proposal)),
        this.heights.put(heightKey(header.height), fromHex(hash)),
        this.receiptLists.put(fromHex(hash), encode(receiptsCodec, receipts)),
        this.unsettled.delete(concatBytes(heightKey(header.height), fromHex(hash))),
      )
      transactions.forEach((transaction, index) => {
        const place = encode(placeCodec, { blockHash: hash, index })
        operations.push(this.transactions.put(fromHex(hashTransaction(transaction)), place))
      })
      poolIds.forEach((poolId, i) => {
        const key = concatBytes(heightKey(header.height), bigIntToBytes(BigInt(i), 4))
        operations.push(this.pools.put(key, fromHex(poolId)))
      })
      if (record.finality !== undefined)
        operations.push(this.putMeta('carried', encode(finalityCertificateCodec, record.finality)))
    }
    const { hash, proposal } = entries.at(-1)!
    const { header, record } = proposal.block
    const settled = encode(settledCodec, { hash, height: header.height, epoch: record.epoch })
    operations.push(this.putMeta('settled', settled))
    return operations
  }

  /** Durable blocks that lost, or that are settled under another entry. */
  async dropUnsettledBelow(height: number): Promise<void> {
    const operations: WriteOperation[] = []
    for await (const [key] of this.unsettled.iterate({ to: heightKey(height + 1) }))
      operations.push(this.unsettled.delete(key))
    if (operations.length > 0) await this.store.write(operations, { durable: false })
  }

  async hashAt(height: number): Promise<Hash | undefined> {
    if (height > this.settledBlock.height) return undefined
    const hash = await this.heights.get(heightKey(height))
    return hash && toHex(hash)
  }

  /** Hashes of the settled blocks below a height, newest last; at most `count` of them. */
  async hashesBelow(height: number, count: number): Promise<Hash[]> {
    const first = Math.max(0, height - count)
    const keys = Array.from({ length: height - first }, (_, i) => heightKey(first + i))
    return (await this.heights.getMany(keys)).map((hash, i) => {
      if (hash === undefined)
        throw new CodedError('chain/corrupt', `the hash of the settled block ${first + i} is missing`)
      return toHex(hash)
    })
  }

  async proposal(hash: Hash): Promise<Proposal | undefined> {
    const encoded = await this.blocks.get(fromHex(hash))
    if (encoded === undefined) return undefined
    const proposal = decode(proposalCodec, encoded)
    if (hashBlock(proposal.block) !== hash)
      throw new CodedError('chain/corrupt', `block ${hash} is damaged on disk: restore the data folder, or sync again`)
    return proposal
  }

  async receipts(hash: Hash): Promise<readonly Uint8Array[] | undefined> {
    const encoded = await this.receiptLists.get(fromHex(hash))
    return encoded && decode(receiptsCodec, encoded)
  }

  async transactionPlace(hash: Hash): Promise<TransactionPlace | undefined> {
    const encoded = await this.transactions.get(fromHex(hash))
    return encoded && decode(placeCodec, encoded)
  }

  /** Payment pools, newest first. */
  async newestPools(limit: number): Promise<Hash[]> {
    const found: Hash[] = []
    for await (const [, poolId] of this.pools.iterate({ reverse: true, limit })) found.push(toHex(poolId))
    return found
  }

  // ------------------------------------------------------------------------------------------------ small records

  private putMeta(name: keyof typeof META, value: Uint8Array): WriteOperation {
    return this.meta.put(META[name], seal(META[name], value))
  }

  /** Consensus of each era keeps records of its own: what was signed in one says nothing about another. */
  private putOfEra(name: 'safety' | 'finality', era: Hash, value: Uint8Array): WriteOperation {
    const key = eraKey(name, era)
    return this.meta.put(key, seal(key, value))
  }

  private async getOfEra(name: 'safety' | 'finality', era: Hash): Promise<Uint8Array | undefined> {
    const key = eraKey(name, era)
    const sealed = await this.meta.get(key)
    return sealed && unseal(key, sealed)
  }

  private async getMeta(name: keyof typeof META): Promise<Uint8Array | undefined> {
    const sealed = await this.meta.get(META[name])
    return sealed && unseal(META[name], sealed)
  }
}

function heightKey(height: number): Uint8Array {
  return bigIntToBytes(BigInt(height), 8)
}

function eraKey(name: 'safety' | 'finality', era: Hash): Uint8Array {
  return concatBytes(META[name], fromHex(era))
}

/** Of the checkpoint in its era that a certificate finalizes; 0, the era's start, where there is none. */
function indexOf(certificate: FinalityCertificate | undefined): number {
  return certificate === undefined ? 0 : checkpointIndexOf(finalizedPoint(certificate).round)
}
