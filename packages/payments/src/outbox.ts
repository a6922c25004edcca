// Payments wait here until what they promise is stored (spec D-AHEAD): one write at a time, and what is promised meanwhile
// goes into the next. `To` is whom its owner sends them to.
import { assert } from '@tan/primitives'
import { UNSENT_MAX } from './limits.ts'
import type { Payment } from './payer.ts'

export interface Unsent<To> {
  readonly to: To
  readonly payment: Payment
  /** the write that it waits for */
  readonly revision: number
}

export class Outbox<To> {
  #revision = 0
  /** being stored */
  #saving: number | undefined
  #unsent: Unsent<To>[] = []
  /** something else is to be stored, which nothing waits for */
  #hasNews = false

  get isFull(): boolean {
    return this.#unsent.length >= UNSENT_MAX
  }

  add(to: To, payment: Payment): void {
    assert(!this.isFull, `${UNSENT_MAX} payments wait already`)
    this.#unsent.push({ to, payment, revision: this.#revision + 1 })
  }

  noteNews(): void {
    this.#hasNews = true
  }

  /** The number of the write that is to start now, if there is something to store and none is under way. */
  startSave(alsoNews: boolean): number | undefined {
    const isDue = (alsoNews && this.#hasNews) || this.#unsent.some(({ revision }) => revision > this.#revision)
    if (this.#saving !== undefined || !isDue) return undefined
    this.#hasNews = false
    this.#saving = ++this.#revision
    return this.#saving
  }

  /** What may be sent now that this write is done. */
  saved(revision: number): readonly Unsent<To>[] {
    if (this.#saving !== revision) return []
    this.#saving = undefined
    const ready = this.#unsent.filter(unsent => unsent.revision <= revision)
    this.#unsent = this.#unsent.filter(unsent => unsent.revision > revision)
    return ready
  }

  drop(to: To): void {
    this.#unsent = this.#unsent.filter(unsent => unsent.to !== to)
  }

  /** Another pool: nothing of the one before is sent any more. */
  clear(): void {
    this.#unsent = []
    this.#saving = undefined
    this.#hasNews = false
  }
}
