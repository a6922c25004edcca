// The wire over libp2p (TCP, Noise, Yamux, identify, GossipSub): connections, who may have one, streams, and what
// libp2p's errors mean.

import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import type { GossipSub } from '@libp2p/gossipsub'
import { type Identify, identify } from '@libp2p/identify'
import type { Connection, Ed25519PrivateKey, Libp2p } from '@libp2p/interface'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { CodedError, type Reason } from '@tan/primitives'
import { createLibp2p } from 'libp2p'
import { abortedError } from '../../deadline.ts'
import { privateKeyOf } from '../../identity.ts'
import { LIMITS } from '../../limits.ts'
import type { PeerId } from '../../transport.ts'
import type { Channel, Wire, WireAddress, WireSetup } from '../wire.ts'
import { Libp2pChannel } from './channel.ts'
import { createGossip } from './gossipsub.ts'
import { linkOf, readTcpAddress } from './multiaddrs.ts'

export interface Libp2pWireOptions {
  /** 32 bytes: an Ed25519 seed */
  readonly key: Uint8Array
  /** multiaddrs such as `/ip4/0.0.0.0/tcp/30303`; port 0 takes any free port; if empty, this node only dials */
  readonly listen: readonly string[]
  /** addresses to announce instead of the machine's own, for nodes behind address translation */
  readonly announce?: readonly string[]
}

/** Throws `network/key`, and `network/address` for an address that cannot be used. */
export async function createLibp2pWire({ key, listen, announce = [] }: Libp2pWireOptions): Promise<Libp2pWire> {
  for (const address of [...listen, ...announce]) if (readTcpAddress(address) === undefined) throw unusable(address)
  return new Libp2pWire(await privateKeyOf(key), listen, announce)
}

type Node = Libp2p<{ identify: Identify; gossip: GossipSub }>

export class Libp2pWire implements Wire {
  readonly self: PeerId
  readonly #privateKey: Ed25519PrivateKey
  readonly #listen: readonly string[]
  readonly #announce: readonly string[]
  #node: Node | undefined
  #timers: readonly NodeJS.Timeout[] = []
  /** peers without a stream for our gossip when last looked at */
  readonly #brokenGossip = new Set<PeerId>()

  constructor(privateKey: Ed25519PrivateKey, listen: readonly string[], announce: readonly string[]) {
    this.self = peerIdFromPrivateKey(privateKey).toString()
    this.#privateKey = privateKey
    this.#listen = listen
    this.#announce = announce
  }

  get addresses(): readonly string[] {
    return this.#node?.getMultiaddrs().map(String) ?? []
  }

