// Meeting the peers of one resource's swarm: offers to those whom a tracker names, answers to those who offer, one
// connection with each, and none with those who are banned (spec D-BAN).
import { type Address, type Clock, type Hash, type Random, type Reason, randomBytesFrom, toHex } from '@tan/primitives'
import type { IceSignal } from '@tan/protocol/tracker'
import { rtcFailure } from '../channel/rtc-channel.ts'
import {
  ATTEMPT_MAX_MS,
  ATTEMPTS_MAX,
  EARLY_SIGNALS_MAX,
  FAILURES_MAX,
  REUNION_MAX_MS,
  REUNION_MIN_MS,
  SECOND_TRY_MS,
} from '../limits.ts'
import type { Channel, ConnectRtc, RtcAttempt, RtcSignal, Timers } from '../ports.ts'

export interface MeetingsOptions {
  readonly resourceId: Hash
  readonly self: Address
  readonly connect: ConnectRtc
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  /** connections beyond which nobody is sought now */
  peersWanted(): number
  /** connections beyond which nobody is let in */
  readonly peersMax: number
  isConnectedTo(peer: Address): boolean
  isBanned(peer: Address): boolean
  connections(): number
  /** True if it could be handed to a tracker. */
  signal(to: Address, signal: IceSignal): boolean
  opened(channel: Channel, peer: Address): void
  failed(peer: Address, rejection: Reason): void
}

interface Attempt {
  readonly id: string
  readonly peer: Address
  readonly isOffering: boolean
  readonly rtc: RtcAttempt
  readonly stopTimer: () => void
}

interface Failure {
  count: number
  againMs: number
}

