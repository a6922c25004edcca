// What we have to give: which segments are held whole, whether others are served at all, and at what price. Each peer is told
// when it connects, and all of them when it changes.
import type { Reason } from '@tan/primitives'
import type { SwarmMessageOf } from '@tan/protocol'
import { reject } from '../codes.ts'
import type { Catalog } from '../content/catalog.ts'
import { HaveMap } from '../content/have-map.ts'
import { HASHES_REQUESTS_MAX } from '../limits.ts'
import type { Core, OpenLink } from '../link/link.ts'

export class Offering {
  readonly have: HaveMap
  readonly #core: Core
  readonly #price: SwarmMessageOf<'price'>
  #isOn: boolean

  constructor(core: Core, catalog: Catalog, price: SwarmMessageOf<'price'>, isOn: boolean) {
    this.#core = core
    this.#price = price
    this.#isOn = isOn
    this.have = new HaveMap(catalog)
  }

  /** Are others served? */
  get isOn(): boolean {
    return this.#isOn
  }

  /** Says what it asks, and what there is. */
  begin(link: OpenLink): void {
    if (!this.#isOn) return
    if (!link.serving.isOffered) this.#core.send(link, this.#price)
    link.serving.isOffered = true
    for (const message of this.have.messages()) this.#core.send(link, message)
  }

  /** Serves others from now on, or no more: `onStopped` sees to each peer that was served. */
  turn(isOn: boolean, onStopped: (link: OpenLink) => void): void {
    if (this.#isOn === isOn) return
    this.#isOn = isOn
    for (const link of this.#core.openLinks()) {
      this.#core.send(link, { type: 'choke', choked: !isOn })
      if (isOn) this.begin(link)
      else onStopped(link)
    }
  }

  setHeld(rendition: number, segment: number, isHeld: boolean): void {
    this.have.set(rendition, segment, isHeld)
    if (!this.#isOn) return
    for (const link of this.#core.openLinks()) this.#core.send(link, this.have.messageAround(rendition, segment))
  }

  /** Answers with the hashes that are known, or with none (spec D-HASHES); not without end (spec D-FLOOD). */
  sendHashes(
    link: OpenLink,
    { rendition, segment }: SwarmMessageOf<'hashes-request'>,
    hashes: Uint8Array | undefined,
  ): void {
    if (++link.serving.hashesRequests > HASHES_REQUESTS_MAX)
      return this.#core.refuse(link, reject('swarm/flood', 'too many requests for hashes'))
    this.#core.send(link, { type: 'hashes', rendition, segment, hashes: hashes ?? new Uint8Array(0) })
  }
}

export const NOT_SERVING: Reason = reject('swarm/not-serving', 'this peer does not serve')
