// Every bound of what travels between a peer and a tracker, in one place. LIMITS.md lists them.

/** one message of this protocol, either way, as text */
export const TRACKER_MESSAGE_MAX_CHARS = 32_768
/** a WebRTC session description; one data channel needs 1,000 to 4,000 */
export const SDP_MAX_CHARS = 16_384
/** one ICE candidate line */
export const ICE_CANDIDATE_MAX_CHARS = 1_024
/** names of a connection attempt and of a media section */
export const ICE_NAME_MAX_CHARS = 64
/** servers that a welcome names */
export const ICE_SERVERS_MAX = 8
export const URL_MAX_CHARS = 256
/** peers of one answer */
export const CANDIDATES_MAX = 50
/** round-trip times of one heartbeat */
export const RTT_SAMPLES_MAX = 32
export const RTT_MAX_MS = 10_000
/** shortest and longest time between two signs of life that a tracker may ask for */
export const TRACKER_INTERVAL_MIN_MS = 100
export const TRACKER_INTERVAL_MAX_MS = 300_000
/** random text that a tracker has a peer sign, in bytes */
export const TRACKER_NONCE_BYTES = 16
/** host and port, as a peer dialled them */
export const HOST_MAX_CHARS = 262
/** the voucher behind a claim, in bytes */
export const CLAIM_VOUCHER_MAX_BYTES = 1_024
/** text of an error */
export const ERROR_CODE_MAX_CHARS = 64
export const ERROR_MESSAGE_MAX_CHARS = 512
/** resources and peers of one page of statistics */
export const STATS_RESOURCES_MAX = 100
export const STATS_PEERS_MAX = 1_000
