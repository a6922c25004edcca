// A map that forgets entries that were not used recently, so that it never exceeds its bound. Two generations: a used
// entry moves to the young one, and when that reaches half of the bound, the old one is dropped. (Deleting the oldest
// entry of one map at a time leaves holes at its front, which every look at the front walks over.)

export interface Recent<K, V> {
  /** Reading counts as use. */
  get(key: K): V | undefined
  set(key: K, value: V): void
  readonly size: number
}

/** Calls `forgotten` for each dropped entry. */
export function createRecent<K, V>(most: number, forgotten: (value: V) => void = () => {}): Recent<K, V> {
  let young = new Map<K, V>()
  let old = new Map<K, V>()

  function set(key: K, value: V): void {
    old.delete(key)
    young.set(key, value)
    if (young.size * 2 < most) return
    for (const dropped of old.values()) forgotten(dropped)
    old = young
    young = new Map()
  }

  return {
    get(key) {
      const value = young.get(key)
      if (value !== undefined) return value
      const aged = old.get(key)
      if (aged !== undefined) set(key, aged)
      return aged
    },
    set,
    get size() {
      return young.size + old.size
    },
  }
}
