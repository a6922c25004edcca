// Every bound of manifests and of what peers of a swarm send each other, in one place. LIMITS.md lists them.

/** the JSON of a manifest */
export const MANIFEST_MAX_CHARS = 16 * 1024 * 1024
export const RENDITIONS_MAX = 16
/** of all renditions together */
export const SEGMENTS_MAX = 65_536
/** also keeps a segment's list of piece hashes within one message */
export const SEGMENT_PIECES_MAX = 1_024
export const SEGMENT_DURATION_MAX_MS = 600_000
export const FILE_URI_MAX_CHARS = 512
export const MANIFEST_TEXT_MAX_CHARS = 256
export const ORIGINS_MAX = 8
export const TRACKERS_MAX = 8
export const ENDPOINT_MAX_CHARS = 512

/** any message between two peers; the longest is a pool proof under a large committee */
export const SWARM_MESSAGE_MAX_BYTES = 192 * 1024
/** nodes on one path of a trie (64 nibbles and a root) and the size of one */
export const PROOF_PATH_NODES_MAX = 65
export const PROOF_NODE_MAX_BYTES = 1_024
/** a pool's own slots and the target's */
export const PROOF_SLOTS_MAX = 7
/** code and text of a refusal */
export const REASON_CODE_MAX_BYTES = 64
export const REASON_TEXT_MAX_BYTES = 1_024
