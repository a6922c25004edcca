// The registry of what runs (spec S-ERA): one instance for each live era, found by the era's start. Most of the time there is one; where an
// era hands over to the next, both live.
import { assert, type Hash } from '@tan/primitives'
import type { Era } from '@tan/protocol'
import { LIVE_ERAS_MAX } from '../limits.ts'

export class LiveEras<T extends { readonly era: Era }> {
  /** oldest first */
  private readonly instances: T[]

  /** A node always has one. */
  constructor(first: T) {
    this.instances = [first]
  }

  begin(instance: T): void {
    const { hash, height } = instance.era.start
    assert(this.of(hash) === undefined, `the era of ${hash} begins twice`)
    assert(height > this.newest.era.start.height, `an era begins at height ${height}, below one that is live`)
    assert(this.instances.length < LIVE_ERAS_MAX, `more than ${LIVE_ERAS_MAX} eras are live`)
    this.instances.push(instance)
  }

  /** Nothing more is routed to it. The newest one never ends. */
  end(start: Hash): void {
    const at = this.instances.findIndex(({ era }) => era.start.hash === start)
    assert(at >= 0 && at < this.instances.length - 1, `the era of ${start} is not live, or the newest`)
    this.instances.splice(at, 1)
  }

  of(start: Hash): T | undefined {
    return this.instances.find(({ era }) => era.start.hash === start)
  }

  get newest(): T {
    return this.instances.at(-1)!
  }

  [Symbol.iterator](): Iterator<T> {
    return this.instances[Symbol.iterator]()
  }
}
