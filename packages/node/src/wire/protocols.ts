// The protocols that nodes speak with each other, each declared once with its bounds.
import { declareProtocol } from '@tan/network'
import { limits } from '@tan/protocol'
import { BLOCKS_OF_RESPONSE_MAX_BYTES, GOSSIPED_TRANSACTIONS_MAX_BYTES } from '../limits.ts'

const FRAMING_BYTES = 64 * 1024

/** Proposals, votes, epoch changes and certificates, between validators. */
export const SETTLEMENT_PROTOCOL = declareProtocol({
  kind: 'message',
  name: 'settlement',
  version: 2,
  messageSizeMaxBytes: limits.PROPOSAL_MAX_BYTES,
  messagesPerSecondMax: 200,
  timeoutMs: 10_000,
  penaltyPoints: 20,
})

/** Proposals, to all who follow the chain. */
export const BLOCKS_TOPIC = declareProtocol({
  kind: 'gossip',
  name: 'blocks',
  version: 2,
  messageSizeMaxBytes: limits.PROPOSAL_MAX_BYTES,
  messagesPerSecondMax: 50,
  timeoutMs: 10_000,
  penaltyPoints: 20,
})

/** What guardians sign, and the certificates that come of it. */
export const FINALITY_TOPIC = declareProtocol({
  kind: 'gossip',
  name: 'finality',
  version: 2,
  messageSizeMaxBytes: limits.CONSENSUS_MESSAGE_MAX_BYTES,
  messagesPerSecondMax: 500,
  timeoutMs: 10_000,
  penaltyPoints: 20,
})

/** Lists of transactions that wait for a block. */
export const TRANSACTIONS_TOPIC = declareProtocol({
  kind: 'gossip',
  name: 'transactions',
  version: 1,
  messageSizeMaxBytes: GOSSIPED_TRANSACTIONS_MAX_BYTES,
  messagesPerSecondMax: 200,
  timeoutMs: 10_000,
  penaltyPoints: 10,
})

/** Where a node stands, when it connects and from time to time. */
export const HELLO_PROTOCOL = declareProtocol({
  kind: 'message',
  name: 'hello',
  version: 2,
  messageSizeMaxBytes: 1024,
  messagesPerSecondMax: 5,
  timeoutMs: 10_000,
  penaltyPoints: 10,
})

/** Blocks on the way up to one. */
export const BLOCKS_PROTOCOL = declareProtocol({
  kind: 'request',
  name: 'blocks',
  version: 1,
  messageSizeMaxBytes: 256,
  responseSizeMaxBytes: BLOCKS_OF_RESPONSE_MAX_BYTES + FRAMING_BYTES,
  messagesPerSecondMax: 20,
  timeoutMs: 15_000,
  penaltyPoints: 10,
})
