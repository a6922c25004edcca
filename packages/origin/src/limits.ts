// Every bound of the origin and of publishing, in one place. LIMITS.md lists them.

/** connections at a time */
export const CONNECTIONS_MAX = 4_096
/** until a request's head must be complete, and until an idle connection is closed */
export const HEAD_TIMEOUT_MS = 10_000
export const IDLE_TIMEOUT_MS = 30_000
/** after this long without progress, a response is aborted */
export const STALLED_TIMEOUT_MS = 60_000
/** the longest path of a manifest in any script, percent-encoded, fits */
export const URL_MAX_CHARS = 8_192
/** text of a client's kind in the log */
export const CLIENT_MAX_CHARS = 32
/** kinds of client that are counted separately; the rest counts as `other` */
export const CLIENTS_MAX = 16

/** one playlist */
export const PLAYLIST_MAX_BYTES = 8 * 1024 * 1024
/** length in seconds of a segment from ffmpeg */
export const SEGMENT_S = 2
/** size of a part of a published file that is not a video */
export const FILE_PART_BYTES = 4 * 1024 * 1024
