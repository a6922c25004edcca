// Blocks from and for peers: answers requests for the blocks on the way up to one, and asks for those that miss here.
import type { Outcome, Runner, Settlement } from '@tan/consensus'
import type { PeerId, Transport } from '@tan/network'
import { encode, type Hash, type Logger, type Metrics, type Rejection, rejectionOf } from '@tan/primitives'
import { bodySizeBytes, type Proposal } from '@tan/protocol'
import type { Chain } from '../chain/chain.ts'
import { BLOCKS_OF_RESPONSE_BYTES_MOST, BLOCKS_OF_RESPONSE_MOST } from '../limits.ts'
import { checkBody } from '../wire/body.ts'
import { decodeFromPeer } from '../wire/decode.ts'
import { isOffence } from '../wire/inbox.ts'
import { blocksRequestCodec, blocksResponseCodec } from '../wire/messages.ts'
import { BLOCKS_PROTOCOL } from '../wire/protocols.ts'

/** Peers asked for one block before it is given up until somebody asks again. */
const PEERS_TRIED_MOST = 4
/** rough size of a header and a record, beside the body */
const BLOCK_OVERHEAD_BYTES = 4_096

interface BlockSourceParts {
  readonly transport: Transport
  readonly chain: Chain
  readonly settlement: Settlement
  readonly runner: Runner
  readonly logger: Logger
  readonly metrics: Metrics
}

export class BlockSource {
  private readonly parts: BlockSourceParts
  private fetching: Promise<void> | undefined
  private turn = 0

  constructor(parts: BlockSourceParts) {
    this.parts = parts
    parts.transport.onRequest(BLOCKS_PROTOCOL, (_peer, request) => this.answer(request))
  }

  /** Gets a block and what misses below it, from this peer first. One fetch at a time: others come again. */
  fetch(hash: Hash, preferred?: PeerId): void {
    if (this.fetching !== undefined) return
    this.fetching = this.fetchFromSome(hash, preferred)
      .catch(error =>
        this.parts.logger.warn('blocks could not be fetched', { hash, reason: rejectionOf(error).message }),
      )
      .finally(() => {
        this.fetching = undefined
      })
  }

  private async fetchFromSome(hash: Hash, preferred: PeerId | undefined): Promise<void> {
    for (const peer of this.candidates(preferred)) {
      try {
        if (await this.fetchFrom(peer, hash)) return
      } catch (error) {
        this.parts.logger.debug('a peer did not give blocks', { peer, reason: rejectionOf(error).message })
      }
    }
  }

  /** In batches from the settled block up. False where the peer does not have it. */
  private async fetchFrom(peer: PeerId, hash: Hash): Promise<boolean> {
    const { transport, settlement, metrics } = this.parts
    for (;;) {
      const aboveHeight = settlement.status().settledHeight
      const request = encode(blocksRequestCodec, { hash, aboveHeight })
      const response = decodeFromPeer(blocksResponseCodec, await transport.request(peer, BLOCKS_PROTOCOL, request))
      if (!response.ok) {
        transport.penalize(peer, BLOCKS_PROTOCOL, response.rejection)
        return false
      }
      const proposals = response.value
      if (proposals.length === 0) return false
      for (const proposal of proposals) {
        const outcome = checkBody(proposal.block) ?? (await this.deliver(proposal))
        if (typeof outcome === 'object' && isOffence(outcome)) transport.penalize(peer, BLOCKS_PROTOCOL, outcome)
      }
      metrics.count('tan_sync_blocks_total', proposals.length)
      if (settlement.proposal(hash) !== undefined) return true
      if (settlement.status().settledHeight <= aboveHeight) return false
    }
  }

  private deliver(proposal: Proposal): Promise<Outcome> {
    const message = { type: 'proposal', proposal } as const
    return new Promise(resolve =>
      this.parts.runner.deliver({ type: 'settlement-message', message, from: undefined }, resolve),
    )
  }

  private candidates(preferred: PeerId | undefined): PeerId[] {
    const peers = this.parts.transport.peers().map(peer => peer.id)
    const start = peers.length === 0 ? 0 : this.turn++ % peers.length
    const turned = [...peers.slice(start), ...peers.slice(0, start)]
    const ordered = preferred !== undefined && peers.includes(preferred) ? [preferred, ...turned] : turned
    return [...new Set(ordered)].slice(0, PEERS_TRIED_MOST)
  }

  private async answer(bytes: Uint8Array): Promise<Uint8Array | Rejection> {
    const decoded = decodeFromPeer(blocksRequestCodec, bytes)
    if (!decoded.ok) return decoded.rejection
    const { hash, aboveHeight } = decoded.value
    return encode(blocksResponseCodec, await this.blocksUpTo(hash, aboveHeight))
  }

  /** The lowest above `aboveHeight` on the way up to the block, as many as fit. None where the block is not known here. */
  private async blocksUpTo(hash: Hash, aboveHeight: number): Promise<Proposal[]> {
    const { settlement, chain } = this.parts
    const unsettled: Proposal[] = []
    let at = hash
    for (let proposal = settlement.proposal(at); proposal !== undefined; proposal = settlement.proposal(at)) {
      if (proposal.block.header.height <= aboveHeight) break
      unsettled.push(proposal)
      at = proposal.block.header.parentHash
    }
    const below = await chain.store.proposal(at)
    const top = below?.block.header.height
    if (unsettled.length === 0 && top === undefined) return []
    const chosen: Proposal[] = []
    let sizeBytes = 0
    const take = (proposal: Proposal): boolean => {
      sizeBytes += bodySizeBytes(proposal.block) + BLOCK_OVERHEAD_BYTES
      if (chosen.length >= BLOCKS_OF_RESPONSE_MOST || (chosen.length > 0 && sizeBytes > BLOCKS_OF_RESPONSE_BYTES_MOST))
        return false
      chosen.push(proposal)
      return true
    }
    for (let height = aboveHeight + 1; top !== undefined && height <= top; height++) {
      const settledHash = await chain.store.hashAt(height)
      const proposal = settledHash && (await chain.store.proposal(settledHash))
      if (proposal === undefined || !take(proposal)) return chosen
    }
    for (const proposal of unsettled.reverse()) if (!take(proposal)) break
    return chosen
  }
}
