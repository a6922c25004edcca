// Blocks for peers: what a request for the way up to a block is answered with.
import type { ConsensusReader } from '@tan/consensus'
import { encode, type Hash, type Reason } from '@tan/primitives'
import { bodySizeBytes, type Proposal } from '@tan/protocol'
import type { Chain } from '../chain/chain.ts'
import { BLOCKS_OF_RESPONSE_MAX, BLOCKS_OF_RESPONSE_MAX_BYTES } from '../limits.ts'
import { decodeFromPeer } from '../wire/decode.ts'
import { blocksRequestCodec, blocksResponseCodec } from '../wire/messages.ts'

/** rough size of a header and a record, beside the body */
const BLOCK_OVERHEAD_BYTES = 4_096

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
    sizeBytes += bodySizeBytes(proposal.block) + BLOCK_OVERHEAD_BYTES
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
