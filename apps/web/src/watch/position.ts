// The playback position, stored per resource, so that playback continues there after a visit to other pages, or a
// reload.

export interface Position {
  /** seconds; 0 if nothing is stored */
  get(): number
  keep(positionS: number): void
}

/** Calls `storage` each time, because a browser without storage throws there. */
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
        // The position lasts as long as the page is open.
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
