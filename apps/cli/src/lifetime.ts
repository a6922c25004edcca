// How long a process runs: until a signal, or until the parent that watches over it is gone.

/** Resolves on SIGINT, SIGTERM, or when the parent's channel closes; a second signal ends the process at once. */
export function runUntilStopped(): { readonly stopped: Promise<void>; readonly stop: () => void } {
  let stop = (): void => {}
  const stopped = new Promise<void>(resolve => {
    stop = resolve
  })
  let signals = 0
  const onSignal = (): void => {
    if (++signals > 1) process.exit(1)
    stop()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  if (process.connected) process.on('disconnect', stop)
  return { stopped, stop }
}
