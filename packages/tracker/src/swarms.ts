// Who is in which swarm, and whom to introduce to whom. Every peer of a swarm is in one tree of all its peers, one of its
// own network, and, as an edge, one of the edges; the nearest of each are ranked by the time that they are expected to
// answer in, and a few random peers are mixed in, so that a swarm does not fall apart into islands.
import { assert, type Random, randomBelow } from '@tan/primitives'
import type { PeerRole } from '@tan/protocol/tracker'
import type { Asn, RttBook } from './network-distance.ts'
import { createRanking, EDGE_SHARE, type Member, type Ranked, type Ranking, SAME_NETWORK_SHARE } from './ranking.ts'
import { createNearestPoints, createSphereIndex, type NearestPoints, type SphereTree } from './sphere-index.ts'
import { EARTH_CENTRE, type SpherePoint } from './sphere-point.ts'

/** of the peers that are introduced */
const RANDOM_SHARE = 0.1
/** tries to find as many random peers as there should be that are not met already */
const RANDOM_ROUNDS = 4

/** The caller's own record of a peer, in as many swarms as it likes; what changes in it is told by `renew`. */
export interface SwarmPeer {
  readonly id: string
  readonly role: PeerRole
  /** undefined: not known */
  readonly point: SpherePoint | undefined
  readonly asn: Asn
  /** part of its upload that is in use, 0 to 1 */
  readonly load: number
}

export interface Introduction<P> extends Ranked {
  readonly peer: P
}

export interface SwarmSize {
  readonly viewers: number
  readonly edges: number
}

export interface Swarms<P extends SwarmPeer> {
  /** No peer of the same id may be in the swarm. */
  join(swarm: string, peer: P, have: number): Member
  leave(member: Member): void
  /** The same peer with another share, load, position or network. */
  renew(member: Member, peer: P, have: number): void
  find(swarm: string, id: string): P | undefined
  /** Up to `most` others of its swarm: the best first, the random ones last. */
  introduce(member: Member, most: number): Introduction<P>[]
  size(swarm: string): SwarmSize
  sizes(): Iterable<readonly [swarm: string, size: SwarmSize]>
  readonly count: number
}

/** `introducedMax`: the most that `introduce` is ever asked for. */
export interface SwarmsOptions {
  readonly random: Random
  readonly rtt: RttBook
  readonly introducedMax: number
}

export function createSwarms<P extends SwarmPeer>(options: SwarmsOptions): Swarms<P> {
  return new SwarmBook<P>(options)
}

interface Swarm {
  readonly name: string
  readonly members: Map<string, Member>
  readonly all: SphereTree
  readonly edges: SphereTree
  readonly networks: Map<Asn, SphereTree>
}

interface MemberState {
  readonly swarm: Swarm
  readonly id: string
  readonly role: PeerRole
  /** as the trees have them: the caller's record may have changed since */
  point: SpherePoint | undefined
  asn: Asn
}

// A member is an item of up to three trees.
const IN_ALL = 0
const IN_EDGES = 1
const IN_NETWORK = 2
const ITEMS_PER_MEMBER = 3

class SwarmBook<P extends SwarmPeer> implements Swarms<P> {
  readonly #random: Random
  readonly #index = createSphereIndex()
  readonly #ranking: Ranking
  readonly #near: NearestPoints
  readonly #swarms = new Map<string, Swarm>()
  readonly #members: (MemberState | undefined)[] = []
  readonly #peers: (P | undefined)[] = []
  readonly #freeMembers: Member[] = []

  constructor({ random, rtt, introducedMax }: SwarmsOptions) {
    this.#random = random
    // The nearest of all, of the edges and of the own network, and the random ones.
    this.#ranking = createRanking(rtt, 4 * (introducedMax + 1))
    this.#near = createNearestPoints(introducedMax + 1)
  }

  join(name: string, peer: P, have: number): Member {
    const swarm = this.#swarms.get(name) ?? this.#open(name)
    assert(!swarm.members.has(peer.id), `peer ${peer.id} is in swarm ${name} already`)
    const { role, point, asn } = peer
    const state: MemberState = { swarm, id: peer.id, role, point, asn }
    const member = this.#freeMembers.pop() ?? this.#members.length
    this.#members[member] = state
    this.#peers[member] = peer
    swarm.members.set(peer.id, member)
    this.#plant(member, state)
    this.#noteFacts(member, peer, have)
    return member
  }

  leave(member: Member): void {
    const state = this.#state(member)
    const { swarm, id } = state
    this.#uproot(member, state)
    swarm.members.delete(id)
    this.#members[member] = undefined
    this.#peers[member] = undefined
    this.#freeMembers.push(member)
    if (swarm.members.size > 0) return
    this.#index.removeTree(swarm.all)
    this.#index.removeTree(swarm.edges)
    this.#swarms.delete(swarm.name)
  }

  renew(member: Member, peer: P, have: number): void {
    const state = this.#state(member)
    assert(peer.id === state.id && peer.role === state.role, `peer ${peer.id} cannot take the place of another one`)
    this.#peers[member] = peer
    if (peer.asn !== state.asn) {
      this.#uproot(member, state)
      state.point = peer.point
      state.asn = peer.asn
      this.#plant(member, state)
    } else if (peer.point !== state.point) {
      state.point = peer.point
      this.#move(member, state)
    }
    this.#noteFacts(member, peer, have)
  }

  find(name: string, id: string): P | undefined {
    const member = this.#swarms.get(name)?.members.get(id)
    return member === undefined ? undefined : this.#peers[member]
  }

