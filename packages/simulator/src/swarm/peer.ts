// A peer of the simulated swarm: the real core, and a runner that carries its effects out in the world. What makes a peer
// hostile is a Manner that changes what it does on the way.
import { type EffectOf, type ServingTerms, Swarm, type SwarmEffect, type SwarmInput } from '@tan/delivery'
import { type EarningRecord, type PayerRecord, unproven } from '@tan/payments'
import {
  type Address,
  accepted,
  addressOfSecretKey,
  assert,
  equalBytes,
  type Hash,
  randomBytesFrom,
  rejected,
  signDigest,
} from '@tan/primitives'
import { type PieceRef, signVoucher } from '@tan/protocol'
import { PRICE_WEI } from './film.ts'
import { type End, Lines } from './lines.ts'
import { type Conditions, HONEST, type Manner } from './manner.ts'
import { Origin, rightHash } from './origin.ts'
import type { SwarmWorld } from './world.ts'

/** What survives a crash. */
export interface Disk {
  payments: PayerRecord | undefined
  readonly earnings: Map<Hash, EarningRecord>
}

/** as much waits in a channel before the next piece does */
const CROWDED_BYTES = 1024 * 1024
const TICK_MS = 100
/** how long a proof of our own pool takes, the check of another's, and a reserve until it is settled */
const PROVE_MS = 20
const VERIFY_MS = 10
const RESERVE_MS = 3_000

const TERMS: Omit<ServingTerms, 'piecePriceWei'> = {
  openingWei: 0n,
  unredeemedMaxWei: 10n ** 12n,
  expiryMarginBlocks: 100,
  announcesClaims: false,
}

export class SimulatedPeer implements End {
  readonly world: SwarmWorld
  readonly secretKey: Uint8Array
  readonly address: Address
  readonly conditions: Conditions
  readonly manner: Manner
  readonly disk: Disk
  readonly swarm: Swarm
  readonly banned = new Set<Address>()
  /** why this side closed connections to each peer */
  readonly closed = new Map<Address, string[]>()
  isAlive = true
  /** it was started again from its disk */
  readonly hasCrashed: boolean
  /** pieces that left for each peer, over all connections */
  readonly served = new Map<Address, number>()
  /** requests to each peer that were called off */
  readonly calledOff = new Map<Address, number>()
  /** media that came from peers, by their address */
  readonly peerBytes = new Map<Address, number>()
  onComplete: (segment: number) => void = () => {}
  readonly #lines: Lines
  readonly #origin: Origin
  #poolId: Hash | undefined
  /** of what was carried out at once: they go in before anything else happens */
  readonly #reports: SwarmInput[] = []

  constructor(world: SwarmWorld, conditions: Conditions, manner: Manner = HONEST, before?: SimulatedPeer) {
    this.world = world
    this.conditions = conditions
    this.manner = manner
    this.hasCrashed = before !== undefined
    this.secretKey = before?.secretKey ?? randomBytesFrom(world.random, 32)
    this.address = addressOfSecretKey(this.secretKey)
    this.disk = before?.disk ?? { payments: undefined, earnings: new Map() }
    this.#lines = new Lines(this, conditions.uplinkBytesPerMs)
    this.#origin = new Origin(world, conditions, input => this.step(input))
    this.#poolId = before === undefined ? undefined : before.#poolId
    this.swarm = this.#createSwarm()
    if (this.#poolId !== undefined) this.#usePool(this.#poolId)
    this.#tick()
  }

  #createSwarm(): Swarm {
    const { world, secretKey, manner, disk } = this
    return new Swarm({
      catalog: world.catalog,
      identity: { address: this.address, sign: digest => signDigest(digest, secretKey) },
      random: world.random,
      serves: true,
      payee: { ...TERMS, piecePriceWei: manner.piecePriceWei ?? PRICE_WEI, records: [...disk.earnings.values()] },
      signVoucher: voucher => signVoucher(world.catalog.manifest.chainId, voucher, secretKey),
    })
  }

