// A map that forgets what has not been used for long, so that it never holds more than its bound. Two generations: what is
// used moves to the young one, and when that is half of the bound the old one is dropped whole. (Deleting the oldest entry
// of one map at a time leaves holes at its front, which every look at the front walks over.)

export interface Recent<K, V> {
  /** A look is a use. */
  get(key: K): V | undefined
  set(key: K, value: V): void
  readonly size: number
}

/** `forgotten` is told what is dropped. */
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
