// Whoever waits for a whole segment: woken when it is there, or told why not.

export class Readers {
  readonly #waiting = new Map<string, Set<() => void>>()

  /** Resolves at the next `wake` of this segment. Rejects with the signal's reason. */
  whole(rendition: number, segment: number, signal: AbortSignal): Promise<void> {
    const key = `${rendition}/${segment}`
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(key) ?? new Set()
      this.#waiting.set(key, waiting)
      const wake = () => {
        signal.removeEventListener('abort', fail)
        resolve()
      }
      const fail = () => {
        waiting.delete(wake)
        if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key)
        reject(signal.reason)
      }
      signal.addEventListener('abort', fail, { once: true })
      waiting.add(wake)
    })
  }

  /** The segment is whole. */
  wake(rendition: number, segment: number): void {
    const key = `${rendition}/${segment}`
    const waiting = this.#waiting.get(key)
    this.#waiting.delete(key)
    for (const wake of waiting ?? []) wake()
  }
}