  // spec T-NEAR
  introduce(member: Member, most: number): Introduction<P>[] {
    const self = this.#state(member)
    const { swarm, asn, point } = self
    const others = swarm.members.size - 1
    if (most === 0 || others === 0) return []
    const ranking = this.#ranking
    ranking.begin({ member, asn, isPlaced: point !== undefined })
    this.#meetNearest(swarm.all, point, Math.min(most, others))
    if (others <= most) return ranking.pickBest(most).map(ranked => this.#introduction(ranked))

    this.#meetNearest(swarm.edges, point, Math.ceil(most * EDGE_SHARE))
    const network = swarm.networks.get(asn)
    if (network !== undefined) this.#meetNearest(network, point, Math.ceil(most * SAME_NETWORK_SHARE))
    const randomSlots = Math.round(most * RANDOM_SHARE)
    const best = ranking.pickBest(most - randomSlots)
    this.#meetRandom(swarm.all, point, randomSlots)
    // In a swarm that is hardly larger than the answer most have been met: then the latest are some of those.
    const last = ranking.pickLatest(randomSlots)
    return [...best, ...last].map(ranked => this.#introduction(ranked))
  }

  size(name: string): SwarmSize {
    const swarm = this.#swarms.get(name)
    return swarm === undefined ? { viewers: 0, edges: 0 } : this.#sizeOf(swarm)
  }

  *sizes(): Iterable<readonly [string, SwarmSize]> {
    for (const swarm of this.#swarms.values()) yield [swarm.name, this.#sizeOf(swarm)]
  }

  get count(): number {
    return this.#swarms.size
  }

  #sizeOf(swarm: Swarm): SwarmSize {
    const edges = this.#index.size(swarm.edges)
    return { viewers: swarm.members.size - edges, edges }
  }

  #state(member: Member): MemberState {
    const state = this.#members[member]
    assert(state !== undefined, `member ${member} is in no swarm`)
    return state
  }

  #introduction(ranked: Ranked): Introduction<P> {
    const { member, have, rttMs, sameNetwork, distanceKm } = ranked
    return { member, peer: this.#peers[member]!, have, rttMs, sameNetwork, distanceKm }
  }

  #open(name: string): Swarm {
    const all = this.#index.createTree()
    const edges = this.#index.createTree()
    const swarm: Swarm = { name, members: new Map(), all, edges, networks: new Map() }
    this.#swarms.set(name, swarm)
    return swarm
  }

  #noteFacts(member: Member, { role, asn, point, load }: P, have: number): void {
    this.#ranking.setFacts(member, { asn, isEdge: role === 'edge', isPlaced: point !== undefined, load, have })
  }

  #plant(member: Member, { swarm, role, point = EARTH_CENTRE, asn }: MemberState): void {
    const item = member * ITEMS_PER_MEMBER
    this.#index.insert(swarm.all, item + IN_ALL, point)
    if (role === 'edge') this.#index.insert(swarm.edges, item + IN_EDGES, point)
    if (asn === 0) return
    const network = swarm.networks.get(asn) ?? this.#index.createTree()
    swarm.networks.set(asn, network)
    this.#index.insert(network, item + IN_NETWORK, point)
  }

  #uproot(member: Member, { swarm, role, asn }: MemberState): void {
    const item = member * ITEMS_PER_MEMBER
    this.#index.remove(item + IN_ALL)
    if (role === 'edge') this.#index.remove(item + IN_EDGES)
    if (asn === 0) return
    this.#index.remove(item + IN_NETWORK)
    const network = swarm.networks.get(asn)!
    if (this.#index.size(network) > 0) return
    this.#index.removeTree(network)
    swarm.networks.delete(asn)
  }

  #move(member: Member, { role, point = EARTH_CENTRE, asn }: MemberState): void {
    const item = member * ITEMS_PER_MEMBER
    this.#index.move(item + IN_ALL, point)
    if (role === 'edge') this.#index.move(item + IN_EDGES, point)
    if (asn !== 0) this.#index.move(item + IN_NETWORK, point)
  }

  /** The `most` nearest others of a tree; random ones for a peer whose position is not known. */
  #meetNearest(tree: SphereTree, point: SpherePoint | undefined, most: number): void {
    if (point === undefined) {
      this.#meetRandom(tree, point, most)
      return
    }
    // One more than asked for, since the nearest is the peer itself.
    this.#index.nearest(tree, point, most + 1, this.#near)
    this.#meetFound()
  }

  #meetRandom(tree: SphereTree, point: SpherePoint | undefined, most: number): void {
    const size = this.#index.size(tree)
    const { items, squaredDistances } = this.#near
    // A small tree is gone round from a random peer on; in a large one a few tries find enough new ones.
    let rank = randomBelow(this.#random, size)
    let missing = most
    for (let round = 0; round < RANDOM_ROUNDS && missing > 0; round++) {
      this.#near.count = Math.min(missing, size)
      for (let i = 0; i < this.#near.count; i++) {
        rank = size <= RANDOM_ROUNDS * most ? (rank + 1) % size : randomBelow(this.#random, size)
        items[i] = this.#index.itemAt(tree, rank)
        squaredDistances[i] = point === undefined ? 0 : this.#index.squaredDistanceTo(items[i]!, point)
      }
      missing -= this.#meetFound()
    }
  }

  #meetFound(): number {
    const { count, items, squaredDistances } = this.#near
    for (let i = 0; i < count; i++) items[i] = Math.floor(items[i]! / ITEMS_PER_MEMBER)
    return this.#ranking.meet(count, items, squaredDistances)
  }
}
