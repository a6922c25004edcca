// Every bound and waiting time of the swarm's core, in one place. LIMITS.md lists them.

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
export const IN_FLIGHT_MAX = 20
/** pieces paid for before they came, to one peer */
export const PREPAID_MAX = IN_FLIGHT_MAX - 1
/**
 * Pieces that one peer may have charged and that never came, over a pool's life: so many, and one for each LOST_PART that
 * came. What a payer can lose to it.
 */
export const LOST_MAX = IN_FLIGHT_MAX
export const LOST_PART = 4
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

// ---------------------------------------------------------------------------------------------- paying and being paid

/** units of one hash chain: a new voucher is signed after so many pieces, and no longer chain is taken */
export const CHAIN_LENGTH = 256
/** new vouchers of one pool that a payee checks at once; one more for so many pieces that it charged, and after so long */
export const VOUCHERS_MAX = 8
export const VOUCHER_PIECES = 32
export const VOUCHER_MS = 2_000
/** payees of one pool that a payer keeps account of */
export const TARGETS_MAX = 1_024
/** pools that a payee keeps account of, for one resource */
export const ACCOUNTS_MAX = 4_096
/** an account whose pool was not shown, and not served from, for this long may make room for another */
export const ACCOUNT_IDLE_MS = 120_000
/** pieces that a pool must be able to pay before an account is opened for it; the whole resource, if it has fewer */
export const POOL_PIECES_MIN = 16
/** age of the settled header under a pool's proof when it is shown */
export const PROOF_AGE_BLOCKS_MAX = 30
/** a payee asks for a newer proof after this, and serves no more after twice this */
export const PROOF_RENEW_MS = 60_000
/** pieces by which a payee's announced claim on a credit pool runs ahead */
export const CLAIM_STEP_PIECES = 64
/** between two proofs of a pool that one peer may have us check: each costs two pairings */
export const PROOF_MIN_MS = 500
/** pieces by which a reserve for one payee of a strict pool is raised: twice what it has delivered, within these bounds */
export const RESERVE_STEP_PIECES_MIN = 4
export const RESERVE_STEP_PIECES = 64
export const RESERVE_RETRY_MS = 10_000
/** a claim that the tracker refused, or did not answer, is made again after this */
export const CLAIM_RETRY_MS = 5_000
