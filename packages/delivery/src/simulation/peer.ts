// A peer of the simulated swarm: the real core, and a runner that carries its effects out in the world. What makes a peer
// hostile is a Manner that changes what it does on the way.
import {
  type Address,
  addressOfSecretKey,
  assert,
  equalBytes,
  type Hash,
  randomBytesFrom,
  signDigest,
} from '@tan/primitives'
import {
  decodeSwarmMessage,
  encodeSwarmMessage,
  PIECE_HASH_BYTES,
  type PieceRef,
  pieceSizeOf,
  type SwarmMessage,
  signVoucher,
} from '@tan/protocol'
import type { SwarmEffect, SwarmInput } from '../effects.ts'
import type { EarningRecord, PayeeOptions } from '../payee.ts'
import type { PayerRecord } from '../payer.ts'
import type { PieceRange } from '../scheduler.ts'
import { Swarm } from '../swarm.ts'
import { PRICE_WEI, type World } from './world.ts'

export interface Conditions {
  readonly uplinkBytesPerMs: number
  readonly originLatencyMs: number
  readonly originBytesPerMs: number
  /** pieces that come from it at once; each by itself if it is not said */
  readonly originBurst?: number
  readonly diskMs: number
  /** the origin answers nothing any more from then on */
  readonly originEndsMs?: number
}

/** How a hostile peer differs. */
export interface Manner {
  /** the messages that leave instead of this one */
  readonly say?: (message: SwarmMessage, peer: SimulatedPeer) => readonly SwarmMessage[]
  /** the hash of what it sends for a piece, or undefined to send nothing */
  readonly serve?: (hash: Uint8Array, peer: SimulatedPeer) => Uint8Array | undefined
  /** what it makes of the budget of its pool */
  readonly budget?: (wei: bigint) => bigint
  readonly piecePriceWei?: bigint
}

export const HONEST: Manner = {}

interface Connection {
  readonly other: SimulatedPeer
  readonly otherLink: number
  /** messages stay in order */
  lastArrivalMs: number
  readonly latencyMs: number
}

/** What survives a crash. */
export interface Disk {
  payments: PayerRecord | undefined
  readonly earnings: Map<Hash, EarningRecord>
}

/** as much waits in a channel before the next piece does */
const CROWDED_BYTES = 1024 * 1024

const OPTIONS: Omit<PayeeOptions, 'resourceId' | 'resourcePieces' | 'self' | 'chainId' | 'piecePriceWei'> = {
  openingWei: 0n,
  unredeemedMaxWei: 10n ** 12n,
  expiryMarginBlocks: 100,
  announcesClaims: false,
}

export class SimulatedPeer {
  readonly world: World
  readonly secretKey: Uint8Array
  readonly address: Address
  readonly conditions: Conditions
  readonly manner: Manner
  readonly disk: Disk
  readonly banned = new Set<Address>()
  /** why this side closed connections to each peer */
  readonly closed = new Map<Address, string[]>()
  swarm: Swarm
  isAlive = true
  /** it was started again from its disk */
  readonly hasCrashed: boolean
  originBytes = 0
  /** pieces that left for each peer, over all connections */
  readonly served = new Map<Address, number>()
  /** requests to each peer that were called off */
  readonly calledOff = new Map<Address, number>()
  /** media that came from peers, by their address */
  readonly peerBytes = new Map<Address, number>()
  onComplete: (segment: number) => void = () => {}
  #poolId: Hash | undefined
  readonly #links = new Map<number, Connection>()
  #nextLink = 1
  #uplinkFreeMs = 0
  #originFreeMs = 0
  readonly #aborted = new Set<number>()
  /** of what was carried out at once: they go in before anything else happens */
  readonly #reports: SwarmInput[] = []

  constructor(world: World, conditions: Conditions, manner: Manner = HONEST, before?: SimulatedPeer) {
    this.world = world
    this.conditions = conditions
    this.manner = manner
    this.hasCrashed = before !== undefined
    this.secretKey = before?.secretKey ?? randomBytesFrom(world.random, 32)
    this.address = addressOfSecretKey(this.secretKey)
    this.disk = before?.disk ?? { payments: undefined, earnings: new Map() }
    this.#poolId = before === undefined ? undefined : before.#poolId
    this.swarm = this.#createSwarm()
    if (this.#poolId !== undefined) this.#usePool(this.#poolId)
    this.#tick()
  }

  #createSwarm(): Swarm {
    const { world, secretKey } = this
    return new Swarm({
      catalog: world.catalog,
      identity: { address: this.address, sign: digest => signDigest(digest, secretKey) },
      random: world.random,
      serves: true,
      payee: {
        ...OPTIONS,
        piecePriceWei: this.manner.piecePriceWei ?? PRICE_WEI,
        records: [...this.disk.earnings.values()],
      },
      signVoucher: voucher => signVoucher(world.catalog.manifest.chainId, voucher, secretKey),
    })
  }

