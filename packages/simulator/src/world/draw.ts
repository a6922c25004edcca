// Choices drawn from seeded randomness, in words.
import { type Random, randomBelow } from '@tan/primitives'

export class Draw {
  private readonly random: Random

  constructor(random: Random) {
    this.random = random
  }

  chance(percent: number): boolean {
    return percent > 0 && randomBelow(this.random, 10_000) < percent * 100
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + randomBelow(this.random, most - least + 1)
  }

  pick<T>(values: readonly T[]): T {
    return values[randomBelow(this.random, values.length)]!
  }

  /** Each one with this chance. */
  some<T>(values: readonly T[], percent: number): T[] {
    return values.filter(() => this.chance(percent))
  }

  /** So many of them, or all, in their order. */
  sample<T>(values: readonly T[], count: number): T[] {
    const left = [...values]
    while (left.length > count) left.splice(randomBelow(this.random, left.length), 1)
    return left
  }
}
