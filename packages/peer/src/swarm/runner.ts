// Carries out what the swarm's core decides, for one resource: channels, hashing, the origin, stores and the chain. The
// same in pages and in Node; what differs comes in through ports.
import { type Catalog, Swarm, type SwarmEffect, type SwarmInput, type SwarmOptions, type Wanted } from '@tan/delivery'
import type { Claim, PayerRecord, PayingPool } from '@tan/payments'
import { type Address, type Clock, concatBytes, type Logger, type Reason } from '@tan/primitives'
import type { PieceRef } from '@tan/protocol'
import { TICK_MS } from '../limits.ts'
import type { Channel, PieceStore, Sha256, Timers } from '../ports.ts'
import { Accounts, type MoneyPort } from './accounts.ts'
import { Fetches } from './fetches.ts'
import { Lines } from './lines.ts'
import type { Origin } from './origin.ts'
import { Readers } from './readers.ts'

export interface RunnerEvents {
  /** a piece came, and is kept */
  piece?(piece: { readonly ref: PieceRef; readonly from: 'origin' | Address; readonly bytes: number }): void
  complete?(rendition: number, segment: number): void
  served?(piece: { readonly ref: PieceRef; readonly to: Address; readonly bytes: number }): void
  paid?(payment: { readonly to: Address; readonly wei: bigint; readonly totalWei: bigint }): void
  opened?(address: Address): void
  /** `rejection`: we left it; undefined: it left us */
  closed?(address: Address, rejection: Reason | undefined): void
  banned?(address: Address, rejection: Reason): void
  /** something failed that will be tried again */
  failed?(rejection: Reason): void
}

export interface RunnerOptions extends MoneyPort {
  readonly catalog: Catalog
  readonly swarm: Omit<SwarmOptions, 'catalog'>
  readonly origin: Origin
  readonly pieces: PieceStore
  readonly sha256: Sha256
  readonly clock: Clock
  readonly timers: Timers
  readonly logger: Logger
  claim(claim: Claim): void
  readonly events: RunnerEvents
}

export class SwarmRunner {
  readonly swarm: Swarm
  readonly #options: RunnerOptions
  readonly #lines: Lines
  readonly #fetches: Fetches
  readonly #accounts: Accounts
  readonly #readers = new Readers()
  readonly #inputs: { readonly input: SwarmInput; readonly bytes: Uint8Array | undefined }[] = []
  #isStepping = false
  #isStopped = false
  #stopTick = () => {}