  async start(setup: WireSetup): Promise<void> {
    const node = await this.#createNode(setup)
    node.addEventListener('connection:open', ({ detail }) => this.#dropReplaced(node, detail))
    node.addEventListener('peer:connect', ({ detail }) => {
      const connection = node.getConnections(detail)[0]
      if (connection !== undefined)
        setup.events.connected(detail.toString(), linkOf(connection.remoteAddr, connection.direction))
    })
    node.addEventListener('peer:disconnect', ({ detail }) => {
      this.#brokenGossip.delete(detail.toString())
      setup.events.disconnected(detail.toString())
    })
    for (const id of setup.protocolIds)
      await node.handle(
        id,
        (stream, connection) => setup.events.opened(new Libp2pChannel(connection.remotePeer.toString(), stream), id),
        { maxInboundStreams: LIMITS.streamsPerConnectionMax, maxOutboundStreams: LIMITS.streamsPerConnectionMax },
      )
    this.#node = node
    try {
      await node.start()
    } catch (error) {
      this.#node = undefined
      const listen = this.#listen.join(', ')
      throw new CodedError('network/listen', `cannot listen on ${listen}: ${reasonOf(error)}`, { cause: error })
    }
    for (const id of setup.topicIds) node.services.gossip.subscribe(id)
    this.#timers = [
      setInterval(() => this.#restartBrokenGossip(node, setup), LIMITS.gossipCheckMs),
      setInterval(() => void this.#forgetStrangers(node), LIMITS.storedPeersCheckMs),
    ]
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await this.#node?.stop()
    this.#node = undefined
  }

  readAddress(address: string): WireAddress | undefined {
    return readTcpAddress(address)
  }

  async dial(address: string, signal: AbortSignal): Promise<PeerId> {
    const node = this.#running()
    try {
      const connection = await node.dial(multiaddr(address), { signal })
      return connection.remotePeer.toString()
    } catch (error) {
      throw dialError(address, error, signal)
    }
  }

  disconnect(peer: PeerId): void {
    // At once: during a graceful close the peer could open another connection, and would never be reported as gone.
    for (const connection of this.#connectionsOf(peer)) connection.abort(new Error('ended by this node'))
  }

  async open(peer: PeerId, protocolId: string, signal: AbortSignal): Promise<Channel> {
    // The newest: if the peer has reconnected, an older connection may be silently dead.
    const connection = this.#connectionsOf(peer).at(-1)
    if (connection === undefined) throw new CodedError('network/closed', `${peer} is not connected`)
    try {
      const stream = await connection.newStream(protocolId, {
        signal,
        maxOutboundStreams: LIMITS.streamsPerConnectionMax,
      })
      return new Libp2pChannel(peer, stream)
    } catch (error) {
      throw openError(peer, protocolId, error, signal)
    }
  }

  publish(topicId: string, message: Uint8Array): void {
    void this.#node?.services.gossip.publish(topicId, message)
  }

  #createNode(setup: WireSetup): Promise<Node> {
    return createLibp2p({
      start: false,
      privateKey: this.#privateKey,
      nodeInfo: { name: 'tan', userAgent: 'tan' },
      addresses: { listen: [...this.#listen], announce: [...this.#announce] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [
        yamux({
          maxInboundStreams: LIMITS.streamsPerConnectionMax,
          maxOutboundStreams: LIMITS.streamsPerConnectionMax,
          streamOptions: {
            // What a paused stream may still receive must fit into its buffer.
            maxStreamWindowSize: LIMITS.streamWindowMaxBytes,
            maxReadBufferLength: 2 * LIMITS.streamWindowMaxBytes,
          },
        }),
      ],
      services: { identify: identify({ protocolPrefix: setup.prefix.slice(1) }), gossip: createGossip(setup) },
      connectionManager: {
        maxConnections: 4 * LIMITS.peersMax,
        maxIncomingPendingConnections: LIMITS.pendingInboundMax,
        inboundConnectionThreshold: LIMITS.inboundPerHostPerSecondMax,
        maxParallelDials: 2 * LIMITS.dialsAtOnceMax,
        inboundUpgradeTimeout: LIMITS.upgradeTimeoutMs,
        // The transport itself redials.
        reconnectRetries: 0,
      },
      // Detects connections whose other machine silently disappeared; patient, because a busy machine answers late.
      connectionMonitor: {
        protocolPrefix: setup.prefix.slice(1),
        pingInterval: LIMITS.pingIntervalMs,
        pingTimeout: { minTimeout: LIMITS.pingTimeoutMs },
      },
      connectionGater: {
        denyInboundEncryptedConnection: (peer, { remoteAddr }) =>
          !setup.events.admits(peer.toString(), linkOf(remoteAddr, 'inbound')),
        denyOutboundEncryptedConnection: (peer, { remoteAddr }) =>
          !setup.events.admits(peer.toString(), linkOf(remoteAddr, 'outbound')),
      },
    })
  }

  /**
   * A peer dials only when it has no connection to us. So an earlier connection is dead, and its end has not been
   * noticed here. (Two connections of nearly the same age mean that both peers dialled at once: both stay.)
   */
  #dropReplaced(node: Node, opened: Connection): void {
    if (opened.direction !== 'inbound') return
    for (const connection of node.getConnections(opened.remotePeer)) {
      const isOlder = opened.timeline.open - connection.timeline.open > LIMITS.simultaneousDialMs
      if (connection !== opened && isOlder) connection.abort(new Error('replaced by a newer connection'))
    }
  }

  async #forgetStrangers(node: Node): Promise<void> {
    const stored = await node.peerStore.all()
    let excess = stored.length - LIMITS.storedPeersMax
    for (const { id } of stored) {
      if (excess <= 0) return
      if (id.equals(node.peerId) || node.getConnections(id).length > 0) continue
      await node.peerStore.delete(id)
      excess--
    }
  }

  /**
   * GossipSub does not reopen a lost stream to a peer, for instance after too much waited in it. Disconnect a peer that
   * gossips with us but twice in a row gets nothing.
   */
  #restartBrokenGossip(node: Node, setup: WireSetup): void {
    const { protocols } = node.services.gossip
    for (const peer of node.getPeers()) {
      const id = peer.toString()
      const streams = node.getConnections(peer).flatMap(connection => connection.streams)
      const gossip = streams.filter(({ protocol }) => protocols.includes(protocol))
      const isBroken = gossip.length > 0 && gossip.every(({ direction }) => direction === 'inbound')
      const wasBroken = this.#brokenGossip.delete(id)
      if (isBroken && wasBroken) setup.events.fault(id, GOSSIP_LOST)
      else if (isBroken) this.#brokenGossip.add(id)
    }
  }

  #connectionsOf(peer: PeerId): Connection[] {
    return this.#node?.getConnections(peerIdFromString(peer)).filter(({ status }) => status === 'open') ?? []
  }

  #running(): Node {
    if (this.#node === undefined) throw new CodedError('network/stopped', 'the transport is not running')
    return this.#node
  }
}

function dialError(address: string, error: unknown, signal: AbortSignal): CodedError {
  const reason = reasonOf(error)
  const name = error instanceof Error ? error.name : ''
  if (signal.aborted) return abortedError(signal, `a connection to ${address}`)
  if (/dial self/i.test(reason)) return new CodedError('network/self', `${address} is this node's own address`)
  if (name === 'EncryptionFailedError' || name === 'UnexpectedPeerError')
    return new CodedError(
      'network/handshake',
      `${address} is not the node that the address names, or not a TAN node: ${reason}`,
      { cause: error },
    )
  return new CodedError('network/unreachable', `cannot connect to ${address}: ${reason}`, { cause: error })
}

function openError(peer: PeerId, protocolId: string, error: unknown, signal: AbortSignal): CodedError {
  if (signal.aborted) return abortedError(signal, `a stream to ${peer} for ${protocolId}`)
  if (error instanceof Error && error.name === 'UnsupportedProtocolError')
    return new CodedError('network/unsupported', `${peer} does not speak ${protocolId}`)
  return new CodedError('network/closed', `no stream to ${peer} for ${protocolId}: ${reasonOf(error)}`, {
    cause: error,
  })
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}

function unusable(address: string): CodedError {
  return new CodedError('network/address', `not a TCP address such as /ip4/0.0.0.0/tcp/30303: ${address}`)
}

const GOSSIP_LOST: Reason = {
  code: 'network/slow-reader',
  message: 'the gossip stream to the peer broke: the peer did not read, or refused it',
}
