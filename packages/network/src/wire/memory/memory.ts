// A network within one process: a wire of connections, streams with back-pressure and flooding that are made of queues.
// For tests of whatever stands on a transport.
import { assert, type Clock, CodedError, toHex } from '@tan/primitives'
import { abortedError } from '../../deadline.ts'
import { gossipId } from '../../gossip/message-id.ts'
import { peerIdOfKey } from '../../identity.ts'
import { LIMITS } from '../../limits.ts'
import type { PeerId } from '../../transport.ts'
import type { Channel, Wire, WireAddress, WireSetup } from '../wire.ts'
import { MemoryChannel, MemoryConnection } from './channel.ts'

/** The wires of one such network. */
export class MemoryWires {
  readonly running = new Map<string, MemoryWire>()

  async create(key: Uint8Array, name: string, clock: Clock): Promise<MemoryWire> {
    return new MemoryWire(this, await peerIdOfKey(key), name, clock)
  }
}

export class MemoryWire implements Wire {
  readonly self: PeerId
  readonly #network: MemoryWires
  readonly #name: string
  readonly #clock: Clock
  readonly #connections = new Map<PeerId, MemoryConnection>()
  /** when each gossiped message was first seen, oldest first */
  readonly #seenMs = new Map<string, number>()
  #setup: WireSetup | undefined

  constructor(network: MemoryWires, self: PeerId, name: string, clock: Clock) {
    this.#network = network
    this.self = self
    this.#name = name
    this.#clock = clock
  }

  get addresses(): readonly string[] {
    return this.#setup === undefined ? [] : [`/memory/${this.#name}/p2p/${this.self}`]
  }

  async start(setup: WireSetup): Promise<void> {
    if (this.#network.running.has(this.#name))
      throw new CodedError('network/listen', `/memory/${this.#name} is in use: give each transport its own name`)
    this.#setup = setup
    this.#network.running.set(this.#name, this)
  }

  async stop(): Promise<void> {
    this.#network.running.delete(this.#name)
    for (const connection of this.#connections.values()) connection.close()
    await nextTurn()
    this.#setup = undefined
  }

  readAddress(address: string): WireAddress | undefined {
    const match = /^\/memory\/([\w-]{1,64})(?:\/p2p\/(\w{1,64}))?$/.exec(address)
    return match === null ? undefined : { peer: match[2], host: match[1]!, scope: 'public' }
  }

  async dial(address: string, signal: AbortSignal): Promise<PeerId> {
    await nextTurn()
    if (signal.aborted) throw abortedError(signal, `a connection to ${address}`)
    const read = this.readAddress(address)
    const other = read === undefined ? undefined : this.#network.running.get(read.host)
    if (this.#setup === undefined || other === undefined || other.#setup === undefined)
      throw new CodedError('network/unreachable', `no node answers at ${address}`)
    if (other === this) throw new CodedError('network/self', `${address} is this node's own address`)
    if (read?.peer !== undefined && read.peer !== other.self)
      throw new CodedError('network/handshake', `another node answers at ${address}: ${other.self}`)
    if (this.#connections.has(other.self)) return other.self
    const inbound = { direction: 'inbound', host: this.#name, scope: 'public' } as const
    const outbound = { direction: 'outbound', host: other.#name, scope: 'public' } as const
    if (!other.#setup.events.admits(this.self, inbound) || !this.#setup.events.admits(other.self, outbound))
      throw new CodedError('network/unreachable', `the node at ${address} does not accept this node`)
    const connection = new MemoryConnection()
    connection.onClose(() => this.#lose(other.self))
    connection.onClose(() => other.#lose(this.self))
    this.#connections.set(other.self, connection)
    other.#connections.set(this.self, connection)
    other.#setup.events.connected(this.self, inbound)
    this.#setup.events.connected(other.self, outbound)
    return other.self
  }

  disconnect(peer: PeerId): void {
    this.#connections.get(peer)?.close()
  }

  async open(peer: PeerId, protocolId: string, signal: AbortSignal): Promise<Channel> {
    await nextTurn()
    if (signal.aborted) throw abortedError(signal, `a stream to ${peer}`)
    const connection = this.#connections.get(peer)
    const other = this.#peer(peer)
    if (connection === undefined || other === undefined || other.#setup === undefined)
      throw new CodedError('network/closed', `${peer} is not connected`)
    if (!other.#setup.protocolIds.includes(protocolId))
      throw new CodedError('network/unsupported', `${peer} does not speak ${protocolId}`)
    const [ours, theirs] = MemoryChannel.pair(connection, this.self, peer)
    other.#setup.events.opened(theirs, protocolId)
    return ours
  }

  publish(topicId: string, message: Uint8Array): void {
    if (this.#isNew(topicId, message)) this.#flood(topicId, message.slice(), undefined)
  }

  #flood(topicId: string, message: Uint8Array, except: PeerId | undefined): void {
    for (const peer of this.#connections.keys()) {
      if (peer === except) continue
      setImmediate(() => {
        const other = this.#peer(peer)
        if (other !== undefined) void other.#receive(this.self, topicId, message)
      })
    }
  }

  async #receive(from: PeerId, topicId: string, message: Uint8Array): Promise<void> {
    if (this.#setup === undefined || !this.#connections.has(from) || !this.#setup.topicIds.includes(topicId)) return
    if (!this.#setup.events.gossipArrives(from, topicId, message.length) || !this.#isNew(topicId, message)) return
    const verdict = await this.#setup.events.gossip(from, topicId, message.slice())
    if (verdict === 'accept') this.#flood(topicId, message, from)
  }

  #isNew(topicId: string, message: Uint8Array): boolean {
    const nowMs = this.#clock.nowMs()
    for (const [id, seenMs] of this.#seenMs) {
      if (nowMs - seenMs < LIMITS.gossipSeenMs) break
      this.#seenMs.delete(id)
    }
    const id = toHex(gossipId(topicId, message))
    if (this.#seenMs.has(id)) return false
    this.#seenMs.set(id, nowMs)
    return true
  }

  /** The other end of a connection, while there is one. */
  #peer(peer: PeerId): MemoryWire | undefined {
    if (!this.#connections.has(peer)) return undefined
    for (const wire of this.#network.running.values()) if (wire.self === peer) return wire
    return undefined
  }

  #lose(peer: PeerId): void {
    const wasConnected = this.#connections.delete(peer)
    assert(wasConnected, `a connection to ${peer} ended twice`)
    this.#setup?.events.disconnected(peer)
  }
}

function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
