// Every bound of this room, in one place. What one protocol may carry, and how often, is in its declaration
// (protocols.ts); here is what holds for all of them.

const KIB = 1024
const MIB = 1024 * KIB

export const LIMITS = {
  /** connections, unless the options say otherwise */
  peersMax: 64,
  /** while there are fewer connections, peers that were heard of are dialled */
  peersTarget: 16,
  /** connections from one remote host; loopback and private networks are exempt where those are allowed */
  peersPerHostMax: 8,
  bootstrapAddressesMax: 64,

  /** the longest text of one address, and how many a peer may have and tell */
  addressSizeMaxBytes: 256,
  addressesPerPeerMax: 8,
  addressesPerExchangeMax: 128,
  /** peers that were heard of and may be dialled */
  knownPeersMax: 1024,
  dialsAtOnceMax: 8,
  dialTimeoutMs: 8_000,
  /** a peer that was heard of and cannot be reached is forgotten after so many attempts */
  dialAttemptsMax: 8,
  reconnectMinMs: 250,
  /** bootstrap addresses are tried for ever: a peer that comes back on its address is found again within this time */
  reconnectBootstrapMaxMs: 1_500,
  reconnectMaxMs: 60_000,
  exchangeIntervalMs: 30_000,
  /** a connection whose other side has not shown by then that it is of this chain is closed */
  helloTimeoutMs: 10_000,
  tickMs: 250,
  /** a tick that is so late shows that this process stood still */
  pausedMs: 1_500,

  /** waiting in one send queue (one peer, one protocol): messages, and bytes as a multiple of the largest message */
  queuedMessagesMax: 1024,
  queuedLargestMessagesMax: 4,
  queuedMinBytes: 1 * MIB,
  /** frames are written together up to this size */
  writeBatchBytes: 64 * KIB,
  /** open streams that one peer may have with us: for one message protocol, and for one request protocol */
  messageStreamsMax: 2,
  requestsAtOnceMax: 16,
  refusalTextMaxBytes: 512,

  /** gossip that is with its handlers at one time, over all peers: messages and bytes */
  gossipPendingMessagesMax: 8192,
  gossipPendingMaxBytes: 64 * MIB,
  /** what a node sends of a topic, in hundredths of what each of its neighbours takes from one peer */
  gossipSentPercent: 80,
  /** one gossip transmission (it may hold several messages), and what may wait for one peer, in largest messages */
  gossipBatchLargestMessagesMax: 4,
  gossipMinBytes: 4 * MIB,
  /** what a peer may say that it listens to, each topic counting a kibibyte and its name */
  gossipTopicBytesPerPeerMax: 64 * KIB,
  /** from this size on, a node that received a message tells its neighbours not to send it again */
  gossipToldMinBytes: 16 * KIB,
  /** how long the hash of a message that was seen is kept */
  gossipSeenMs: 120_000,

  /** penalty points that lead to a ban, what is forgiven each second, and how long a ban lasts */
  banPoints: 100,
  forgivenPointsPerSecond: 1,
  banMs: 60_000,
  /** what a fault below the protocols costs */
  faultPoints: 25,
  /** peers whose standing is remembered, connected or not */
  standingsMax: 4096,

  /** libp2p: what a stream may receive before it is read; streams and half-open connections of everybody */
  streamWindowMaxBytes: 4 * MIB,
  streamsPerConnectionMax: 256,
  pendingInboundMax: 64,
  upgradeTimeoutMs: 5_000,
  pingIntervalMs: 10_000,
  pingTimeoutMs: 10_000,
  /** connections to one peer whose ages differ by less were dialled from both sides at once */
  simultaneousDialMs: 3_000,
  inboundPerHostPerSecondMax: 32,
  /** records of peers that are not connected */
  storedPeersMax: 1024,
  storedPeersCheckMs: 60_000,
  gossipCheckMs: 1_000,
  /** the in-memory wire: what a channel may hold before its writer is told to wait */
  memoryWindowBytes: 256 * KIB,
} as const
