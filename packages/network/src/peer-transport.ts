// The transport makes a wire safe and useful. The same code runs over libp2p and in memory. It connects the peers with
// the handlers (handlers.ts), the standing of peers and the peer finder.
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
import { withDeadline } from './deadline.ts'
import { Handlers } from './handlers.ts'
import { LIMITS } from './limits.ts'
import { PEERS } from './peer-exchange.ts'
import { PeerFinder } from './peer-finder.ts'
import { PeerLink, type PeerLinkOwner } from './peer-link.ts'
import {
  chainPrefix,
  type GossipProtocol,
  type MessageProtocol,
  type Protocol,
  protocolId,
  type RequestProtocol,
} from './protocols.ts'
import { ask } from './requests.ts'
import { Standing } from './standing.ts'
import { Telemetry } from './telemetry.ts'
import type {
  MessageHandler,
  PeerEvent,
  PeerId,
  PeerInfo,
  RequestHandler,
  RequestOptions,
  Transport,
} from './transport.ts'
import type { Channel, Link, Wire, WireEvents } from './wire.ts'

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
  readonly #peersMax: number
  readonly #arePrivateAllowed: boolean
  readonly #clock: Clock
  readonly #telemetry: Telemetry
  readonly #standing: Standing
  readonly #handlers: Handlers
  readonly #finder: PeerFinder
  readonly #links = new Map<PeerId, PeerLink>()
  readonly #peerHandlers: ((event: PeerEvent) => void)[] = []
  #state: 'new' | 'running' | 'stopped' = 'new'
  #ticker: NodeJS.Timeout | undefined
  #tickedMs = 0

  constructor(wire: Wire, options: TransportOptions) {
    this.#wire = wire
    this.#prefix = chainPrefix(options.genesis)
    this.#peersMax = options.peersMax ?? LIMITS.peersMax
    this.#arePrivateAllowed = options.allowPrivateAddresses ?? false
    this.#clock = options.clock
    this.#telemetry = new Telemetry(options.logger ?? silentLogger, options.metrics ?? silentMetrics)
    this.#standing = new Standing(options.clock)
    this.#handlers = new Handlers(
      this.#prefix,
      this.#standing,
      this.#telemetry,
      options.clock,
      (peer, protocol, reason) => this.penalize(peer, protocol, reason),
    )
    this.#finder = new PeerFinder({
      wire,
      bootstrap: options.bootstrap ?? [],
      peersTarget: options.peersTarget ?? LIMITS.peersTarget,
      arePrivateAllowed: this.#arePrivateAllowed,
      clock: options.clock,
      random: options.random,
      owner: {
        links: () => [...this.#links.values()],
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
      topicIds: this.#handlers.topicIds,
      gossipMessageSizeMaxBytes: this.#handlers.gossipMessageSizeMaxBytes,
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
    // The wire delivers what is already in transit.
    for (const link of this.#links.values()) link.closeReason ??= STOPPED
    if (wasRunning) await this.#wire.stop()
    for (const peer of [...this.#links.keys()]) this.#disconnected(peer)
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
    return [...this.#links.values()].filter(link => link.isUsable).map(link => this.#info(link))
  }

  send(peer: PeerId, protocol: MessageProtocol, message: Uint8Array): void {
    assertFits(protocol, message)
    const link = this.#links.get(peer)
    if (link?.isUsable) {
      this.#telemetry.sent(protocol, message.length)
      link.send(protocol, message)
    } else this.#telemetry.dropped(peer, protocol, 1, NOT_CONNECTED)
  }

  broadcast(topic: GossipProtocol, message: Uint8Array): void {
    assertFits(topic, message)
    if (this.#state === 'running') {
      this.#telemetry.sent(topic, message.length)
      this.#handlers.noteBroadcast(topic)
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
    const link = this.#links.get(peer)
    if (!link?.isUsable) throw new CodedError(NOT_CONNECTED.code, `${protocol.name}: ${peer}: ${NOT_CONNECTED.message}`)
    return this.#ask(link, protocol, message, options)
  }

  onMessage(protocol: MessageProtocol, handler: MessageHandler): void {
    this.#assertNew(protocol)
    this.#handlers.addMessage(protocol, handler)
  }

  onGossip(topic: GossipProtocol, handler: MessageHandler): void {
    this.#assertNew(topic)
    this.#handlers.addGossip(topic, handler)
  }

  onRequest(protocol: RequestProtocol, handler: RequestHandler): void {
    this.#assertNew(protocol)
    this.#handlers.addRequest(protocol, handler)
  }

  onPeer(handler: (event: PeerEvent) => void): void {
    this.#peerHandlers.push(handler)
  }

  penalize(peer: PeerId, protocol: Protocol, reason: Reason): void {
    const isBanned = this.#standing.penalize(peer, protocol.penaltyPoints)
    this.#telemetry.offence(peer, protocol, reason, isBanned)
    const link = this.#links.get(peer)
    if (isBanned && link !== undefined)
      this.#disconnect(link, { code: 'network/banned', message: `${reason.code}: ${reason.message}` })
  }

  #assertNew(protocol: Protocol): void {
    assert(this.#state === 'new', `${protocol.name}: handlers are registered before the start`)
  }

  #wireEvents(): WireEvents {
    return {
      admits: (peer, link) => this.#admits(peer, link),
      connected: (peer, link) => this.#connected(peer, link),
      disconnected: peer => this.#disconnected(peer),
      opened: (channel, id) => this.#opened(channel, id),
      gossipArrives: (from, id, sizeBytes) => this.#handlers.gossipArrives(from, id, sizeBytes),
      gossip: (from, id, message) => this.#handlers.gossip(from, id, message),
      fault: (peer, reason) => {
        this.#telemetry.offence(peer, undefined, reason, this.#standing.penalize(peer, LIMITS.faultPoints))
        const link = this.#links.get(peer)
        if (link !== undefined) this.#disconnect(link, reason)
      },
      penaltyPoints: peer => this.#standing.points(peer),
    }
  }

  #admits(peer: PeerId, link: Link): boolean {
    if (this.#state !== 'running' || this.#standing.isBanned(peer)) return false
    if (link.direction === 'outbound' || this.#links.has(peer) || this.#finder.isBootstrap(peer)) return true
    if (this.#links.size >= this.#peersMax) return false
    if (link.scope === 'private' && this.#arePrivateAllowed) return true
    let fromHost = 0
    for (const { host } of this.#links.values()) if (host === link.host) fromHost++
    return fromHost < LIMITS.peersPerHostMax
  }

  #connected(peer: PeerId, wireLink: Link): void {
    if (this.#links.has(peer)) return
    const link = new PeerLink(peer, wireLink, this.#linkOwner, this.#clock)
    this.#links.set(peer, link)
    this.#telemetry.connected(peer, link.direction, link.host)
    if (link.direction === 'outbound') void this.#greet(link)
  }

  #disconnected(peer: PeerId): void {
    const link = this.#links.get(peer)
    if (link === undefined) return
    const reason = link.closeReason ?? LOST
    this.#links.delete(peer)
    link.close(reason)
    this.#telemetry.disconnected(peer, reason)
    this.#finder.lost(peer)
    if (!link.isReady) return
    this.#telemetry.peers(this.peers().length)
    this.#emit({ type: 'disconnected', peer: this.#info(link), reason })
  }

  #opened(channel: Channel, id: string): void {
    const link = this.#links.get(channel.peer)
    const protocol = this.#handlers.protocolOf(id)
    if (link === undefined || link.closeReason !== undefined || protocol === undefined) {
      channel.abort()
      return
    }
    // A peer that knows our chain's protocol names belongs to our chain. But wait for its greeting, if that comes
    // first: it also says where the peer listens.
    if (protocol !== PEERS) this.#becomeReady(link)
    if (protocol.kind === 'message') link.acceptMessages(channel, protocol)
    else link.acceptRequest(channel, protocol)
  }

  readonly #linkOwner: PeerLinkOwner = {
    open: (link, protocol) => withDeadline(protocol.timeoutMs, undefined, signal => this.#open(link, protocol, signal)),
    dropped: (link, protocol, count, reason) => this.#telemetry.dropped(link.peer, protocol, count, reason),
    deliver: (link, protocol, message) => this.#handlers.deliver(link.peer, protocol, message),
    respond: (link, protocol, request) => this.#handlers.respond(link.peer, protocol, request),
    garbage: (link, protocol, reason) => this.penalize(link.peer, protocol, reason),
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
    const link = this.#links.get(peer)
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
      this.#becomeReady(link)
    } catch (error) {
      const reason = reasonOf(error)
      this.#disconnect(link, reason.code === 'network/unsupported' ? OTHER_CHAIN : reason)
    }
  }

  #answerGreeting(from: PeerId, greeting: Uint8Array): Uint8Array | Reason {
    const link = this.#links.get(from)
    if (link === undefined) return NOT_CONNECTED
    const answer = this.#finder.answerGreeting(link, greeting)
    if (answer instanceof Uint8Array) this.#becomeReady(link)
    return answer
  }

  #becomeReady(link: PeerLink): void {
    if (link.isReady || link.closeReason !== undefined || this.#links.get(link.peer) !== link) return
    link.becomeReady()
    this.#telemetry.peers(this.peers().length)
    this.#emit({ type: 'connected', peer: this.#info(link) })
  }

  #tick(): void {
    const nowMs = this.#clock.nowMs()
    // After this process was suspended, first read what arrived meanwhile: nobody is to blame for our own delay.
    const wasPaused = nowMs - this.#tickedMs > LIMITS.pausedMs
    this.#tickedMs = nowMs
    for (const link of wasPaused ? [] : [...this.#links.values()]) {
      const slow = link.checkProgress(nowMs)
      if (slow !== undefined) {
        this.penalize(link.peer, slow, SLOW_READER)
        this.#disconnect(link, SLOW_READER)
      } else if (!link.isReady && nowMs - link.connectedAtMs > LIMITS.helloTimeoutMs) this.#disconnect(link, NO_HELLO)
    }
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

  #disconnect(link: PeerLink, reason: Reason): void {
    if (link.closeReason !== undefined) return
    link.closeReason = reason
    link.close(reason)
    this.#wire.disconnect(link.peer)
  }

  #emit(event: PeerEvent): void {
    for (const handler of this.#peerHandlers) handler(event)
  }

  #info(link: PeerLink): PeerInfo {
    return {
      id: link.peer,
      direction: link.direction,
      addresses: link.addresses,
      connectedAtMs: link.connectedAtMs,
      penaltyPoints: this.#standing.points(link.peer),
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
const LOST: Reason = { code: 'network/lost', message: 'the connection closed' }
const NOT_CONNECTED: Reason = { code: 'network/not-connected', message: 'the peer is not connected' }
const SLOW_READER: Reason = { code: 'network/slow-reader', message: 'the peer does not read what it is sent' }
const NO_HELLO: Reason = { code: 'network/no-hello', message: 'the peer did not greet in time' }
const OTHER_CHAIN: Reason = {
  code: 'network/other-chain',
  message: 'the peer does not speak the protocols of this chain: does it have another genesis?',
}
