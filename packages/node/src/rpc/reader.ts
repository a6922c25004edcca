// What RPC methods read of the chain: blocks by tag, with their receipts and transactions, whether on disk or not yet.
import {
  type BlockState,
  decodeReceipt,
  type Receipt,
  type RecoveredTransaction,
  recoverTransaction,
} from '@tan/ledger'
import { CodedError, type Hash, keccakHash } from '@tan/primitives'
import type { Block } from '@tan/protocol'
import type { Chain } from '../chain/chain.ts'
import { RESOURCE_UNAVAILABLE, RpcError } from './errors.ts'
import type { BlockTag } from './params.ts'

export interface FoundBlock {
  readonly hash: Hash
  readonly block: Block
}

export interface FoundTransaction extends FoundBlock {
  readonly index: number
  readonly recovered: RecoveredTransaction
}

export class ChainReader {
  readonly chain: Chain

  constructor(chain: Chain) {
    this.chain = chain
  }

  async hashOf(tag: BlockTag): Promise<Hash | undefined> {
    if (tag.type === 'hash') return tag.hash
    if (tag.type === 'height')
      return tag.height > this.chain.head.header.height ? undefined : this.chain.hashAt(tag.height)
    if (tag.name === 'latest') return this.chain.head.hash
    if (tag.name === 'safe') return this.chain.settled.hash
    return tag.name === 'finalized' ? this.chain.finalized.hash : this.chain.hashAt(0)
  }

  async find(tag: BlockTag): Promise<FoundBlock | undefined> {
    const hash = await this.hashOf(tag)
    const block = hash && (await this.chain.proposalBlock(hash))
    return block === undefined ? undefined : { hash: hash!, block }
  }

  /** Throws an RPC error where there is no such block. */
  async state(tag: BlockTag): Promise<BlockState> {
    const hash = await this.hashOf(tag)
    const found = hash && (await this.chain.blockState(hash))
    if (found === undefined) throw new RpcError(RESOURCE_UNAVAILABLE, 'header not found: no such block on this node')
    return found
  }

  async receipts(hash: Hash): Promise<readonly Receipt[] | undefined> {
    const unsettled = this.chain.unsettled(hash)
    // the settled block that a node starts from has its receipts on disk alone
    if (unsettled !== undefined && unsettled.receipts.length === unsettled.block.transactions.length)
      return unsettled.receipts
    return (await this.chain.store.receipts(hash))?.map(decodeReceipt)
  }

  async transactions({ block, hash }: FoundBlock): Promise<readonly RecoveredTransaction[]> {
    const unsettled = this.chain.unsettled(hash)
    if (unsettled !== undefined && unsettled.transactions.length === block.transactions.length)
      return unsettled.transactions
    const recovered = await this.chain.recover(block)
    if (!recovered.ok) throw new CodedError('chain/corrupt', `block ${hash} holds a transaction without a sender`)
    return recovered.value
  }

  /** On the chain that ends at the head. */
  async transaction(hash: Hash): Promise<FoundTransaction | undefined> {
    for (const unsettled of this.chain.branch()) {
      const index = unsettled.transactions.findIndex(transaction => transaction.hash === hash)
      if (index >= 0)
        return { hash: unsettled.hash, block: unsettled.block, index, recovered: unsettled.transactions[index]! }
    }
    const place = await this.chain.store.transactionPlace(hash)
    const block = place && (await this.chain.proposalBlock(place.blockHash))
    if (block === undefined) return undefined
    const encoded = block.transactions[place!.index]!
    if (keccakHash(encoded) !== hash)
      throw new CodedError('chain/corrupt', `the place of transaction ${hash} is damaged`)
    const recovered = recoverTransaction(encoded)
    if (!recovered.ok) throw new CodedError('chain/corrupt', `transaction ${hash} has no sender`)
    return { hash: place!.blockHash, block, index: place!.index, recovered: recovered.value }
  }
}
