// Every bound and waiting time of taking part in swarms, in one place. LIMITS.md lists them.

// ---------------------------------------------------------------------------------------------- running the core

export const TICK_MS = 100
/** in a channel's buffer: beyond it, the next piece waits */
export const CHANNEL_BUFFER_MAX_BYTES = 1024 * 1024
/** with messages that a peer does not read: beyond it, it is left */
export const CHANNEL_UNREAD_MAX_BYTES = 8 * 1024 * 1024
/** of a data channel, below which it says that it has drained */
export const CHANNEL_LOW_BYTES = 256 * 1024
/** after closing a channel, for what was sent last to leave */
export const CHANNEL_LINGER_MS = 500
/** from a peer, before anybody listens to its channel; one that sends more is left */
export const EARLY_MESSAGES_MAX = 64
/** before what could not be stored is tried again */
export const STORE_RETRY_MS = 1_000

// ---------------------------------------------------------------------------------------------- origin

/** a request that gets no byte for so long is given up */
export const ORIGIN_IDLE_MS = 8_000
/** for the whole of a manifest */
export const MANIFEST_MAX_MS = 15_000

// ---------------------------------------------------------------------------------------------- meeting peers

/** attempts to connect, under way at a time, offered and answered each */
export const ATTEMPTS_MAX = 16
export const ATTEMPT_MAX_MS = 15_000
/** ICE candidates of one attempt that arrive before they can be used */
export const EARLY_SIGNALS_MAX = 64
/** after the first attempt with a peer broke, before the second */
export const SECOND_TRY_MS = 250
/** after a failed attempt, doubled with each further one */
export const REUNION_MIN_MS = 5_000
export const REUNION_MAX_MS = 120_000
/** peers whose failures are remembered */
export const FAILURES_MAX = 1_000
export const ANNOUNCE_MS = 10_000
/** peers of which it is remembered which tracker knows them */
export const ROUTES_MAX = 10_000
/** trackers that are asked at a time */
export const TRACKERS_USED_MAX = 3

// ---------------------------------------------------------------------------------------------- chain

export const RPC_TIMEOUT_MS = 10_000
export const RPC_ANSWER_MAX_BYTES = 4 * 1024 * 1024
/** until a transaction must be settled */
export const SETTLE_MAX_MS = 60_000
export const SETTLE_POLL_MS = 250
/** before a pool that could not be opened is tried again */
export const POOL_RETRY_MS = 15_000
/** between two looks at what is due */
export const REDEEM_MS = 10_000
/** vouchers of one transaction */
export const REDEMPTIONS_MAX = 64
/** settlement proofs that were checked and need not be again */
export const PROOFS_KNOWN_MAX = 64
/** reserves that a pool is made with, as its record keeps them */
export const RESERVES_MAX = 256
/** payees of one pool, as its record keeps them */
export const PROMISES_MAX = 4_096
