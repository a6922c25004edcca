// Every bound and waiting time of an edge, in one place. LIMITS.md lists them.

/** resources that one edge serves */
export const RESOURCES_MAX = 256
/** on disk, beside the cache's budget, of segments that are not whole yet */
export const LOOSE_MAX_BYTES = 128 * 1024 * 1024
/** segments that a pin fetches at a time */
export const PINNING_MAX = 16
/** before a manifest that could not be had is asked for again */
export const MANIFEST_RETRY_MS = 2_000
/** peers that an edge itself seeks while it fills up with what is free */
export const SEEK_MAX = 4
/** a use of a segment is worth this much of not being used since */
export const USE_WORTH_MS = 10 * 60_000
/** uses that count */
export const USES_MAX = 32
/** connections to the status port at a time */
export const STATUS_CONNECTIONS_MAX = 64
export const STATUS_BODY_MAX_BYTES = 4_096
/** an HTTP request that an edge makes */
export const HTTP_HEAD_MAX_MS = 15_000
export const HTTP_SOCKETS_MAX = 16
/** connections of one resource */
export const PEERS_MAX = 200
