// The transport: what makes a wire safe and useful. The same code runs over libp2p and in memory. It answers for this node
// and puts together the connected peers (connections.ts), the finder of peers, the handlers, and the topics of gossip.
import {
  assert,
  type Clock,
  CodedError,
  type Hash,
  type Logger,
  type Metrics,
  type Random,
  type Reason,
  reasonOf,
  silentLogger,
  silentMetrics,
} from '@tan/primitives'
import { withDeadline } from '../deadline.ts'
import { Topics } from '../gossip/topics.ts'
import { LIMITS } from '../limits.ts'
import {
  chainPrefix,
  type GossipProtocol,
  type MessageProtocol,
  type Protocol,
  protocolId,
  type RequestProtocol,
} from '../protocols.ts'
import { Telemetry } from '../telemetry.ts'
import type {
  MessageHandler,
  PeerEvent,
  PeerId,
  PeerInfo,
  RequestHandler,
  RequestOptions,
  Transport,
} from '../transport.ts'
import { Verdicts } from '../verdicts.ts'
import type { Channel, Link, Wire, WireEvents } from '../wire/wire.ts'
import { Connections } from './connections.ts'
import { Handlers } from './handlers.ts'
import { PEERS } from './peer-exchange.ts'
import { PeerFinder } from './peer-finder.ts'
import type { PeerLink } from './peer-link.ts'
import { ask } from './requests.ts'
import { Standing } from './standing.ts'

export interface TransportOptions {
  /** the chain's prefix: this node does not talk to nodes of other chains */
  readonly genesis: Hash
  /** always redialled, and admitted even when there are enough peers */
  readonly bootstrap?: readonly string[]
  /** Take addresses of loopback and private networks from others, and any number of peers there: for a devnet. */
  readonly allowPrivateAddresses?: boolean
  readonly peersMax?: number
  /** 0: dial only the bootstrap addresses */
  readonly peersTarget?: number
  readonly clock: Clock
  readonly random: Random
  readonly logger?: Logger
  readonly metrics?: Metrics
}

export class PeerTransport implements Transport {
  readonly #wire: Wire
  readonly #prefix: string
  readonly #clock: Clock
  readonly #telemetry: Telemetry
  readonly #standing: Standing
  readonly #handlers: Handlers
  readonly #topics: Topics
  readonly #connections: Connections
  readonly #finder: PeerFinder
  #state: 'new' | 'running' | 'stopped' = 'new'
  #ticker: NodeJS.Timeout | undefined

