// Carries out what the swarm's core decides, for one resource: channels, hashing, the origin, stores and the chain. The
// same in pages and in Node; what differs comes in through ports.
import {
  type Catalog,
  type Claim,
  type EarningRecord,
  type LinkId,
  type Outcome,
  type PayerRecord,
  type PayingPool,
  type ProvenPool,
  Swarm,
  type SwarmEffect,
  type SwarmInput,
  type SwarmOptions,
  type Wanted,
} from '@tan/delivery'
import { type Address, type Clock, concatBytes, type Hash, type Logger, type Reason, reasonOf } from '@tan/primitives'
import {
  decodeSwarmMessage,
  encodeSwarmMessage,
  type PieceMessage,
  type PieceRef,
  type PoolProof,
  type SwarmMessage,
} from '@tan/protocol'
import { CHANNEL_BUFFER_MAX_BYTES, CHANNEL_UNREAD_MAX_BYTES, STORE_RETRY_MS, TICK_MS } from '../limits.ts'
import type { Channel, PieceStore, Sha256, Timers } from '../ports.ts'
import type { Origin } from './origin.ts'

export interface RunnerEvents {
  /** a piece came, and is kept */
  piece?(piece: { readonly ref: PieceRef; readonly from: 'origin' | Address; readonly bytes: number }): void
  complete?(rendition: number, segment: number): void
  served?(piece: { readonly ref: PieceRef; readonly to: Address; readonly bytes: number }): void
  paid?(payment: { readonly to: Address; readonly wei: bigint; readonly totalWei: bigint }): void
  opened?(address: Address): void
  closed?(address: Address, rejection: Reason | undefined): void
  banned?(address: Address, rejection: Reason): void
  /** something failed that will be tried again */
  failed?(rejection: Reason): void
}

export interface RunnerOptions {
  readonly catalog: Catalog
  readonly swarm: Omit<SwarmOptions, 'catalog'>
  readonly origin: Origin
  readonly pieces: PieceStore
  readonly sha256: Sha256
  readonly clock: Clock
  readonly timers: Timers
  readonly logger: Logger
  readonly savePayments: (record: PayerRecord) => Promise<void>
  readonly saveEarnings: (records: readonly EarningRecord[]) => Promise<void>
  readonly provePool: (poolId: Hash, target: Address) => Promise<PoolProof>
  readonly verifyPool: (proof: PoolProof) => Outcome<ProvenPool>
  readonly reserve: (poolId: Hash, target: Address, amountWei: bigint) => Promise<void>
  readonly claim: (claim: Claim) => void
  readonly events: RunnerEvents
}

interface Line {
  readonly channel: Channel
  address: Address | undefined
  /** pieces whose hash is being computed */
  readonly hashing: Set<string>
}

export class SwarmRunner {
  readonly swarm: Swarm
  readonly #options: RunnerOptions
  readonly #lines = new Map<LinkId, Line>()
  readonly #fetches = new Map<number, { readonly controller: AbortController; readonly origin: number }>()
  readonly #stopped = new AbortController()
  readonly #readers = new Map<string, (() => void)[]>()
  readonly #paidWei = new Map<Address, bigint>()
  readonly #inputs: { readonly input: SwarmInput; readonly bytes: Uint8Array | undefined }[] = []
  #isStepping = false
  #nextLink = 1
  #stopTick = () => {}

  constructor(options: RunnerOptions) {
    this.#options = options
    this.swarm = new Swarm({ ...options.swarm, catalog: options.catalog })
    this.#tick()
  }

  // ------------------------------------------------------------------------------------------------ doors

  /** A connected peer; `expected` is who it should be. */
  add(channel: Channel, expected: Address | undefined): void {
    const link = this.#nextLink++
    const { binding } = channel
    this.#lines.set(link, { channel, address: undefined, hashing: new Set() })
    this.dispatch({ type: 'connected', link, binding, ...(expected === undefined ? {} : { expected }) })
    // What came before anybody listened is handed over at once, and belongs after the connection itself.
    channel.listen({
      message: bytes => this.#receive(link, bytes),
      drained: () => this.dispatch({ type: 'drained', link }),
      closed: () => this.#lost(link),
    })
  }

