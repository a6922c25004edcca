// The peers that are met for one introduction, and who of them is best. Each answer looks at a hundred members of a
// million, and each look at an object would wait for memory several times: so what ranking needs of a member lies side by
// side in one array, and objects are touched only for those that are chosen.
import { type Asn, type RttBook, seedRttMs } from './network-distance.ts'
import { kilometres } from './sphere-point.ts'

/** Of the peers that are introduced: the most of the own network, and the least edges if there are any. */
export const SAME_NETWORK_SHARE = 0.6
export const EDGE_SHARE = 0.2
/** A peer without free upload, or without anything to serve, is as good as one so much farther away. */
const BUSY_MS = 100
const EMPTY_MS = 50

/** A peer in a swarm; the number is used again once it has left. */
export type Member = number

export interface MemberFacts {
  readonly asn: Asn
  readonly isEdge: boolean
  /** Is its position known? */
  readonly isPlaced: boolean
  /** part of its upload in use, and part of the resource that it has: 0 to 1 */
  readonly load: number
  readonly have: number
}

export interface Ranked {
  readonly member: Member
  readonly have: number
  readonly rttMs: number
  readonly sameNetwork: boolean
  readonly distanceKm: number | undefined
}

/** Whose introduction it is. */
export interface Seeker {
  readonly member: Member
  readonly asn: Asn
  readonly isPlaced: boolean
}

export interface Ranking {
  setFacts(member: Member, facts: MemberFacts): void
  begin(seeker: Seeker): void
  /**
   * The first `count` of these members, with their squared distances (heeded where both have a place). Answers how many
   * had not been met since `begin`; the seeker has.
   */
  meet(count: number, members: Int32Array, squaredDistances: Float64Array): number
  /** spec T-MIX: the best of those met, in order, with a share of edges and not too many of the own network. */
  pickBest(most: number): Ranked[]
  /** Those met that are not picked yet: the latest first. */
  pickLatest(most: number): Ranked[]
}

/** `metMax`: the most that are met from one `begin` to the next. */
export function createRanking(rtt: RttBook, metMax: number): Ranking {
  return new MemberRanking(rtt, metMax)
}

// Of each member: four numbers, half a cache line. MARK is its kind, and four times the introduction that met it last.
const FACTS = 4
const ASN = 0
const LOAD = 1
const HAVE = 2
const MARK = 3
const KIND_EDGE = 1
const KIND_PLACED = 2
const KINDS = 4

class MemberRanking implements Ranking {
  readonly #rtt: RttBook
  #facts = new Float64Array(64 * FACTS)
  #introduction = 0
  #seeker: Seeker = { member: 0, asn: 0, isPlaced: false }

  // One entry for each that was met.
  #met = 0
  readonly #members: Int32Array
  readonly #kinds: Uint8Array
  readonly #asns: Float64Array
  readonly #loads: Float64Array
  readonly #haves: Float64Array
  readonly #squared: Float64Array
  readonly #rttMs: Float64Array
  readonly #rank: Float64Array
  readonly #isPicked: Uint8Array
  readonly #order: Int32Array

  constructor(rtt: RttBook, metMax: number) {
    this.#rtt = rtt
    this.#members = new Int32Array(metMax)
    this.#kinds = new Uint8Array(metMax)
    this.#asns = new Float64Array(metMax)
    this.#loads = new Float64Array(metMax)
    this.#haves = new Float64Array(metMax)
    this.#squared = new Float64Array(metMax)
    this.#rttMs = new Float64Array(metMax)
    this.#rank = new Float64Array(metMax)
    this.#isPicked = new Uint8Array(metMax)
    this.#order = new Int32Array(metMax)
  }

  setFacts(member: Member, facts: MemberFacts): void {
    const at = member * FACTS
    if (at >= this.#facts.length) {
      const old = this.#facts
      this.#facts = new Float64Array(Math.max(at + FACTS, 2 * old.length))
      this.#facts.set(old)
    }
    this.#facts[at + ASN] = facts.asn
    this.#facts[at + LOAD] = facts.load
    this.#facts[at + HAVE] = facts.have
    this.#facts[at + MARK] = (facts.isEdge ? KIND_EDGE : 0) | (facts.isPlaced ? KIND_PLACED : 0)
  }