  constructor(options: RunnerOptions) {
    const { catalog, origin, sha256, timers, logger, events } = options
    this.#options = options
    this.swarm = new Swarm({ ...options.swarm, catalog })
    const dispatch = (input: SwarmInput, bytes?: Uint8Array) => this.dispatch(input, bytes)
    const failed = (rejection: Reason) => events.failed?.(rejection)
    this.#lines = new Lines({
      sha256,
      logger,
      dispatch,
      expects: (link, ref) => this.swarm.expects(link, ref),
      closed: (address, rejection) => events.closed?.(address, rejection),
    })
    this.#fetches = new Fetches({ origin, sha256, dispatch, failed })
    this.#accounts = new Accounts({
      port: options,
      timers,
      logger,
      dispatch,
      paid: payment => events.paid?.(payment),
      failed,
    })
    this.#tick()
  }

  // ------------------------------------------------------------------------------------------------ doors

  /** A connected peer; `expected` is who it should be. */
  add(channel: Channel, expected: Address | undefined): void {
    this.#lines.add(channel, expected)
  }

  want(wanted: readonly Wanted[]): void {
    this.dispatch({ type: 'wanted', wanted })
  }

  payFrom(pool: PayingPool | undefined, record: PayerRecord | undefined, isComing: boolean): void {
    this.#accounts.begin(record)
    this.dispatch({ type: 'paying-pool', pool, record, isComing })
  }

  holds(rendition: number, segment: number): boolean {
    return this.swarm.holds(rendition, segment)
  }

  isConnectedTo(address: Address): boolean {
    return this.#lines.isConnectedTo(address)
  }

  get connections(): number {
    return this.#lines.count
  }

  /** The bytes of a segment, once it is whole. Rejects with the signal's reason. */
  async read(rendition: number, segment: number, signal: AbortSignal): Promise<Uint8Array> {
    const entry = this.#options.catalog.segment(rendition, segment)!
    for (;;) {
      signal.throwIfAborted()
      if (!this.holds(rendition, segment)) await this.#readers.whole(rendition, segment, signal)
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
    if (this.#isStopped) return
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
    this.#lines.disconnectAll()
  }

  stop(): void {
    this.#isStopped = true
    this.#stopTick()
    this.#fetches.stop()
    this.#accounts.stop()
    this.#lines.stop()
  }

  #tick(): void {
    this.#stopTick = this.#options.timers.after(TICK_MS, () => {
      this.dispatch({ type: 'tick' })
      this.#tick()
    })
  }

  // ------------------------------------------------------------------------------------------------ effects

  #carryOut(effect: SwarmEffect, input: SwarmInput, bytes: Uint8Array | undefined): void {
    const { pieces, events, logger } = this.#options
    switch (effect.type) {
      case 'send':
        return this.#lines.send(effect.link, effect.message)
      case 'close':
        return this.#lines.close(effect.link, effect.rejection)
      case 'ban':
        logger.warn('a peer is banned', { peer: effect.address, ...effect.rejection })
        events.banned?.(effect.address, effect.rejection)
        return
      case 'opened':
        this.#lines.identify(effect.link, effect.address)
        events.opened?.(effect.address)
        return
      case 'serve':
        void this.#serve(effect)
        return
      case 'fetch':
        void this.#fetches.fetch(effect.fetch, effect.range)
        return
      case 'abort':
        return this.#fetches.abort(effect.fetch)
      case 'leave-origin':
        return this.#fetches.leaveOrigin(effect.fetch)
      case 'fetch-hashes':
        void this.#fetches.fetchHashes(effect)
        return
      case 'keep':
        return this.#keep(effect.ref, input, bytes)
      case 'complete': {
        const { rendition, segment, hashes } = effect
        pieces.complete(rendition, segment, hashes)
        this.#readers.wake(rendition, segment)
        events.complete?.(rendition, segment)
        return
      }
      case 'forget':
        return pieces.forget(effect.rendition, effect.segment)
      case 'prove-pool':
        void this.#accounts.prove(effect)
        return
      case 'verify-pool':
        return this.#accounts.verify(effect)
      case 'reserve':
        void this.#accounts.reserve(effect)
        return
      case 'save-payments':
        void this.#accounts.savePayments(effect)
        return
      case 'save-earnings':
        void this.#accounts.saveEarnings(effect)
        return
      case 'claim':
        return this.#options.claim(effect.claim)
    }
  }

  #keep(ref: PieceRef, input: SwarmInput, bytes: Uint8Array | undefined): void {
    if (input.type !== 'piece' || bytes === undefined) return
    this.#options.pieces.keep(ref, bytes, input.hash)
    const from = 'link' in input.from ? this.#lines.addressOf(input.from.link) : 'origin'
    if (from !== undefined) this.#options.events.piece?.({ ref, from, bytes: bytes.length })
  }

  async #serve({ link, ref }: Extract<SwarmEffect, { type: 'serve' }>): Promise<void> {
    const bytes = await this.#options.pieces.read(ref).catch(() => undefined)
    if (bytes === undefined) {
      this.dispatch({ type: 'served', link, ref, isSent: false })
      this.dispatch({ type: 'dropped', rendition: ref.rendition, segment: ref.segment })
      return
    }
    const sent = this.#lines.sendPiece(link, ref, bytes)
    if (sent === undefined) return
    if (sent.to !== undefined) this.#options.events.served?.({ ref, to: sent.to, bytes: bytes.length })
    this.dispatch({ type: 'served', link, ref, isSent: true, isCrowding: sent.isCrowding })
  }
}
