// Waiting for a condition, never for a time.

const LOOK_EVERY_MS = 100

/** Throws with the words given when `timeoutMs` is over. A condition that throws counts as not yet met. */
export async function eventually(
  what: string,
  condition: () => Promise<boolean> | boolean,
  timeoutMs = 120_000,
): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs
  for (let last: unknown; ; ) {
    try {
      if (await condition()) return
    } catch (error) {
      last = error
    }
    if (Date.now() > deadlineMs) throw new Error(`not within ${timeoutMs / 1000} s: ${what}`, { cause: last })
    await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS))
  }
}