  // ------------------------------------------------------------------------------------------------ what it has

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
    const { deposit, collateral } = this.world.pools.state(poolId)!
    const budgetWei = this.manner.budget?.(deposit) ?? deposit
    const kind = collateral > 0n ? 'credit' : 'strict'
    this.step({ type: 'paying-pool', pool: { poolId, kind, budgetWei }, record: this.disk.payments })
  }

  get originBytes(): number {
    return this.#origin.sentBytes
  }

  /** What a payer has shown to it and it has stored. */
  shownWei(payer: SimulatedPeer): bigint {
    const record = payer.#poolId === undefined ? undefined : this.disk.earnings.get(payer.#poolId)
    return record === undefined ? 0n : record.voucher.amount + record.voucher.unit * BigInt(record.index)
  }

  // ------------------------------------------------------------------------------------------------ lines

  connect(other: SimulatedPeer, latencyMs: number): void {
    this.#lines.connect(other.#lines, latencyMs)
  }

  /** The line to it breaks: what is on the way is lost. */
  breakFrom(other: SimulatedPeer): void {
    this.#lines.breakFrom(other.#lines)
  }

  /** Gone at once, and nothing that was not on disk is kept. */
  kill(): void {
    this.isAlive = false
    this.#lines.breakAll()
  }

  expects(link: number, ref: PieceRef): boolean {
    return this.swarm.expects(link, ref)
  }

  // ------------------------------------------------------------------------------------------------ steps

  step(input: SwarmInput): void {
    if (!this.isAlive) return
    let kept: PieceRef | undefined
    for (const effect of this.swarm.step(input, this.world.nowMs)) {
      if (effect.type === 'keep') kept = effect.ref
      this.world.journal.note(this.address, () => describe(effect))
      this.#carryOut(effect)
    }
    for (let report = this.#reports.shift(); report !== undefined; report = this.#reports.shift()) this.step(report)
    if (kept === undefined || input.type !== 'piece') return
    assert(equalBytes(input.hash, rightHash(this.world, input.ref)), `piece ${describe(kept)} was kept, and is wrong`)
    const from = 'link' in input.from ? this.#lines.addressOf(input.from.link) : undefined
    if (from !== undefined) this.peerBytes.set(from, (this.peerBytes.get(from) ?? 0) + input.sizeBytes)
  }

  #tick(): void {
    if (!this.isAlive) return
    this.step({ type: 'tick' })
    this.world.after(TICK_MS, () => this.#tick())
  }

  #carryOut(effect: SwarmEffect): void {
    const { world } = this
    switch (effect.type) {
      case 'send':
        if (effect.message.type === 'cancel') this.#countCalledOff(effect.link)
        for (const message of this.manner.say?.(effect.message) ?? [effect.message])
          this.#lines.say(effect.link, message)
        return
      case 'close': {
        const address = this.#lines.addressOf(effect.link)
        if (address === undefined) return
        this.closed.set(address, [...(this.closed.get(address) ?? []), effect.rejection.code])
        return this.#lines.close(effect.link)
      }
      case 'ban':
        this.banned.add(effect.address)
        return
      case 'serve':
        return this.#serve(effect)
      case 'fetch':
        return this.#origin.fetch(effect)
      case 'abort':
        return this.#origin.abort(effect.fetch)
      case 'fetch-hashes':
        return this.#origin.fetchHashes(effect)
      case 'complete': {
        const { id } = world.catalog.segment(effect.rendition, effect.segment)!
        assert(equalBytes(effect.hashes, world.hashes.get(id)!), `segment ${effect.segment} is not the publisher's`)
        return this.onComplete(effect.segment)
      }
      case 'prove-pool':
        return world.after(PROVE_MS, () =>
          this.step({ type: 'pool-proof', link: effect.link, proof: accepted(world.pools.proof(effect.poolId)) }),
        )
      case 'verify-pool':
        return world.after(VERIFY_MS, () => this.#verify(effect))
      case 'reserve':
        return world.after(RESERVE_MS, () => {
          if (world.pools.reserve(effect.poolId, effect.target, effect.amountWei))
            this.step({ type: 'reserved', target: effect.target })
        })
      case 'save-payments':
        return this.#store(() => {
          this.disk.payments = effect.record
          this.step({ type: 'payments-saved', revision: effect.revision })
        })
      case 'save-earnings':
        return this.#store(() => {
          for (const record of effect.records) this.disk.earnings.set(record.poolId, record)
          this.step({ type: 'earnings-saved', revision: effect.revision })
        })
      case 'leave-origin': // there is one alone
      case 'opened':
      case 'keep':
      case 'forget':
      case 'claim':
        return
    }
  }

  #store(store: () => void): void {
    this.world.after(this.world.draw.between(0, this.conditions.diskMs), () => {
      if (this.isAlive) store()
    })
  }

  #verify({ link, proof }: EffectOf<'verify-pool'>): void {
    const { pools } = this.world
    const { poolId, header } = proof
    const pool = pools.state(poolId)
    const target = pools.target(poolId, this.address)
    const proven =
      pool === undefined
        ? rejected(unproven('no such pool'))
        : accepted({ poolId, pool, target, height: header.height })
    this.step({ type: 'pool-verified', link, proven })
  }

  #serve({ link, ref }: EffectOf<'serve'>): void {
    const hash = rightHash(this.world, ref)
    const served = this.manner.serve === undefined ? hash : this.manner.serve(hash)
    this.#countServed(link)
    if (served !== undefined) this.#lines.sendPiece(link, ref, served)
    const { waitingMs } = this.#lines
    const isCrowding = waitingMs * this.conditions.uplinkBytesPerMs > CROWDED_BYTES
    this.#reports.push({ type: 'served', link, ref, isSent: true, isCrowding })
    if (isCrowding) this.world.after(waitingMs, () => this.step({ type: 'drained', link }))
  }

  /** Nobody may ever be more than one piece behind with paying (spec D-ONE). */
  #countServed(link: number): void {
    const to = this.#lines.addressOf(link)!
    const before = this.served.get(to) ?? 0
    this.served.set(to, before + 1)
    if (this.manner !== HONEST || this.hasCrashed) return
    const shownWei = this.swarm.peers().find(peer => peer.address === to)!.earnedWei
    assert(BigInt(before) * PRICE_WEI <= shownWei, `piece ${before + 1} to ${to} with ${shownWei} wei shown`)
  }

  #countCalledOff(link: number): void {
    const from = this.#lines.addressOf(link)
    if (from !== undefined) this.calledOff.set(from, (this.calledOff.get(from) ?? 0) + 1)
  }
}

/** As one line of text: bytes in hexadecimal, amounts with an n. */
export function describe(what: object): string {
  return JSON.stringify(what, (_, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`
    return value instanceof Uint8Array ? value.toHex() : value
  })
}
