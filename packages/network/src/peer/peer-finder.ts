// Finds peers and stays connected: always redials bootstrap addresses, asks others for the peers that they know, and
// dials some of those while this node has few peers.
import { type Clock, CodedError, type Random, type Reason, randomBelow, reasonOf, shuffled } from '@tan/primitives'
import { LIMITS } from '../limits.ts'
import type { RequestProtocol } from '../protocols.ts'
import type { PeerId } from '../transport.ts'
import type { Wire } from '../wire/wire.ts'
import { AddressBook, type Target } from './address-book.ts'
import {
  decodeAddresses,
  decodeGreeting,
  encodeAddresses,
  encodeGreeting,
  PEERS,
  usableAddresses,
} from './peer-exchange.ts'
import type { PeerLink } from './peer-link.ts'

export interface PeerFinderOptions {
  readonly wire: Wire
  readonly bootstrap: readonly string[]
  readonly peersTarget: number
  readonly arePrivateAllowed: boolean
  readonly clock: Clock
  readonly random: Random
  readonly owner: PeerFinderOwner
}

export interface PeerFinderOwner {
  links(): readonly PeerLink[]
  isBanned(peer: PeerId): boolean
  dial(address: string): Promise<PeerId>
  ask(link: PeerLink, protocol: RequestProtocol, message: Uint8Array): Promise<Uint8Array>
  penalize(peer: PeerId, protocol: RequestProtocol, reason: Reason): void
}

export class PeerFinder {
  readonly #wire: Wire
  readonly #peersTarget: number
  readonly #arePrivateAllowed: boolean
  readonly #clock: Clock
  readonly #random: Random
  readonly #owner: PeerFinderOwner
  readonly #book: AddressBook
  #nextExchangeMs: number
  #isStopped = false

  constructor({ wire, bootstrap, peersTarget, arePrivateAllowed, clock, random, owner }: PeerFinderOptions) {
    this.#wire = wire
    this.#peersTarget = peersTarget
    this.#arePrivateAllowed = arePrivateAllowed
    this.#clock = clock
    this.#random = random
    this.#owner = owner
    this.#book = new AddressBook(random)
    this.#nextExchangeMs = clock.nowMs() + LIMITS.exchangeIntervalMs
    this.#addBootstrap(bootstrap)
  }

  isBootstrap(peer: PeerId): boolean {
    return this.#book.isBootstrap(peer)
  }

  lost(peer: PeerId): void {
    this.#book.lost(peer, this.#clock.nowMs())
  }

  /** Tells a peer our addresses and learns those that it knows, its own first. Throws what a request throws. */
  async greet(link: PeerLink): Promise<void> {
    const response = await this.#owner.ask(link, PEERS, encodeGreeting(this.#wire.addresses))
    let addresses: readonly string[]
    try {
      addresses = decodeAddresses(response)
    } catch (error) {
      this.#owner.penalize(link.peer, PEERS, reasonOf(error))
      throw error
    }
    const usable = usableAddresses(this.#wire, addresses, this.#arePrivateAllowed)
    link.addresses = usable.get(link.peer) ?? []
    for (const [peer, theirs] of usable) this.#learn(peer, theirs)
    this.dialDue()
  }

  /** Answers such a request. */
  answerGreeting(link: PeerLink, greeting: Uint8Array): Uint8Array | Reason {
    try {
      const usable = usableAddresses(this.#wire, decodeGreeting(greeting), this.#arePrivateAllowed)
      link.addresses = usable.get(link.peer) ?? []
    } catch (error) {
      const reason = reasonOf(error)
      this.#owner.penalize(link.peer, PEERS, reason)
      return reason
    }
    if (link.addresses.length > 0) this.#learn(link.peer, link.addresses)
    const others = shuffled(this.#random, this.#owner.links()).filter(other => other !== link && other.isUsable)
    const own = this.#wire.addresses.slice(0, LIMITS.addressesPerPeerMax)
    return encodeAddresses([...own, ...others.flatMap(other => other.addresses)])
  }

  /** Dials the targets that are due, and from time to time asks a peer for more peers. */
  tick(): void {
    const nowMs = this.#clock.nowMs()
    if (nowMs >= this.#nextExchangeMs) {
      this.#nextExchangeMs = nowMs + LIMITS.exchangeIntervalMs
      const usable = this.#owner.links().filter(link => link.isUsable)
      const link = usable[randomBelow(this.#random, usable.length)]
      // a peer that does not answer shows in the metrics; nothing depends on it
      if (link !== undefined && usable.length < this.#peersTarget) this.greet(link).catch(reasonOf)
    }
    this.dialDue()
  }

  dialDue(): void {
    if (this.#isStopped) return
    const connected = new Set(this.#owner.links().map(link => link.peer))
    const due = this.#book.takeDue(
      this.#clock.nowMs(),
      this.#peersTarget - connected.size - this.#book.dialing,
      peer => !connected.has(peer) && !this.#owner.isBanned(peer),
    )
    for (const target of due) void this.#dialTarget(target)
  }

  stop(): void {
    this.#isStopped = true
  }

  #addBootstrap(addresses: readonly string[]): void {
    if (addresses.length > LIMITS.bootstrapAddressesMax)
      throw new CodedError(
        'network/bootstrap',
        `${addresses.length} bootstrap addresses: the maximum is ${LIMITS.bootstrapAddressesMax}, so remove some`,
      )
    for (const address of addresses) {
      const read = this.#wire.readAddress(address)
      if (read === undefined) throw new CodedError('network/address', `cannot dial this address: ${address}`)
      if (read.peer !== this.#wire.self) this.#book.addBootstrap(address, read.peer)
    }
  }

  #learn(peer: PeerId, addresses: readonly string[]): void {
    if (peer !== this.#wire.self) this.#book.learn(peer, addresses, this.#clock.nowMs())
  }

  async #dialTarget(target: Target): Promise<void> {
    const address = target.addresses[target.failures % target.addresses.length]!
    try {
      this.#book.succeeded(target, await this.#owner.dial(address))
    } catch (error) {
      this.#book.failed(target, this.#clock.nowMs(), HOPELESS.has(reasonOf(error).code))
    }
  }
}

/** Another attempt at the same address would end the same way. */
const HOPELESS: ReadonlySet<string> = new Set(['network/self', 'network/other-chain', 'network/address'])
