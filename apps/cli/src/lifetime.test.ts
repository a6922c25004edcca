import { afterEach, expect, test, vi } from 'vitest'
import { runUntilStopped } from './lifetime.ts'

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
  process.removeAllListeners('SIGINT')
  process.removeAllListeners('SIGTERM')
})

test('one Ctrl-C that comes by two ways stops in good order; a second one ends at once', async () => {
  const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never)
  vi.useFakeTimers({ toFake: ['Date'] })
  const { stopped } = runUntilStopped()
  process.emit('SIGINT')
  process.emit('SIGINT')
  await stopped
  expect(exit).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1_000)
  vi.setSystemTime(Date.now() + 1_000)
  process.emit('SIGINT')
  expect(exit).toHaveBeenCalledWith(1)
})
