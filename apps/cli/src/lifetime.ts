// How long a process runs: until a signal, or until its parent process is gone.

/** One Ctrl-C can reach a process several times: from the terminal, and from each parent that forwards it. */
const SAME_SIGNAL_MS = 500

/** Resolves on SIGINT, SIGTERM, or when the parent's channel closes; a later second signal ends the process at once. */
export function runUntilStopped(): { readonly stopped: Promise<void>; readonly stop: () => void } {
  let stop = (): void => {}
  const stopped = new Promise<void>(resolve => {
    stop = resolve
  })
  let firstMs: number | undefined
  const onSignal = (): void => {
    firstMs ??= Date.now()
    if (Date.now() - firstMs > SAME_SIGNAL_MS) process.exit(1)
    stop()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  if (process.connected) process.on('disconnect', stop)
  return { stopped, stop }
}
