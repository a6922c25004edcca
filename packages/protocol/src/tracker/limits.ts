// Every bound of what travels between a peer and a tracker, in one place. LIMITS.md lists them.

/** one message of this protocol, either way, as text */
export const TRACKER_MESSAGE_CHARS_MOST = 32_768
/** a WebRTC session description; a data channel alone needs 1,000 to 4,000 */
export const SDP_CHARS_MOST = 16_384
/** one ICE candidate line */
export const ICE_CANDIDATE_CHARS_MOST = 1_024
/** names of a connection attempt and of a media section */
export const ICE_NAME_CHARS_MOST = 64
/** servers that a welcome names */
export const ICE_SERVERS_MOST = 8
export const URL_CHARS_MOST = 256
/** peers of one answer */
export const CANDIDATES_MOST = 50
/** round-trip times of one heartbeat */
export const RTT_SAMPLES_MOST = 32
export const RTT_MS_MOST = 10_000
/** shortest and longest time between two signs of life that a tracker may ask for */
export const TRACKER_INTERVAL_MS_LEAST = 100
export const TRACKER_INTERVAL_MS_MOST = 300_000
/** random text that a tracker has a peer sign, in bytes */
export const TRACKER_NONCE_BYTES = 16
/** host and port, as a peer dialled them */
export const HOST_CHARS_MOST = 262
/** a voucher that stands behind a claim, in bytes */
export const CLAIM_VOUCHER_BYTES_MOST = 1_024
/** text of an error */
export const ERROR_CODE_CHARS_MOST = 64
export const ERROR_MESSAGE_CHARS_MOST = 512
/** resources and peers of one page of statistics */
export const STATS_RESOURCES_MOST = 100
export const STATS_PEERS_MOST = 1_000
