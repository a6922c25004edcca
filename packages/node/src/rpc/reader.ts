// What RPC methods read of the chain: blocks by tag, with their receipts and transactions, whether on disk or not yet.
import type { BlockState, Receipt, SentTransaction } from '@tan/ledger'
import { CodedError, type Hash } from '@tan/primitives'
import type { Block } from '@tan/protocol'
import type { Chain } from '../chain/chain.ts'
import { RESOURCE_UNAVAILABLE, RpcError, SERVER_ERROR } from './errors.ts'
import type { BlockTag } from './params.ts'

export interface FoundBlock {
  readonly hash: Hash
  readonly block: Block
}

export interface FoundTransaction extends FoundBlock {
  readonly index: number
  readonly recovered: SentTransaction
}

export class ChainReader {
  readonly chain: Chain

  constructor(chain: Chain) {
    this.chain = chain
  }

  async hashOf(tag: BlockTag): Promise<Hash | undefined> {
    const { chain } = this
    if (tag.type === 'hash') return tag.requireCanonical ? this.canonical(tag.hash) : tag.hash
    if (tag.type === 'height') return tag.height > chain.head.header.height ? undefined : chain.hashAt(tag.height)
    switch (tag.name) {
      case 'latest':
      case 'pending':
        return chain.head.hash
      case 'safe':
        return chain.settled.hash
      case 'finalized':
        return chain.finalized.hash
      case 'earliest':
        return chain.hashAt(0)
    }
  }

  /** The hash, if the chain that ends at the head holds that block. Throws an RPC error for one that lost. */
  private async canonical(hash: Hash): Promise<Hash | undefined> {
    const block = await this.chain.proposalBlock(hash)
    if (block === undefined) return undefined
    if ((await this.chain.hashAt(block.header.height)) !== hash)
      throw new RpcError(SERVER_ERROR, `block ${hash} is not on the chain that ends at the head`)
    return hash
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

  receipts({ hash }: FoundBlock): Promise<readonly Receipt[]> {
    return this.chain.receipts(hash)
  }

  transactions({ block, hash }: FoundBlock): Promise<readonly SentTransaction[]> {
    return this.chain.transactions(hash, block)
  }

  /** One of a block's, which must have it. */
  transactionAt({ block, hash }: FoundBlock, index: number): Promise<SentTransaction> {
    return this.chain.transactionAt(hash, block, index)
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
    const found: FoundBlock = { hash: place!.blockHash, block }
    const recovered = await this.transactionAt(found, place!.index)
    if (recovered.hash !== hash) throw new CodedError('chain/corrupt', `the place of transaction ${hash} is damaged`)
    return { ...found, index: place!.index, recovered }
  }
}