  begin(seeker: Seeker): void {
    this.#introduction++
    this.#seeker = seeker
    this.#met = 0
    const mark = seeker.member * FACTS + MARK
    this.#facts[mark] = this.#introduction * KINDS + (this.#facts[mark]! % KINDS)
  }

  meet(count: number, members: Int32Array, squaredDistances: Float64Array): number {
    const facts = this.#facts
    const from = this.#met
    // Nothing but loads in this loop, so that the waits for memory overlap.
    for (let i = 0; i < count; i++) {
      const member = members[i]!
      const at = member * FACTS
      const mark = facts[at + MARK]!
      if (mark >= this.#introduction * KINDS) continue
      const kind = mark % KINDS
      facts[at + MARK] = this.#introduction * KINDS + kind
      const met = this.#met++
      this.#members[met] = member
      this.#kinds[met] = kind
      this.#asns[met] = facts[at + ASN]!
      this.#loads[met] = facts[at + LOAD]!
      this.#haves[met] = facts[at + HAVE]!
      this.#squared[met] = squaredDistances[i]!
    }
    const correctionMs = this.#rtt.corrections(this.#seeker.asn)
    for (let i = from; i < this.#met; i++) {
      const seedMs = seedRttMs(this.#distanceKm(i), this.#isSameNetwork(i))
      this.#rttMs[i] = Math.max(1, seedMs + correctionMs(this.#asns[i]!))
      this.#rank[i] = this.#rttMs[i]! + this.#loads[i]! * BUSY_MS + (1 - this.#haves[i]!) * EMPTY_MS
      this.#isPicked[i] = 0
    }
    return this.#met - from
  }

  pickBest(most: number): Ranked[] {
    this.#sort()
    let free = most
    let sameNetwork = 0
    let edges = 0
    const edgesMax = Math.ceil(most * EDGE_SHARE)
    const sameNetworkMax = Math.ceil(most * SAME_NETWORK_SHARE)
    const pick = (i: number) => {
      this.#isPicked[i] = 1
      free--
      if (this.#isSameNetwork(i)) sameNetwork++
    }
    for (let n = 0; n < this.#met && free > 0 && edges < edgesMax; n++) {
      const i = this.#order[n]!
      if ((this.#kinds[i]! & KIND_EDGE) === 0) continue
      pick(i)
      edges++
    }
    for (let n = 0; n < this.#met && free > 0; n++) {
      const i = this.#order[n]!
      if (this.#isPicked[i] === 0 && (sameNetwork < sameNetworkMax || !this.#isSameNetwork(i))) pick(i)
    }
    for (let n = 0; n < this.#met && free > 0; n++) {
      const i = this.#order[n]!
      if (this.#isPicked[i] === 0) pick(i)
    }
    const picked: Ranked[] = []
    for (let n = 0; n < this.#met; n++) {
      const i = this.#order[n]!
      if (this.#isPicked[i] === 1) picked.push(this.#ranked(i))
    }
    return picked
  }

  pickLatest(most: number): Ranked[] {
    const picked: Ranked[] = []
    for (let i = this.#met - 1; i >= 0 && picked.length < most; i--) {
      if (this.#isPicked[i] === 1) continue
      this.#isPicked[i] = 1
      picked.push(this.#ranked(i))
    }
    return picked
  }

  /** By insertion: few, and from nearest to farthest for the most part already. */
  #sort(): void {
    const order = this.#order
    const rank = this.#rank
    for (let i = 0; i < this.#met; i++) {
      let at = i
      for (; at > 0 && rank[order[at - 1]!]! > rank[i]!; at--) order[at] = order[at - 1]!
      order[at] = i
    }
  }

  #isSameNetwork(i: number): boolean {
    return this.#asns[i] === this.#seeker.asn && this.#seeker.asn !== 0
  }

  #distanceKm(i: number): number | undefined {
    return this.#seeker.isPlaced && (this.#kinds[i]! & KIND_PLACED) !== 0 ? kilometres(this.#squared[i]!) : undefined
  }

  #ranked(i: number): Ranked {
    return {
      member: this.#members[i]!,
      have: this.#haves[i]!,
      rttMs: this.#rttMs[i]!,
      sameNetwork: this.#isSameNetwork(i),
      distanceKm: this.#distanceKm(i),
    }
  }
}
