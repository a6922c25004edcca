// Every bound of this room, in one place. What one protocol may carry, and how often, is in its declaration
// (protocols.ts); here is what holds for all of them.

const KIB = 1024
const MIB = 1024 * KIB

export const LIMITS = {
  /** connections, unless the options say otherwise */
  peersMax: 64,
  /** below this number of connections, the node dials known peers */
  peersTarget: 16,
  /** connections from one remote host; loopback and private networks are exempt if they are allowed */
  peersPerHostMax: 8,
  bootstrapAddressesMax: 64,

  /** the longest text of one address, and how many addresses a peer may have and send */
  addressSizeMaxBytes: 256,
  addressesPerPeerMax: 8,
  addressesPerExchangeMax: 128,
  /** known peers that may be dialled */
  knownPeersMax: 1024,
  dialsAtOnceMax: 8,
  dialTimeoutMs: 8_000,
  /** after so many attempts, an unreachable peer is forgotten */
  dialAttemptsMax: 8,
  reconnectMinMs: 250,
  /** bootstrap addresses are always retried: a peer that returns at its address is found within this time */
  reconnectBootstrapMaxMs: 1_500,
  reconnectMaxMs: 60_000,
  exchangeIntervalMs: 30_000,
  /** a connection closes if the other side has not shown by then that it belongs to this chain */
  helloTimeoutMs: 10_000,
  tickMs: 250,
  /** a tick this late means that this process was suspended */
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

  /** gossip in handlers at one time, over all peers: messages and bytes */
  gossipPendingMessagesMax: 8192,
  gossipPendingMaxBytes: 64 * MIB,
  /** the rate at which a node sends on a topic, in percent of what each neighbour accepts from one peer */
  gossipSentPercent: 80,
  /** one gossip transmission (it may hold several messages), and what may wait for one peer, in largest messages */
  gossipBatchLargestMessagesMax: 4,
  gossipMinBytes: 4 * MIB,
  /** topics that a peer may subscribe to; each counts a kibibyte and its name */
  gossipTopicBytesPerPeerMax: 64 * KIB,
  /** from this size on, a node that received a message tells its neighbours not to send it again */
  gossipToldMinBytes: 16 * KIB,
  /** how long the hash of a seen message is kept */
  gossipSeenMs: 120_000,

  /** penalty points that lead to a ban, points forgiven per second, and duration of a ban */
  banPoints: 100,
  forgivenPointsPerSecond: 1,
  banMs: 60_000,
  /** penalty points for a fault below the protocols */
  faultPoints: 25,
  /** peers whose standing is remembered, connected or not */
  standingsMax: 4096,

  /** libp2p: what a stream may receive before it is read; streams and half-open connections of all peers */
  streamWindowMaxBytes: 4 * MIB,
  streamsPerConnectionMax: 256,
  pendingInboundMax: 64,
  upgradeTimeoutMs: 5_000,
  pingIntervalMs: 10_000,
  pingTimeoutMs: 10_000,
  /** connections to one peer whose ages differ by less were dialled by both sides at once */
  simultaneousDialMs: 3_000,
  inboundPerHostPerSecondMax: 32,
  /** records of peers that are not connected */
  storedPeersMax: 1024,
  storedPeersCheckMs: 60_000,
  gossipCheckMs: 1_000,
  /** the in-memory wire: what a channel may hold before its writer must wait */
  memoryWindowBytes: 256 * KIB,
} as const
