// Every bound of this room. A value above its bound is rejected with a coded error, or evicted from a cache.

/** Keys of a store have 1 to this many bytes, which every engine can index. */
export const KEY_MAX_BYTES = 1_024
/** Values of a store: below the largest document of the engines that have one (16 MiB). */
export const VALUE_MAX_BYTES = 15 * 1_024 * 1_024

/** The memory engine can undo only this many writes: a disk would have written older ones back. */
export const UNSYNCED_BATCHES_MAX = 1_024

/** Keys of a trie; also bounds its recursion, at two levels per byte. */
export const TRIE_KEY_MAX_BYTES = 64
/** All nodes of one proof together. A proof of state has at most 65 nodes of at most 532 bytes. */
export const PROOF_MAX_BYTES = 256 * 1_024

/** Blocks that may wait above the settled state before `apply` refuses more. */
export const UNSETTLED_LAYERS_MAX = 1_024

/** How often work over a state may pause to fetch missing parts. */
export const RUN_ROUNDS_MAX = 10_000

/** Default bounds of the caches over the settled state. */
export const NODE_CACHE_BYTES = 256 * 1_024 * 1_024
export const ACCOUNT_CACHE_ENTRIES = 262_144
export const SLOT_CACHE_ENTRIES = 262_144
export const CODE_CACHE_BYTES = 16 * 1_024 * 1_024

/** LevelDB: the write-ahead buffer, of which two may be in memory, and the cache of blocks read. */
export const LEVEL_WRITE_BUFFER_BYTES = 16 * 1_024 * 1_024
export const LEVEL_BLOCK_CACHE_BYTES = 32 * 1_024 * 1_024