  constructor(wire: Wire, options: TransportOptions) {
    const { clock, random, allowPrivateAddresses: arePrivateAllowed = false } = options
    this.#wire = wire
    this.#prefix = chainPrefix(options.genesis)
    this.#clock = clock
    this.#telemetry = new Telemetry(options.logger ?? silentLogger, options.metrics ?? silentMetrics)
    this.#standing = new Standing(clock)
    const verdicts = new Verdicts(this.#telemetry, (peer, protocol, reason) => this.penalize(peer, protocol, reason))
    this.#handlers = new Handlers(this.#prefix, this.#standing, this.#telemetry, verdicts)
    this.#topics = new Topics(this.#prefix, this.#standing, this.#telemetry, verdicts, clock)
    this.#connections = new Connections({
      peersMax: options.peersMax ?? LIMITS.peersMax,
      arePrivateAllowed,
      clock,
      standing: this.#standing,
      telemetry: this.#telemetry,
      owner: {
        isBootstrap: peer => this.#finder.isBootstrap(peer),
        disconnect: peer => this.#wire.disconnect(peer),
        lost: peer => this.#finder.lost(peer),
        penalize: (peer, protocol, reason) => this.penalize(peer, protocol, reason),
        open: (link, protocol) =>
          withDeadline(protocol.timeoutMs, undefined, signal => this.#open(link, protocol, signal)),
        dropped: (link, protocol, count, reason) => this.#telemetry.dropped(link.peer, protocol, count, reason),
        deliver: (link, protocol, message) => this.#handlers.deliver(link.peer, protocol, message),
        respond: (link, protocol, request) => this.#handlers.respond(link.peer, protocol, request),
        garbage: (link, protocol, reason) => this.penalize(link.peer, protocol, reason),
      },
    })
    this.#finder = new PeerFinder({
      wire,
      bootstrap: options.bootstrap ?? [],
      peersTarget: options.peersTarget ?? LIMITS.peersTarget,
      arePrivateAllowed,
      clock,
      random,
      owner: {
        links: () => this.#connections.all(),
        isBanned: peer => this.#standing.isBanned(peer),
        dial: address => this.dial(address),
        ask: (link, protocol, message) => this.#ask(link, protocol, message, {}),
        penalize: (peer, protocol, reason) => this.penalize(peer, protocol, reason),
      },
    })
    this.onRequest(PEERS, async (from, greeting) => this.#answerGreeting(from, greeting))
  }

  get self(): PeerId {
    return this.#wire.self
  }

  get addresses(): readonly string[] {
    return this.#wire.addresses
  }

  async start(): Promise<void> {
    assert(this.#state === 'new', `a transport starts once: it is ${this.#state}`)
    this.#state = 'running'
    await this.#wire.start({
      prefix: this.#prefix,
      protocolIds: this.#handlers.protocolIds,
      topicIds: this.#topics.ids,
      gossipMessageSizeMaxBytes: this.#topics.messageSizeMaxBytes,
      events: this.#wireEvents(),
    })
    this.#ticker = setInterval(() => this.#tick(), LIMITS.tickMs)
    this.#finder.dialDue()
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopped') return
    const wasRunning = this.#state === 'running'
    this.#state = 'stopped'
    clearInterval(this.#ticker)
    this.#finder.stop()
    // the wire lets what is on its way arrive
    this.#connections.prepareStop(STOPPED)
    if (wasRunning) await this.#wire.stop()
    for (const { peer } of this.#connections.all()) this.#connections.remove(peer)
  }

  async dial(address: string): Promise<PeerId> {
    let failure: Reason | undefined
    try {
      return await this.#dial(address)
    } catch (error) {
      failure = reasonOf(error)
      throw error
    } finally {
      this.#telemetry.dialed(address, failure)
    }
  }

  peers(): readonly PeerInfo[] {
    return this.#connections.infos()
  }

  send(peer: PeerId, protocol: MessageProtocol, message: Uint8Array): void {
    assertFits(protocol, message)
    const link = this.#connections.get(peer)
    if (link?.isUsable) {
      this.#telemetry.sent(protocol, message.length)
      link.send(protocol, message)
    } else this.#telemetry.dropped(peer, protocol, 1, NOT_CONNECTED)
  }

  broadcast(topic: GossipProtocol, message: Uint8Array): void {
    assertFits(topic, message)
    if (this.#state === 'running') {
      this.#telemetry.sent(topic, message.length)
      this.#topics.noteBroadcast(topic)
      this.#wire.publish(protocolId(this.#prefix, topic), message)
    } else this.#telemetry.dropped(undefined, topic, 1, STOPPED)
  }

  async request(
    peer: PeerId,
    protocol: RequestProtocol,
    message: Uint8Array,
    options: RequestOptions = {},
  ): Promise<Uint8Array> {
    assertFits(protocol, message)
    const link = this.#connections.get(peer)
    if (!link?.isUsable) throw new CodedError(NOT_CONNECTED.code, `${protocol.name}: ${peer}: ${NOT_CONNECTED.message}`)
    return this.#ask(link, protocol, message, options)
  }

  onMessage(protocol: MessageProtocol, handler: MessageHandler): void {
    this.#assertNew(protocol)
    this.#handlers.addMessage(protocol, handler)
  }

  onGossip(topic: GossipProtocol, handler: MessageHandler): void {
    this.#assertNew(topic)
    this.#topics.add(topic, handler)
  }

  onRequest(protocol: RequestProtocol, handler: RequestHandler): void {
    this.#assertNew(protocol)
    this.#handlers.addRequest(protocol, handler)
  }

  onPeer(handler: (event: PeerEvent) => void): void {
    this.#connections.onPeer(handler)
  }

  penalize(peer: PeerId, protocol: Protocol, reason: Reason): void {
    const isBanned = this.#standing.penalize(peer, protocol.penaltyPoints)
    this.#telemetry.offence(peer, protocol, reason, isBanned)
    const link = this.#connections.get(peer)
    if (isBanned && link !== undefined)
      this.#connections.disconnect(link, { code: 'network/banned', message: `${reason.code}: ${reason.message}` })
  }

  #assertNew(protocol: Protocol): void {
    assert(this.#state === 'new', `${protocol.name}: handlers are registered before the start`)
  }

  #wireEvents(): WireEvents {
    return {
      admits: (peer, link) => this.#state === 'running' && this.#connections.admits(peer, link),
      connected: (peer, link) => this.#connected(peer, link),
      disconnected: peer => this.#connections.remove(peer),
      opened: (channel, id) => this.#opened(channel, id),
      gossipArrives: (from, id, sizeBytes) => this.#topics.arrives(from, id, sizeBytes),
      gossip: (from, id, message) => this.#topics.receive(from, id, message),
      fault: (peer, reason) => {
        this.#telemetry.offence(peer, undefined, reason, this.#standing.penalize(peer, LIMITS.faultPoints))
        const link = this.#connections.get(peer)
        if (link !== undefined) this.#connections.disconnect(link, reason)
      },
      penaltyPoints: peer => this.#standing.points(peer),
    }
  }

  #connected(peer: PeerId, wireLink: Link): void {
    const link = this.#connections.add(peer, wireLink)
    if (link?.direction === 'outbound') void this.#greet(link)
  }

  #opened(channel: Channel, id: string): void {
    const link = this.#connections.get(channel.peer)
    const protocol = this.#handlers.protocolOf(id)
    if (link === undefined || link.closeReason !== undefined || protocol === undefined) {
      channel.abort()
      return
    }
    // who knows our chain's names is of our chain; but a greeting also says where the peer listens, and is heard first
    if (protocol !== PEERS) this.#connections.becomeReady(link)
    if (protocol.kind === 'message') link.acceptMessages(channel, protocol)
    else link.acceptRequest(channel, protocol)
  }

  #open(link: PeerLink, protocol: Protocol, signal: AbortSignal): Promise<Channel> {
    return this.#wire.open(link.peer, protocolId(this.#prefix, protocol), signal)
  }

  async #dial(address: string): Promise<PeerId> {
    const read = this.#wire.readAddress(address)
    if (read === undefined) throw new CodedError('network/address', `cannot dial this address: ${address}`)
    if (read.peer === this.self) throw new CodedError('network/self', `${address} is this node's own address`)
    if (read.peer !== undefined && this.#standing.isBanned(read.peer))
      throw new CodedError('network/banned', `${read.peer} is banned for misbehaviour: try again in a minute`)
    const peer = await withDeadline(LIMITS.dialTimeoutMs, undefined, signal => this.#wire.dial(address, signal))
    const link = this.#connections.get(peer)
    if (link === undefined) throw new CodedError('network/unreachable', `${address} closed the connection at once`)
    // we dialled, so we greet, even if the first connection of two is the peer's
    void this.#greet(link)
    await link.whenReady
    return peer
  }

  async #greet(link: PeerLink): Promise<void> {
    if (link.hasGreeted) return
    link.hasGreeted = true
    try {
      await this.#finder.greet(link)
      this.#connections.becomeReady(link)
    } catch (error) {
      const reason = reasonOf(error)
      this.#connections.disconnect(link, reason.code === 'network/unsupported' ? OTHER_CHAIN : reason)
    }
  }

  #answerGreeting(from: PeerId, greeting: Uint8Array): Uint8Array | Reason {
    const link = this.#connections.get(from)
    if (link === undefined) return NOT_CONNECTED
    const answer = this.#finder.answerGreeting(link, greeting)
    if (answer instanceof Uint8Array) this.#connections.becomeReady(link)
    return answer
  }

  #tick(): void {
    this.#connections.check()
    this.#finder.tick()
  }

  async #ask(
    link: PeerLink,
    protocol: RequestProtocol,
    message: Uint8Array,
    { timeoutMs = protocol.timeoutMs, signal: outer }: RequestOptions,
  ): Promise<Uint8Array> {
    const startedMs = this.#clock.nowMs()
    let failure: Reason | undefined
    this.#telemetry.sent(protocol, message.length)
    try {
      return await link.asking(protocol, () =>
        withDeadline(timeoutMs, outer, async signal => {
          const channel = await this.#open(link, protocol, signal)
          return ask({ channel, protocol, message, signal })
        }),
      )
    } catch (error) {
      failure = reasonOf(error)
      if (failure.code === 'network/garbage' || failure.code === 'network/oversize')
        this.penalize(link.peer, protocol, failure)
      throw error
    } finally {
      this.#telemetry.requested(protocol, this.#clock.nowMs() - startedMs, failure)
    }
  }
}

function assertFits(protocol: Protocol, message: Uint8Array): void {
  assert(
    message.length <= protocol.messageSizeMaxBytes,
    `${protocol.name}: a message of ${message.length} bytes is above its bound of ${protocol.messageSizeMaxBytes}`,
  )
}

const STOPPED: Reason = { code: 'network/stopped', message: 'this node stopped' }
const NOT_CONNECTED: Reason = { code: 'network/not-connected', message: 'the peer is not connected' }
const OTHER_CHAIN: Reason = {
  code: 'network/other-chain',
  message: 'the peer does not speak the protocols of this chain: does it have another genesis?',
}
