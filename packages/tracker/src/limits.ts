// Every bound of a tracker, in one place; those of its messages are in the protocol's. LIMITS.md lists them. An operator
// may set those of TrackerLimits otherwise.

export interface TrackerLimits {
  readonly sockets: number
  /** of one address: a carrier's NAT has many viewers behind it */
  readonly socketsPerIp: number
  readonly connectsPerIpPerSecond: number
  readonly resourcesPerPeer: number
  /** with its burst enough for a peer that comes back with all of its resources */
  readonly messagesPerSecond: number
  /** that want peers */
  readonly announcesPerSecond: number
  readonly signalsPerSecond: number
  /** of all sockets of one address together */
  readonly messagesPerIpPerSecond: number
  /** malformed, forged or beyond the rate of messages, per minute, before the socket is closed */
  readonly refusalsPerMinute: number
}

export const DEFAULT_LIMITS: TrackerLimits = {
  sockets: 50_000,
  socketsPerIp: 1_024,
  connectsPerIpPerSecond: 50,
  resourcesPerPeer: 1_024,
  messagesPerSecond: 250,
  announcesPerSecond: 20,
  // Fifty connections with ten candidates each fit into a burst.
  signalsPerSecond: 120,
  messagesPerIpPerSecond: 2_000,
  refusalsPerMinute: 20,
}

/** A bucket holds this many seconds of its rate: a peer that joins opens many connections at once. */
export const BURST_SECONDS = 5
/** addresses whose rates are remembered; those unused for long are forgotten */
export const ADDRESSES_MAX = 100_000

/** A WebTorrent announce carries up to ten whole offers. */
export const FRAME_MAX_BYTES = 128 * 1024
/** what may wait for a slow reader before its socket is cut */
export const UNSENT_MAX_BYTES = 1024 * 1024
/** sockets besides those of peers, for the pages */
export const HTTP_SOCKETS_MAX = 1_024
/** of HTTP */
export const HEADER_MAX_BYTES = 16 * 1024
export const REQUEST_MAX_MS = 10_000

export const WEBTORRENT_OFFERS_MAX = 20
export const WEBTORRENT_SCRAPE_MAX = 64
export const WEBTORRENT_OFFER_ID_MAX_CHARS = 64

/** pairs of networks whose round-trip times are kept; those not heard of for long are forgotten */
export const RTT_PAIRS_MAX = 50_000
/** of each pair: the newest report of so many reporters */
export const RTT_REPORTERS_MAX = 21
/** Below this a median protects nobody. */
export const RTT_REPORTERS_MIN = 3

/** pools whose claims are kept; those not heard of for long are forgotten */
export const CLAIM_POOLS_MAX = 100_000
export const CLAIM_PAYEES_MAX = 256

/** rows of one table of addresses: the whole routed internet has about half a million */
export const LOCATE_ROWS_MAX = 20_000_000

/** how long one page of statistics is handed out */
export const STATS_CACHE_MS = 1_000
