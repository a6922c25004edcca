// Blocks for peers: what a request for the way up to a block is answered with.
import type { ConsensusReader } from '@tan/consensus'
import { encode, type Hash, type Reason } from '@tan/primitives'
import { type Proposal, proposalCodec } from '@tan/protocol'
import type { Chain } from '../chain/chain.ts'
import { BLOCKS_OF_RESPONSE_MAX, BLOCKS_OF_RESPONSE_MAX_BYTES } from '../limits.ts'
import { decodeFromPeer } from '../wire/decode.ts'
import { blocksRequestCodec, blocksResponseCodec } from '../wire/messages.ts'

/** what an encoding puts before a transaction, and before a proposal and its lists, at most */
const HEAD_MAX_BYTES = 4
const HEADS_OF_PROPOSAL_MAX_BYTES = 16

interface AnswerParts {
  readonly chain: Chain
  readonly consensus: ConsensusReader
}

export async function answerBlocks(parts: AnswerParts, bytes: Uint8Array): Promise<Uint8Array | Reason> {
  const decoded = decodeFromPeer(blocksRequestCodec, bytes)
  if (!decoded.ok) return decoded.rejection
  const { hash, aboveHeight } = decoded.value
  return encode(blocksResponseCodec, await blocksUpTo(parts, hash, aboveHeight))
}

/** What the proposal takes in a response, at most: an answer above its protocol's bound would be a fault of this node. */
export function proposalMaxBytes(proposal: Proposal): number {
  const { transactions } = proposal.block
  const rest = encode(proposalCodec, { ...proposal, block: { ...proposal.block, transactions: [] } }).length
  const heads = HEADS_OF_PROPOSAL_MAX_BYTES + transactions.length * HEAD_MAX_BYTES
  return rest + heads + transactions.reduce((sum, transaction) => sum + transaction.length, 0)
}

/** The lowest above `aboveHeight` on the way up to the block, as many as fit. None where the block is not known here. */
async function blocksUpTo({ consensus, chain }: AnswerParts, hash: Hash, aboveHeight: number): Promise<Proposal[]> {
  const unsettled: Proposal[] = []
  let at = hash
  for (let proposal = consensus.proposal(at); proposal !== undefined; proposal = consensus.proposal(at)) {
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
    sizeBytes += proposalMaxBytes(proposal)
    if (chosen.length >= BLOCKS_OF_RESPONSE_MAX || (chosen.length > 0 && sizeBytes > BLOCKS_OF_RESPONSE_MAX_BYTES))
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
