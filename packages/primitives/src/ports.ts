// What rooms receive from outside instead of using the real thing: time, randomness, logs and metrics.

export interface Clock {
  /** milliseconds since 1970, as this machine believes */
  nowMs(): number
}

export interface Random {
  /** 0 to 2^32 - 1 */
  uint32(): number
}

/** 0 to `limit` - 1, without bias worth mentioning for limits below 2^32. */
export function randomBelow(random: Random, limit: number): number {
  return Math.floor((random.uint32() / 2 ** 32) * limit)
}

export function randomBytesFrom(random: Random, sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, () => random.uint32() & 255)
}

/** A fresh array with the same elements in random order. */
export function shuffled<T>(random: Random, values: readonly T[]): T[] {
  const out = [...values]
  for (let i = out.length - 1; i > 0; i--) {
    const j = randomBelow(random, i + 1)
    const kept = out[i]!
    out[i] = out[j]!
    out[j] = kept
  }
  return out
}

/** xoshiro128** seeded by splitmix32: the same seed gives the same numbers everywhere. Not for secrets. */
export function createSeededRandom(seed: number): Random {
  let mixed = seed >>> 0
  const splitmix = () => {
    mixed = (mixed + 0x9e3779b9) >>> 0
    let z = mixed
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
  let a = splitmix()
  let b = splitmix()
  let c = splitmix()
  let d = splitmix()
  return {
    uint32() {
      const five = Math.imul(b, 5)
      const result = Math.imul((five << 7) | (five >>> 25), 9) >>> 0
      const shifted = b << 9
      c ^= a
      d ^= b
      b ^= c
      a ^= d
      c ^= shifted
      d = (d << 11) | (d >>> 21)
      return result
    },
  }
}

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

/** One line per event. Never log keys or other secrets. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** Names follow `tan_<area>_<what>_<unit>`; a counter's unit ends in `total`. */
export interface Metrics {
  count(name: string, amount?: number, labels?: Readonly<Record<string, string>>): void
  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void
  observe(name: string, value: number, labels?: Readonly<Record<string, string>>): void
}

export const silentMetrics: Metrics = { count() {}, gauge() {}, observe() {} }
