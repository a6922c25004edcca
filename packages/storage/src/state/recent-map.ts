// A cache of the entries used last, within a bound: two maps, of which the older is dropped when the younger is full.
export class RecentMap<K, V> {
  readonly #weightMax: number
  readonly #weightOf: (value: V) => number
  #young = new Map<K, V>()
  #old = new Map<K, V>()
  #youngWeight = 0

  /** Without `weightOf` each entry weighs 1. */
  constructor(weightMax: number, weightOf: (value: V) => number = () => 1) {
    this.#weightMax = weightMax
    this.#weightOf = weightOf
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: K, value: V): void {
    const before = this.#young.get(key)
    const weight = this.#weightOf(value) - (before === undefined ? 0 : this.#weightOf(before))
    if (2 * (this.#youngWeight + weight) > this.#weightMax) {
      this.#old = this.#young
      this.#young = new Map()
      this.#youngWeight = this.#weightOf(value)
    } else this.#youngWeight += weight
    this.#young.set(key, value)
    this.#old.delete(key)
  }

  clear(): void {
    this.#young = new Map()
    this.#old = new Map()
    this.#youngWeight = 0
  }
}