const STUN = /^stuns?:([a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(:\d{1,5})?$/i

export class Meetings {
  readonly #options: MeetingsOptions
  /** by peer: one at a time */
  readonly #attempts = new Map<Address, Attempt>()
  readonly #failures = new Map<Address, Failure>()
  /** candidates that overtook their offer */
  readonly #early = new Map<string, RtcSignal[]>()
  #iceServers: readonly string[] = []
  #isStopped = false

  constructor(options: MeetingsOptions) {
    this.#options = options
  }

  /** As a tracker names them: what is no address of a STUN server is left out. */
  setIceServers(servers: readonly string[]): void {
    // Others would make the libraries of WebRTC throw.
    this.#iceServers = servers.filter(server => STUN.test(server))
  }

  /** Offers to the first of these peers, until enough are met. */
  seek(candidates: readonly Address[]): void {
    const { self, peersWanted, isConnectedTo, isBanned, connections, clock } = this.#options
    const wanted = peersWanted()
    for (const peer of candidates) {
      if (this.#isStopped || connections() + this.#attempts.size >= wanted || this.#attempts.size >= ATTEMPTS_MAX)
        return
      const isResting = (this.#failures.get(peer)?.againMs ?? 0) > clock.nowMs()
      if (peer === self || isResting || this.#attempts.has(peer) || isConnectedTo(peer) || isBanned(peer)) continue
      this.#begin(peer, toHex(randomBytesFrom(this.#options.random, 8)).slice(2), true)
    }
  }

  /** What a peer sent through a tracker. */
  receive(from: Address, { attempt: id, ...signal }: IceSignal): void {
    if (this.#isStopped || from === this.#options.self) return
    if (signal.kind === 'offer') this.#answer(from, id)
    const attempt = this.#attempts.get(from)
    if (attempt?.id === id) attempt.rtc.signal(signal)
    else if (signal.kind === 'candidate') this.#keepEarly(`${from} ${id}`, signal)
  }

  stop(): void {
    this.#isStopped = true
    for (const attempt of this.#attempts.values()) this.#end(attempt)
  }

  #answer(from: Address, id: string): void {
    const { self, peersMax, isBanned, connections } = this.#options
    const own = this.#attempts.get(from)
    // Both offered at once: the lower address's offer stands, on both sides.
    if (own?.isOffering === true && self < from) return
    if (isBanned(from) || connections() >= peersMax) return
    if (own !== undefined) this.#end(own)
    if (this.#attempts.size >= 2 * ATTEMPTS_MAX) {
      // Offers that lead nowhere must not keep others out: the oldest had its time.
      const oldest = [...this.#attempts.values()].find(({ isOffering }) => !isOffering)
      if (oldest === undefined) return
      this.#end(oldest)
    }
    this.#begin(from, id, false)
  }

  #begin(peer: Address, id: string, isOffering: boolean): void {
    const { connect, signal, opened, timers } = this.#options
    const fail = (rejection: Reason) => {
      const attempt = this.#attempts.get(peer)
      if (attempt?.id !== id) return
      this.#end(attempt)
      this.#remember(peer, rejection)
    }
    const broke = (rejection: Reason) => {
      const isFirst = !this.#failures.has(peer)
      fail(rejection)
      if (isFirst && isOffering) this.#tryAgainSoon(peer)
    }
    let rtc: RtcAttempt
    try {
      rtc = connect({
        isOffering,
        iceServers: this.#iceServers,
        events: {
          signal: part => {
            if (!signal(peer, { ...part, attempt: id } as IceSignal) && part.kind !== 'candidate')
              fail({ code: 'rtc/no-tracker', message: 'there is no tracker to pass an offer on' })
          },
          channel: channel => {
            const attempt = this.#attempts.get(peer)
            if (attempt?.id !== id) return channel.close()
            this.#forget(attempt)
            this.#failures.delete(peer)
            opened(channel, peer)
          },
          failed: broke,
        },
      })
    } catch (error) {
      // The library refuses: too many connections, for instance.
      return this.#remember(peer, rtcFailure(error instanceof Error ? error.message : String(error)))
    }
    const stopTimer = timers.after(ATTEMPT_MAX_MS, () =>
      fail({ code: 'rtc/timeout', message: `no connection within ${ATTEMPT_MAX_MS} ms` }),
    )
    this.#attempts.set(peer, { id, peer, isOffering, rtc, stopTimer })
    for (const part of this.#takeEarly(`${peer} ${id}`)) rtc.signal(part)
  }

  /**
   * Once: libdatachannel hands an answer to ICE before it keeps it, and where the other side is faster than that, finds no
   * certificate to compare with and breaks off. Such peers should not have to wait for the next word of a tracker.
   */
  #tryAgainSoon(peer: Address): void {
    const failure = this.#failures.get(peer)
    if (failure === undefined) return
    failure.againMs = this.#options.clock.nowMs()
    this.#options.timers.after(SECOND_TRY_MS, () => this.seek([peer]))
  }

  #end(attempt: Attempt): void {
    this.#forget(attempt)
    attempt.rtc.close()
  }

  #forget({ peer, id, stopTimer }: Attempt): void {
    stopTimer()
    if (this.#attempts.get(peer)?.id === id) this.#attempts.delete(peer)
  }

  #remember(peer: Address, rejection: Reason): void {
    const count = (this.#failures.get(peer)?.count ?? 0) + 1
    const pauseMs = Math.min(REUNION_MAX_MS, REUNION_MIN_MS * 2 ** (count - 1))
    this.#failures.set(peer, { count, againMs: this.#options.clock.nowMs() + pauseMs })
    if (this.#failures.size > FAILURES_MAX) this.#failures.delete(this.#failures.keys().next().value!)
    this.#options.failed(peer, rejection)
  }

  #keepEarly(key: string, signal: RtcSignal): void {
    const kept = this.#early.get(key) ?? []
    if (kept.length >= EARLY_SIGNALS_MAX) return
    this.#early.set(key, [...kept, signal])
    if (this.#early.size > EARLY_SIGNALS_MAX) this.#early.delete(this.#early.keys().next().value!)
  }

  #takeEarly(key: string): readonly RtcSignal[] {
    const kept = this.#early.get(key) ?? []
    this.#early.delete(key)
    return kept
  }
}