  want(wanted: readonly Wanted[]): void {
    this.dispatch({ type: 'wanted', wanted })
  }

  payFrom(pool: PayingPool | undefined, record: PayerRecord | undefined, isComing: boolean): void {
    this.#paidWei.clear()
    for (const { target, promisedWei } of record?.promises ?? []) this.#paidWei.set(target, promisedWei)
    this.dispatch({ type: 'paying-pool', pool, record, isComing })
  }

  holds(rendition: number, segment: number): boolean {
    return this.swarm.holds(rendition, segment)
  }

  isConnectedTo(address: Address): boolean {
    for (const line of this.#lines.values()) if (line.address === address) return true
    return false
  }

  get connections(): number {
    return this.#lines.size
  }

  /** The bytes of a segment, once it is whole. Rejects with the signal's reason. */
  async read(rendition: number, segment: number, signal: AbortSignal): Promise<Uint8Array> {
    const entry = this.#options.catalog.segment(rendition, segment)!
    for (;;) {
      signal.throwIfAborted()
      if (!this.holds(rendition, segment)) await this.#whole(rendition, segment, signal)
      const reads = Array.from({ length: entry.pieceCount }, (_, piece) =>
        this.#options.pieces.read({ rendition, segment, piece }),
      )
      const pieces = await Promise.all(reads)
      if (pieces.every(piece => piece !== undefined)) return concatBytes(...pieces)
      this.dispatch({ type: 'dropped', rendition, segment })
    }
  }

  /** Reports something to the core. Never re-entrant: what is reported meanwhile waits its turn. */
  dispatch(input: SwarmInput, bytes?: Uint8Array): void {
    if (this.#stopped.signal.aborted) return
    this.#inputs.push({ input, bytes })
    if (this.#isStepping) return
    this.#isStepping = true
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        const effects = this.swarm.step(next.input, this.#options.clock.nowMs())
        for (const effect of effects) this.#carryOut(effect, next.input, next.bytes)
      }
    } finally {
      this.#isStepping = false
    }
  }

  disconnectAll(): void {
    for (const [link, { channel }] of [...this.#lines]) {
      channel.close()
      this.#lost(link)
    }
  }

  stop(): void {
    this.#stopTick()
    this.#stopped.abort()
    for (const { channel } of this.#lines.values()) channel.close()
    this.#lines.clear()
  }

  #tick(): void {
    this.#stopTick = this.#options.timers.after(TICK_MS, () => {
      this.dispatch({ type: 'tick' })
      this.#tick()
    })
  }

  #whole(rendition: number, segment: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const key = `${rendition}/${segment}`
      const wake = () => {
        signal.removeEventListener('abort', fail)
        resolve()
      }
      const fail = () => {
        const left = (this.#readers.get(key) ?? []).filter(other => other !== wake)
        if (left.length > 0) this.#readers.set(key, left)
        else this.#readers.delete(key)
        reject(signal.reason)
      }
      signal.addEventListener('abort', fail, { once: true })
      this.#readers.set(key, [...(this.#readers.get(key) ?? []), wake])
    })
  }

  // ------------------------------------------------------------------------------------------------ channels

  #receive(link: LinkId, bytes: Uint8Array): void {
    let message: ReturnType<typeof decodeSwarmMessage>
    try {
      message = decodeSwarmMessage(bytes)
    } catch (error) {
      this.dispatch({ type: 'malformed', link, rejection: reasonOf(error) })
      return
    }
    if (message.type === 'piece') this.#receivePiece(link, message)
    else this.dispatch({ type: 'message', link, message })
  }

  #receivePiece(link: LinkId, { rendition, segment, piece, bytes }: PieceMessage): void {
    const line = this.#lines.get(link)
    if (line === undefined) return
    const ref = { rendition, segment, piece }
    const key = `${rendition}/${segment}/${piece}`
    // Nothing is hashed that was not asked for, and nothing twice.
    if (!this.swarm.expects(link, ref) || line.hashing.has(key)) {
      const rejection = { code: 'swarm/unrequested', message: `piece ${key} was not asked for` }
      this.dispatch({ type: 'malformed', link, rejection })
      return
    }
    line.hashing.add(key)
    void this.#options.sha256(bytes).then(hash => {
      line.hashing.delete(key)
      this.dispatch({ type: 'piece', from: { link }, ref, sizeBytes: bytes.length, hash }, bytes)
    })
  }

  #lost(link: LinkId): void {
    const line = this.#lines.get(link)
    if (line === undefined) return
    this.#lines.delete(link)
    this.dispatch({ type: 'disconnected', link })
    if (line.address !== undefined) this.#options.events.closed?.(line.address, undefined)
  }

  // ------------------------------------------------------------------------------------------------ effects

  #carryOut(effect: SwarmEffect, input: SwarmInput, bytes: Uint8Array | undefined): void {
    const { pieces, events, logger } = this.#options
    switch (effect.type) {
      case 'send':
        return this.#send(effect.link, effect.message)
      case 'close':
        return this.#close(effect.link, effect.rejection)
      case 'ban':
        logger.warn('a peer is banned', { peer: effect.address, ...effect.rejection })
        events.banned?.(effect.address, effect.rejection)
        return
      case 'opened': {
        const line = this.#lines.get(effect.link)
        if (line !== undefined) line.address = effect.address
        events.opened?.(effect.address)
        return
      }
      case 'serve':
        void this.#serve(effect.link, effect.ref)
        return
      case 'fetch':
        void this.#fetch(effect.fetch, effect.range)
        return
      case 'abort':
        this.#fetches.get(effect.fetch)?.controller.abort()
        return
      case 'leave-origin':
        return this.#options.origin.leave(this.#fetches.get(effect.fetch)?.origin ?? this.#options.origin.current)
      case 'fetch-hashes':
        void this.#fetchHashes(effect)
        return
      case 'keep':
        return this.#keep(effect.ref, input, bytes)
      case 'complete': {
        const { rendition, segment, hashes } = effect
        pieces.complete(rendition, segment, hashes)
        const key = `${rendition}/${segment}`
        const readers = this.#readers.get(key) ?? []
        this.#readers.delete(key)
        for (const wake of readers) wake()
        events.complete?.(rendition, segment)
        return
      }
      case 'forget':
        return pieces.forget(effect.rendition, effect.segment)
      case 'prove-pool':
        void this.#prove(effect)
        return
      case 'verify-pool':
        return this.dispatch({
          type: 'pool-verified',
          link: effect.link,
          proven: this.#options.verifyPool(effect.proof),
        })
      case 'reserve':
        void this.#reserve(effect)
        return
      case 'save-payments':
        void this.#save(
          () => this.#options.savePayments(effect.record),
          () => {
            this.#tellPaid(effect.record)
            this.dispatch({ type: 'payments-saved', revision: effect.revision })
          },
        )
        return
      case 'save-earnings':
        void this.#save(
          () => this.#options.saveEarnings(effect.records),
          () => this.dispatch({ type: 'earnings-saved', revision: effect.revision }),
        )
        return
      case 'claim':
        return this.#options.claim(effect.claim)
    }
  }

  /** Pieces wait for room in the channel. Whoever reads nothing of all else is left, before it fills the memory. */
  #send(link: LinkId, message: SwarmMessage): void {
    const channel = this.#lines.get(link)?.channel
    if (channel === undefined) return
    if (channel.bufferedBytes <= CHANNEL_UNREAD_MAX_BYTES) return channel.send(encodeSwarmMessage(message))
    this.#options.logger.debug('a peer does not read', { link })
    channel.close()
    this.#lost(link)
  }

  #close(link: LinkId, rejection: Reason): void {
    const line = this.#lines.get(link)
    if (line === undefined) return
    this.#lines.delete(link)
    this.#options.logger.debug('a peer is left', { peer: line.address, ...rejection })
    line.channel.close()
    if (line.address !== undefined) this.#options.events.closed?.(line.address, rejection)
  }

  #keep(ref: PieceRef, input: SwarmInput, bytes: Uint8Array | undefined): void {
    if (input.type !== 'piece' || bytes === undefined) return
    this.#options.pieces.keep(ref, bytes, input.hash)
    const from = 'link' in input.from ? this.#lines.get(input.from.link)?.address : 'origin'
    if (from !== undefined) this.#options.events.piece?.({ ref, from, bytes: bytes.length })
  }

  async #serve(link: LinkId, ref: PieceRef): Promise<void> {
    const bytes = await this.#options.pieces.read(ref).catch(() => undefined)
    if (bytes === undefined) {
      this.dispatch({ type: 'served', link, ref, isSent: false })
      this.dispatch({ type: 'dropped', rendition: ref.rendition, segment: ref.segment })
      return
    }
    const line = this.#lines.get(link)
    if (line === undefined) return
    line.channel.send(encodeSwarmMessage({ type: 'piece', ...ref, bytes }))
    if (line.address !== undefined) this.#options.events.served?.({ ref, to: line.address, bytes: bytes.length })
    const isCrowding = line.channel.bufferedBytes > CHANNEL_BUFFER_MAX_BYTES
    this.dispatch({ type: 'served', link, ref, isSent: true, isCrowding })
  }

  async #fetch(fetch: number, range: Parameters<Origin['fetchPieces']>[0]): Promise<void> {
    const controller = new AbortController()
    this.#fetches.set(fetch, { controller, origin: this.#options.origin.current })
    const signal = AbortSignal.any([controller.signal, this.#stopped.signal])
    const hashing: Promise<void>[] = []
    let isComplete = true
    try {
      await this.#options.origin.fetchPieces(range, signal, (ref, bytes) => {
        const hashed = this.#options.sha256(bytes).then(hash => {
          if (controller.signal.aborted) return
          this.dispatch({ type: 'piece', from: { fetch }, ref, sizeBytes: bytes.length, hash }, bytes)
        })
        hashing.push(hashed)
      })
    } catch (error) {
      isComplete = false
      if (!signal.aborted) this.#options.events.failed?.(reasonOf(error))
    }
    await Promise.all(hashing)
    this.#fetches.delete(fetch)
    this.dispatch({ type: 'fetched', fetch, isComplete })
  }

  async #fetchHashes({
    fetch,
    rendition,
    firstSegment,
    segmentCount,
  }: Extract<SwarmEffect, { type: 'fetch-hashes' }>): Promise<void> {
    let hashes: Uint8Array | undefined
    try {
      hashes = await this.#options.origin.fetchHashes(rendition, firstSegment, segmentCount, this.#stopped.signal)
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.#options.events.failed?.(reasonOf(error))
    }
    this.dispatch({ type: 'hashes-fetched', fetch, hashes })
  }

  async #prove({ link, poolId, target }: Extract<SwarmEffect, { type: 'prove-pool' }>): Promise<void> {
    let proof: Outcome<PoolProof>
    try {
      proof = { ok: true, value: await this.#options.provePool(poolId, target) }
    } catch (error) {
      proof = { ok: false, ...reasonOf(error) }
      this.#options.events.failed?.(proof)
    }
    this.dispatch({ type: 'pool-proof', link, proof })
  }

  async #reserve({ poolId, target, amountWei }: Extract<SwarmEffect, { type: 'reserve' }>): Promise<void> {
    try {
      await this.#options.reserve(poolId, target, amountWei)
      this.dispatch({ type: 'reserved', target })
    } catch (error) {
      this.#options.events.failed?.(reasonOf(error))
    }
  }

  /** Until it is stored: what depends on it waits as long. */
  async #save(store: () => Promise<void>, saved: () => void): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      try {
        await store()
        return saved()
      } catch (error) {
        const rejection = reasonOf(error)
        this.#options.logger.error('payments cannot be stored', { ...rejection })
        this.#options.events.failed?.(rejection)
        await new Promise<void>(resolve => this.#options.timers.after(STORE_RETRY_MS, resolve))
      }
    }
  }

  #tellPaid({ promises }: PayerRecord): void {
    for (const { target, promisedWei } of promises) {
      const before = this.#paidWei.get(target) ?? 0n
      if (promisedWei === before) continue
      this.#paidWei.set(target, promisedWei)
      this.#options.events.paid?.({ to: target, wei: promisedWei - before, totalWei: promisedWei })
    }
  }
}
