// Every bound of this room, in one place. LIMITS.md lists them.

// mempool
export const MEMPOOL_TRANSACTIONS_MAX = 65_536
export const MEMPOOL_MAX_BYTES = 128 * 1024 * 1024
export const MEMPOOL_OF_ACCOUNT_MAX = 1_024
/** nonces ahead of the account's that are kept */
export const MEMPOOL_NONCE_GAP_MAX = 1_024n
/** a replacement pays so much more, in hundredths of what it replaces */
export const MEMPOOL_BUMP_PERCENT = 10n
/** when it is full, of what is worth least */
export const MEMPOOL_DROPPED_AT_ONCE = 1_024
export const MEMPOOL_EXPIRY_MS = 3 * 3_600_000
/** hashes of transactions that were refused, so that gossip does not have them checked again */
export const MEMPOOL_REFUSED_MAX = 65_536

// what one message between nodes holds
export const GOSSIPED_TRANSACTIONS_MAX = 1_024
export const GOSSIPED_TRANSACTIONS_MAX_BYTES = 512 * 1024
export const BLOCKS_OF_RESPONSE_MAX = 128
export const BLOCKS_OF_RESPONSE_MAX_BYTES = 8 * 1024 * 1024
/** messages of transactions from one peer that are looked at together */
export const GOSSIP_IN_WORK_MAX = 16
/** transactions from one peer that turn out useless: so many at once, and so many per second */
export const USELESS_TRANSACTIONS_MAX = 4_096
export const USELESS_TRANSACTIONS_PER_SECOND = 1_024
/** of its own clients that a node sends again while they wait */
export const OWN_TRANSACTIONS_MAX = 4_096
/** fields and transactions of all blocks of a response: no transaction is shorter than its signature */
export const BLOCKS_OF_RESPONSE_ITEMS_MAX = 262_144
/** blocks that consensus misses and that are asked for */
export const WANTED_BLOCKS_MAX = 128
/** strangers that are asked at one time for blocks that consensus misses; validators are not counted */
export const WANTED_FETCHES_MAX = 16
/** peers that are asked for the way up to their head at one time: validators, and strangers while no validator is */
export const VALIDATOR_FETCHES_MAX = 2
export const ANNOUNCED_FETCHES_MAX = 4
/** peers that are remembered for not having given blocks */
export const DOUBTED_PEERS_MAX = 1_024
/** messages whose hash is remembered, so that a second copy costs nothing */
export const SEEN_MESSAGES_MAX = 4_096
/** messages of settlement from a peer that has not proved to be a validator: at once, and each second after that */
export const STRANGER_MESSAGES_BURST = 20
export const STRANGER_MESSAGES_PER_SECOND = 2
/** of messages for consensus that wait while it writes to disk; more are dropped */
export const INBOX_MAX_BYTES = 64 * 1024 * 1024
/** what a message that waits is counted for beside its own bytes */
export const INBOX_MESSAGE_OVERHEAD_BYTES = 2_048

// JSON-RPC
export const RPC_REQUEST_MAX_BYTES = 5 * 1024 * 1024
export const RPC_BATCH_MAX = 1_000
export const RPC_RESPONSE_MAX_BYTES = 32 * 1024 * 1024
export const RPC_LOG_BLOCKS_MAX = 10_000
export const RPC_LOGS_MAX = 10_000
export const RPC_FEE_HISTORY_BLOCKS_MAX = 1_024
export const RPC_CALL_GAS_MAX = 50_000_000
export const RPC_SUBSCRIPTIONS_MAX = 64
export const RPC_SOCKETS_MAX = 1_024
/** what a WebSocket client may leave unread before it is disconnected */
export const RPC_UNREAD_MAX_BYTES = 16 * 1024 * 1024
export const RPC_POOLS_MAX = 1_000
export const RPC_PROOF_SLOTS_MAX = 256
/** addresses of an access list, and slots of each */
export const RPC_ACCESS_LIST_MAX = 1_000
/** addresses of a filter, and topics of each position */
export const RPC_FILTER_ALTERNATIVES_MAX = 1_000
export const RPC_PERCENTILES_MAX = 100

/** signatures that one worker recovers at a time */
export const RECOVERY_BATCH_MAX = 256
/** batches of signatures that may wait */
export const RECOVERY_QUEUE_MAX = 4_096
