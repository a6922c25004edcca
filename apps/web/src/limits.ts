// Every bound of the web app in one place. LIMITS.md lists them.

/** of a node's answer to one request */
export const RPC_RESPONSE_MAX_CHARS = 8 * 1024 * 1024
/** before a request to the node counts as failed, including time without a connection */
export const RPC_TIMEOUT_MS = 15_000
export const RPC_REQUESTS_MAX = 512
/** between attempts to reconnect to the node: doubles from minimum to maximum */
export const RECONNECT_MIN_MS = 400
export const RECONNECT_MAX_MS = 10_000

/** of a status page of an edge, an origin or a tracker, and of devnet.json */
export const STATUS_MAX_CHARS = 4 * 1024 * 1024
export const STATUS_TIMEOUT_MS = 5_000
/** between two polls of the status pages */
export const STATUS_POLL_MS = 2_000
export const EDGES_MAX = 256

/** blocks that the chain's pages keep in memory */
export const BLOCKS_KEPT_MAX = 160
/** of these, fetched when the page opens */
export const BLOCKS_BACKFILL = 48
export const BLOCK_FETCHES_AT_ONCE = 6
/** transactions of a block, and rows of any list, shown before "show more" */
export const ROWS_SHOWN = 25
/** how far back the page of an address or pool searches for events */
export const EVENT_RANGE_BLOCKS = 5_000
export const EVENTS_SHOWN_MAX = 200
export const COMMITTEE_MEMBERS_MAX = 256
export const GUARDIANS_SHOWN_MAX = 4_096
export const POOLS_SHOWN_MAX = 100
/** a chain of justifications, each with a bitmap of all guardians */
export const FINALITY_CERTIFICATE_MAX_BYTES = 256 * 1024
/** checkpoints after a block to try for its finality certificate: guardians may skip some */
export const CHECKPOINTS_TRIED_MAX = 8

/** seconds of video whose sources are remembered: four hours */
export const SECONDS_KEPT_MAX = 4 * 3600
export const PAYMENTS_KEPT_MAX = 60
/** samples of the buffer, four per second: four minutes */
export const BUFFER_SAMPLES_MAX = 960
/** pieces in flight that the swarm picture draws at once */
export const PIECES_DRAWN_MAX = 120
/** peers with their own place in the swarm picture; the others are drawn as one group */
export const PEERS_DRAWN_MAX = 14
