// Which peers to dial, where, and when: the operator's bootstrap addresses always, peers from others as long as they
// are reachable. Pure bookkeeping: the transport dials.
import { type Random, randomBelow, shuffled } from '@tan/primitives'
import { LIMITS } from '../limits.ts'
import type { PeerId } from '../transport.ts'

export interface Target {
  /** undefined until the address has answered once, if it does not name its peer */
  peer: PeerId | undefined
  addresses: readonly string[]
  readonly isBootstrap: boolean
  failures: number
  dueMs: number
  isDialing: boolean
}

export class AddressBook {
  readonly #random: Random
  readonly #bootstrap: Target[] = []
  readonly #known = new Map<PeerId, Target>()

  constructor(random: Random) {
    this.#random = random
  }

  addBootstrap(address: string, peer: PeerId | undefined): void {
    this.#bootstrap.push(createTarget(peer, [address], true, 0))
  }

  isBootstrap(peer: PeerId): boolean {
    return this.#bootstrap.some(target => target.peer === peer)
  }

  /** A peer whose address came from another peer or from itself. */
  learn(peer: PeerId, addresses: readonly string[], nowMs: number): void {
    const known = this.#known.get(peer)
    if (known !== undefined) {
      known.addresses = addresses
      return
    }
    if (this.#known.size >= LIMITS.knownPeersMax) this.#forgetOldest()
    this.#known.set(peer, createTarget(peer, addresses, false, nowMs))
  }

  /** Targets to dial now: every bootstrap address that is due, and at most `most` others. They count as being dialled. */
  takeDue(nowMs: number, most: number, isWanted: (peer: PeerId) => boolean): Target[] {
    const busy = new Set<PeerId>()
    for (const { isDialing, peer } of this.#all()) if (isDialing && peer !== undefined) busy.add(peer)
    const due: Target[] = []
    const take = (targets: readonly Target[], count: number) => {
      for (const target of targets) {
        if (count <= 0) return
        if (target.isDialing || target.dueMs > nowMs) continue
        if (target.peer !== undefined && (busy.has(target.peer) || !isWanted(target.peer))) continue
        if (target.peer !== undefined) busy.add(target.peer)
        target.isDialing = true
        due.push(target)
        count--
      }
    }
    const room = LIMITS.dialsAtOnceMax - this.dialing
    take(this.#bootstrap, room)
    // In random order: a peer that fills our book must not choose our peers.
    if (most > 0) take(shuffled(this.#random, [...this.#known.values()]), Math.min(most, room - due.length))
    return due
  }

  get dialing(): number {
    let count = 0
    for (const target of this.#all()) if (target.isDialing) count++
    return count
  }

  succeeded(target: Target, peer: PeerId): void {
    target.isDialing = false
    target.failures = 0
    if (target.isBootstrap) target.peer = peer
  }

  /** `isHopeless`: the next attempt would fail as well (our own address, another chain). */
  failed(target: Target, nowMs: number, isHopeless: boolean): void {
    target.isDialing = false
    target.failures++
    if (!target.isBootstrap && (isHopeless || target.failures >= LIMITS.dialAttemptsMax)) {
      if (target.peer !== undefined) this.#known.delete(target.peer)
      return
    }
    const mostMs = target.isBootstrap && !isHopeless ? LIMITS.reconnectBootstrapMaxMs : LIMITS.reconnectMaxMs
    const delayMs = isHopeless
      ? mostMs
      : Math.min(mostMs, LIMITS.reconnectMinMs * 2 ** Math.min(16, target.failures - 1))
    target.dueMs = nowMs + this.#jittered(delayMs)
  }

  /** A connection ended: retry soon, but not all at the same moment. */
  lost(peer: PeerId, nowMs: number): void {
    for (const target of this.#all()) {
      if (target.peer !== peer) continue
      target.failures = 0
      target.dueMs = nowMs + this.#jittered(LIMITS.reconnectMinMs)
    }
  }

  #forgetOldest(): void {
    for (const [peer, { isDialing }] of this.#known) {
      if (isDialing) continue
      this.#known.delete(peer)
      return
    }
  }

  *#all(): Iterable<Target> {
    yield* this.#bootstrap
    yield* this.#known.values()
  }

  /** 75 to 100 % of it */
  #jittered(delayMs: number): number {
    return Math.floor(delayMs * 0.75) + randomBelow(this.#random, Math.floor(delayMs * 0.25) + 1)
  }
}

function createTarget(
  peer: PeerId | undefined,
  addresses: readonly string[],
  isBootstrap: boolean,
  dueMs: number,
): Target {
  return { peer, addresses, isBootstrap, failures: 0, dueMs, isDialing: false }
}