  holdAll(): void {
    for (const { rendition, segment, id } of this.world.catalog.renditions[0]!.segments)
      this.step({ type: 'held', rendition, segment, hashes: this.world.hashes.get(id)! })
  }

  /** Creates a pool, which settles a while later. */
  fund(depositWei: bigint, kind: 'credit' | 'strict', settleMs: number): void {
    this.step({ type: 'paying-pool', pool: undefined, isComing: true })
    this.world.after(settleMs, () => {
      if (!this.isAlive) return
      this.#poolId = this.world.createPool(this.address, depositWei, kind)
      this.#usePool(this.#poolId)
    })
  }

  get poolId(): Hash | undefined {
    return this.#poolId
  }

  #usePool(poolId: Hash): void {
    const { deposit, collateral } = this.world.pools.get(poolId)!.state
    const budgetWei = this.manner.budget?.(deposit) ?? deposit
    const kind = collateral > 0n ? 'credit' : 'strict'
    this.step({ type: 'paying-pool', pool: { poolId, kind, budgetWei }, record: this.disk.payments })
  }

  connect(other: SimulatedPeer, latencyMs: number): void {
    const link = this.#nextLink++
    const otherLink = other.#nextLink++
    this.#links.set(link, { other, otherLink, lastArrivalMs: 0, latencyMs })
    other.#links.set(otherLink, { other: this, otherLink: link, lastArrivalMs: 0, latencyMs })
    const mine = randomBytesFrom(this.world.random, 32)
    const theirs = randomBytesFrom(this.world.random, 32)
    this.step({ type: 'connected', link, binding: { local: mine, remote: theirs }, expected: other.address })
    other.step({ type: 'connected', link: otherLink, binding: { local: theirs, remote: mine } })
  }

  /** The line to it breaks: what is on the way is lost. */
  breakFrom(other: SimulatedPeer): void {
    for (const [link, connection] of [...this.#links]) if (connection.other === other) this.#disconnect(link)
  }

  /** Gone at once, and nothing that was not on disk is kept. */
  kill(): void {
    this.isAlive = false
    for (const link of [...this.#links.keys()]) this.#disconnect(link)
  }

  step(input: SwarmInput): void {
    if (!this.isAlive) return
    let kept: string | undefined
    for (const effect of this.swarm.step(input, this.world.nowMs)) {
      if (effect.type === 'keep') kept = keyOf(effect.ref)
      this.world.trace(this.address, effect)
      this.#carryOut(effect)
    }
    for (let report = this.#reports.shift(); report !== undefined; report = this.#reports.shift()) this.step(report)
    if (kept === undefined || input.type !== 'piece') return
    assert(equalBytes(input.hash, this.#rightHash(input.ref)), `piece ${kept} was kept, and is wrong`)
    if ('link' in input.from) {
      const from = this.#links.get(input.from.link)?.other.address
      if (from !== undefined) this.peerBytes.set(from, (this.peerBytes.get(from) ?? 0) + input.sizeBytes)
    }
  }

  #tick(): void {
    if (!this.isAlive) return
    this.step({ type: 'tick' })
    this.world.after(100, () => this.#tick())
  }

  #carryOut(effect: SwarmEffect): void {
    const { world } = this
    switch (effect.type) {
      case 'send':
        if (effect.message.type === 'cancel') this.#countCalledOff(effect.link)
        for (const message of this.manner.say?.(effect.message, this) ?? [effect.message])
          this.#transmit(effect.link, message, 0)
        return
      case 'close': {
        const connection = this.#links.get(effect.link)
        if (connection === undefined) return
        this.#links.delete(effect.link)
        const { other, otherLink, lastArrivalMs } = connection
        this.closed.set(other.address, [...(this.closed.get(other.address) ?? []), effect.rejection.code])
        world.after(Math.max(0, lastArrivalMs - world.nowMs) + 1, () => other.#disconnect(otherLink))
        return
      }
      case 'ban':
        this.banned.add(effect.address)
        return
      case 'serve':
        return this.#serve(effect.link, effect.ref)
      case 'fetch':
        return this.#fetch(effect.fetch, effect.range)
      case 'leave-origin':
        return // there is one alone
      case 'abort':
        this.#aborted.add(effect.fetch)
        return
      case 'fetch-hashes':
        world.after(this.conditions.originLatencyMs, () => {
          const { fetch, rendition, firstSegment, segmentCount } = effect
          const lists = world.catalog.renditions[rendition]!.segments.slice(
            firstSegment,
            firstSegment + segmentCount,
          ).map(({ id }) => world.hashes.get(id)!)
          const hashes = this.#isOriginDown ? undefined : Uint8Array.from(lists.flatMap(list => [...list]))
          this.step({ type: 'hashes-fetched', fetch, hashes })
        })
        return
      case 'complete': {
        const { id } = world.catalog.segment(effect.rendition, effect.segment)!
        assert(equalBytes(effect.hashes, world.hashes.get(id)!), `segment ${effect.segment} is not the publisher's`)
        return this.onComplete(effect.segment)
      }
      case 'prove-pool':
        world.after(20, () =>
          this.step({
            type: 'pool-proof',
            link: effect.link,
            proof: { ok: true, value: world.proofOf(effect.poolId) },
          }),
        )
        return
      case 'verify-pool':
        world.after(10, () => this.#verify(effect))
        return
      case 'reserve':
        world.after(3_000, () => {
          if (world.reserve(effect.poolId, effect.target, effect.amountWei))
            this.step({ type: 'reserved', target: effect.target })
        })
        return
      case 'save-payments':
        world.after(world.between(0, this.conditions.diskMs), () => {
          if (!this.isAlive) return
          this.disk.payments = effect.record
          this.step({ type: 'payments-saved', revision: effect.revision })
        })
        return
      case 'save-earnings':
        world.after(world.between(0, this.conditions.diskMs), () => {
          if (!this.isAlive) return
          for (const record of effect.records) this.disk.earnings.set(record.poolId, record)
          this.step({ type: 'earnings-saved', revision: effect.revision })
        })
        return
      case 'opened':
      case 'keep':
      case 'forget':
      case 'claim':
        return
    }
  }

  #verify({ link, proof }: Extract<SwarmEffect, { type: 'verify-pool' }>): void {
    const pool = this.world.pools.get(proof.poolId)
    const target = this.world.target(proof.poolId, this.address)
    this.step({
      type: 'pool-verified',
      link,
      proven:
        pool === undefined
          ? { ok: false, code: 'payment/proof', message: 'no such pool' }
          : { ok: true, value: { poolId: proof.poolId, pool: pool.state, target, height: proof.header.height } },
    })
  }

  /** Control messages are small; `sizeBytes` of a piece take their time on the uplink. */
  #transmit(
    link: number,
    message: SwarmMessage | { type: 'piece'; ref: PieceRef; hash: Uint8Array },
    sizeBytes: number,
  ) {
    const connection = this.#links.get(link)
    if (connection === undefined) return
    const { world } = this
    this.#uplinkFreeMs = Math.max(world.nowMs, this.#uplinkFreeMs) + sizeBytes / this.conditions.uplinkBytesPerMs
    const leavesMs = sizeBytes > 0 ? this.#uplinkFreeMs : world.nowMs
    const arrivesMs = Math.max(connection.lastArrivalMs, leavesMs + connection.latencyMs)
    connection.lastArrivalMs = arrivesMs
    const { other, otherLink } = connection
    world.after(arrivesMs - world.nowMs, () => {
      if (!other.#links.has(otherLink)) return
      if (message.type !== 'piece') {
        // through its encoding, as on a wire
        const decoded = decodeSwarmMessage(encodeSwarmMessage(message))
        assert(decoded.type !== 'piece', 'a message that became a piece')
        other.step({ type: 'message', link: otherLink, message: decoded })
      } else if (other.swarm.expects(otherLink, message.ref)) {
        const { ref, hash } = message
        const size = pieceSizeOf(world.catalog.segment(ref.rendition, ref.segment)!.sizeBytes, ref.piece)
        other.step({ type: 'piece', from: { link: otherLink }, ref, sizeBytes: size, hash })
      }
    })
  }

  #serve(link: number, ref: PieceRef): void {
    const { sizeBytes } = this.world.catalog.segment(ref.rendition, ref.segment)!
    const hash = this.#rightHash(ref)
    const served = this.manner.serve === undefined ? hash : this.manner.serve(hash, this)
    this.#countServed(link)
    if (served !== undefined)
      this.#transmit(link, { type: 'piece', ref, hash: served }, pieceSizeOf(sizeBytes, ref.piece))
    const freeMs = Math.max(0, this.#uplinkFreeMs - this.world.nowMs)
    const isCrowding = freeMs * this.conditions.uplinkBytesPerMs > CROWDED_BYTES
    this.#reports.push({ type: 'served', link, ref, isSent: true, isCrowding })
    if (isCrowding) this.world.after(freeMs, () => this.step({ type: 'drained', link }))
  }

  /** What a payer has shown to it and it has stored. */
  shownWei(payer: SimulatedPeer): bigint {
    const record = payer.#poolId === undefined ? undefined : this.disk.earnings.get(payer.#poolId)
    return record === undefined ? 0n : record.voucher.amount + record.voucher.unit * BigInt(record.index)
  }

  /** Nobody may ever be more than one piece behind with paying. */
  #countServed(link: number): void {
    const to = this.#links.get(link)!.other.address
    const before = this.served.get(to) ?? 0
    this.served.set(to, before + 1)
    if (this.manner !== HONEST || this.hasCrashed) return
    const shownWei = this.swarm.peers().find(peer => peer.address === to)!.earnedWei
    assert(BigInt(before) * PRICE_WEI <= shownWei, `piece ${before + 1} to ${to} with ${shownWei} wei shown`)
  }

  #countCalledOff(link: number): void {
    const from = this.#links.get(link)?.other.address
    if (from !== undefined) this.calledOff.set(from, (this.calledOff.get(from) ?? 0) + 1)
  }

  #fetch(fetch: number, { rendition, segment, firstPiece, pieceCount }: PieceRange): void {
    const { world, conditions } = this
    const { sizeBytes } = world.catalog.segment(rendition, segment)!
    this.#originFreeMs = Math.max(this.#originFreeMs, world.nowMs + conditions.originLatencyMs)
    const burst = conditions.originBurst ?? 1
    const arrivals = Array.from({ length: pieceCount }, (_, i) => {
      this.#originFreeMs += pieceSizeOf(sizeBytes, firstPiece + i) / conditions.originBytesPerMs
      return this.#originFreeMs
    })
    for (let piece = firstPiece; piece < firstPiece + pieceCount; piece++) {
      const size = pieceSizeOf(sizeBytes, piece)
      const isLast = piece === firstPiece + pieceCount - 1
      const i = piece - firstPiece
      const arrivesMs = arrivals[Math.min(pieceCount, i - (i % burst) + burst) - 1]!
      world.after(arrivesMs - world.nowMs, () => {
        if (this.#aborted.has(fetch)) return
        if (this.#isOriginDown) {
          if (isLast) this.step({ type: 'fetched', fetch, isComplete: false })
          return
        }
        this.originBytes += size
        const ref = { rendition, segment, piece }
        this.step({ type: 'piece', from: { fetch }, ref, sizeBytes: size, hash: this.#rightHash(ref) })
        if (isLast) this.step({ type: 'fetched', fetch, isComplete: true })
      })
    }
  }

  #rightHash({ rendition, segment, piece }: PieceRef): Uint8Array {
    const { id } = this.world.catalog.segment(rendition, segment)!
    return this.world.hashes.get(id)!.subarray(piece * PIECE_HASH_BYTES, (piece + 1) * PIECE_HASH_BYTES)
  }

  get #isOriginDown(): boolean {
    return this.world.nowMs >= (this.conditions.originEndsMs ?? Number.POSITIVE_INFINITY)
  }

  #disconnect(link: number): void {
    const connection = this.#links.get(link)
    if (connection === undefined) return
    this.#links.delete(link)
    this.step({ type: 'disconnected', link })
    connection.other.#disconnect(connection.otherLink)
  }
}

function keyOf({ rendition, segment, piece }: PieceRef): string {
  return `${rendition}/${segment}/${piece}`
}
