// Work with a deadline, which its caller may also abort.
import { CodedError } from '@tan/primitives'

/** Runs with a signal that aborts after `timeoutMs` (with a TimeoutError), or when `outer` does. */
export async function withDeadline<T>(
  timeoutMs: number,
  outer: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new DOMException(`after ${timeoutMs} ms`, 'TimeoutError')), timeoutMs)
  const giveUp = () => controller.abort(outer?.reason)
  if (outer?.aborted) giveUp()
  outer?.addEventListener('abort', giveUp)
  try {
    return await run(controller.signal)
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', giveUp)
  }
}

/** Why work under such a signal ended: `network/timeout`, or `network/aborted` if its caller aborted it. */
export function abortedError(signal: AbortSignal, what: string): CodedError {
  if (signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError')
    return new CodedError('network/timeout', `${what}: timed out`)
  return new CodedError('network/aborted', `${what}: aborted`)
}
