// Where a viewing stands: kept for each resource, so that it goes on there after a look at other pages, or a reload.

export interface Position {
  /** seconds; 0 if nothing is kept */
  get(): number
  keep(positionS: number): void
}

/** `storage` is asked for each time, since a browser that keeps nothing throws there. */
export function openPosition(manifestUrl: string, storage: () => Pick<Storage, 'getItem' | 'setItem'>): Position {
  const key = `tan.position.${manifestUrl}`
  let positionS = read()
  return {
    get: () => positionS,
    keep(newS) {
      if (newS === positionS) return
      positionS = newS
      try {
        storage().setItem(key, String(newS))
      } catch {
        // it is remembered as long as the page is open
      }
    },
  }

  function read(): number {
    try {
      const kept = Number(storage().getItem(key))
      return Number.isFinite(kept) && kept > 0 ? kept : 0
    } catch {
      return 0
    }
  }
}
