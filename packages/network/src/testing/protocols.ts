// The chain and the protocols that this room's tests speak.
import { FORGED, type Rejection, UNTIMELY } from '@tan/primitives'
import { PEERS } from '../peer/peer-exchange.ts'
import { chainPrefix, declareProtocol, protocolId } from '../protocols.ts'

const MIB = 1024 * 1024

export const GENESIS = `0x${'ab'.repeat(32)}` as const
export const OTHER_GENESIS = `0x${'cd'.repeat(32)}` as const

export const VOTES = declareProtocol({
  kind: 'message',
  name: 'votes',
  version: 1,
  messageSizeMaxBytes: 4 * MIB,
  messagesPerSecondMax: 10_000,
  timeoutMs: 10_000,
  penaltyPoints: 25,
})
export const BLOCKS = declareProtocol({
  kind: 'gossip',
  name: 'blocks',
  version: 1,
  messageSizeMaxBytes: MIB,
  messagesPerSecondMax: 1000,
  timeoutMs: 10_000,
  penaltyPoints: 25,
})
/** A second topic. */
export const TRANSACTIONS = declareProtocol({ ...BLOCKS, name: 'transactions' })
export const RANGES = declareProtocol({
  kind: 'request',
  name: 'ranges',
  version: 1,
  messageSizeMaxBytes: 1024,
  responseSizeMaxBytes: 8 * MIB,
  messagesPerSecondMax: 1000,
  timeoutMs: 10_000,
  penaltyPoints: 25,
})
/** What child.ts answers. */
export const ECHO = declareProtocol({
  kind: 'request',
  name: 'echo',
  version: 1,
  messageSizeMaxBytes: 1024,
  responseSizeMaxBytes: 1024,
  messagesPerSecondMax: 1000,
  timeoutMs: 10_000,
  penaltyPoints: 25,
})

export const PREFIX = chainPrefix(GENESIS)
export const VOTES_ID = protocolId(PREFIX, VOTES)
export const BLOCKS_ID = protocolId(PREFIX, BLOCKS)
export const RANGES_ID = protocolId(PREFIX, RANGES)
export const PEERS_ID = protocolId(PREFIX, PEERS)

/** Why a handler of a test rejects. */
export const BAD: Rejection = { code: 'votes/signature', message: 'not signed by who it says', ...FORGED }
/** nobody is to blame for it */
export const EARLY: Rejection = { code: 'votes/early', message: 'of an epoch to come', ...UNTIMELY }
