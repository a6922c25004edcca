// Every bound and waiting time of the swarm's core, in one place. LIMITS.md lists them.
import { paymentLimits } from '@tan/payments'

/** peers connected for one resource, handshakes included */
export const LINKS_MAX = 256
/** from a connection to its verified handshake */
export const HANDSHAKE_MAX_MS = 10_000
/** of one peer, pieces included */
export const MESSAGES_PER_SECOND_MAX = 20_000
/** addresses that sent something wrong; beyond, the oldest is forgotten */
export const BANNED_MAX = 10_000

// ---------------------------------------------------------------------------------------------- asking

/** pieces that one peer is asked for at a time */
export const IN_FLIGHT_MAX = paymentLimits.UNITS_UNDER_WAY_MAX
/** how much of a peer's measured throughput may be asked for in advance */
export const PIPELINE_MS = 300
/** a request that has waited this many times longer than expected counts as late */
export const LATE_FACTOR = 3
export const LATE_MIN_MS = 400
/** after this a request is given up, and the peer has a strike */
export const REQUEST_MAX_MS = 6_000
/** strikes in a row after which a peer is left */
export const STRIKES_MAX = 3
/** a peer that was left for its silence is asked for nothing for so long, doubled each time that it happens again */
export const SILENT_PAUSE_MIN_MS = 15_000
export const SILENT_PAUSE_MAX_MS = 300_000
/** silent peers that are remembered; beyond, the oldest is forgotten */
export const SILENT_MAX = 1_000
/** what has no deadline, and peers have not delivered within this, the origin does */
export const UNHURRIED_MAX_MS = 30_000
/** sources that are asked for one piece at a time, the origin not counted */
export const SOURCES_PER_PIECE_MAX = 2
/** peers whose answers are expected within this of one another count as equally fast */
export const EQUAL_MS = 60
/** a peer that was too busy is asked again after this */
export const BUSY_PAUSE_MS = 500
/** a peer that refused our pool is asked again after this */
export const REFUSED_PAUSE_MS = 15_000

/** requests to the origin at a time */
export const ORIGIN_FETCHES_MAX = 2
export const ORIGIN_RETRY_MIN_MS = 250
export const ORIGIN_RETRY_MAX_MS = 5_000
/** the time that a fetch from the origin is expected to take is multiplied and lengthened by these */
export const ORIGIN_SAFETY_FACTOR = 1.5
export const ORIGIN_MARGIN_MS = 1_200
/** before anything was measured, of the origin and of a peer */
export const ORIGIN_LATENCY_MS_ASSUMED = 300
export const ORIGIN_BYTES_PER_MS_ASSUMED = 500
export const PEER_LATENCY_MS_ASSUMED = 150
export const PEER_BYTES_PER_MS_ASSUMED = 250
/** of a source at work: what it did longer ago hardly counts for its throughput */
export const METER_MEMORY_MS = 1_000
/** no peer that could serve for so long: play as from the origin alone */
export const ALONE_MS = 5_000
/** segments whose piece hashes are fetched in one go */
export const HASHES_SEGMENTS_MAX = 64
export const HASHES_MAX_MS = 3_000

/** how far ahead of the playhead segments are fetched */
export const WINDOW_MS = 30_000
/** within this the order of playing decides, beyond it rarity */
export const NEAR_MS = 8_000
/** a segment has to be there this long before it is played */
export const APPEND_MS = 400
/** segments begun, no longer wanted and kept for a while, whole pieces of them at least */
export const PARTIAL_MAX = 64
/** segments that may be wanted at a time */
export const DEMAND_MAX = 256

// ---------------------------------------------------------------------------------------------- serving

/** requests of one peer that wait to be served */
export const QUEUE_MAX = 32
/** pieces of one peer that are read, or crowd its channel, at a time */
export const SENDING_MAX = 8
/** a request that waits for its payment this long is rejected */
export const UNPAID_MAX_MS = 15_000
/** hash lists that one peer may ask for between two ticks */
export const HASHES_REQUESTS_MAX = 64
