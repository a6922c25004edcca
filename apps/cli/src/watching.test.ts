import type { Timers } from '@tan/peer'
import type { Viewer, ViewerEvent } from '@tan/viewer'
import { expect, test } from 'vitest'
import { patient, repeatedOnce } from './watching.ts'

/** Time that passes when the test says so. */
function createTime() {
  let nowMs = 0
  const due = new Set<{ atMs: number; call: () => void }>()
  const timers = {
    after: (ms: number, call: () => void) => {
      const entry = { atMs: nowMs + ms, call }
      due.add(entry)
      return () => due.delete(entry)
    },
  } as unknown as Timers
  const pass = (ms: number): void => {
    for (const endMs = nowMs + ms; nowMs < endMs; nowMs += 100)
      for (const entry of [...due]) if (entry.atMs <= nowMs && due.delete(entry)) entry.call()
  }
  return { clock: { nowMs: () => nowMs }, timers, pass, waiting: () => due.size }
}

function createViewer(read: () => Promise<Uint8Array>) {
  let listener = (_: ViewerEvent): void => {}
  const viewer = { on: (call: typeof listener) => (listener = call), catalog: {}, setPlayhead: () => {}, read }
  return {
    viewer: viewer as unknown as Viewer,
    piece: () => listener({ type: 'piece' } as ViewerEvent),
  }
}

test('a segment that never comes is given up, but not while its pieces come', async () => {
  const { clock, timers, pass, waiting } = createTime()
  const { viewer, piece } = createViewer(() => new Promise(() => {}))
  const outcome = patient(viewer, clock, timers, 30_000)
    .read(0, 7)
    .catch((error: unknown) => error)
  pass(20_000)
  piece()
  pass(29_000)
  expect(waiting()).toBe(1)
  pass(2_000)
  expect(await outcome).toMatchObject({ code: 'watch/stuck', message: expect.stringContaining('segment 7') })
})

test('a segment that comes leaves no timer behind', async () => {
  const { clock, timers, waiting } = createTime()
  const { viewer } = createViewer(async () => new Uint8Array(3))
  expect(await patient(viewer, clock, timers).read(0, 0)).toHaveLength(3)
  expect(waiting()).toBe(0)
})

test('what is said again and again is said once, with its count in the end', () => {
  const said: string[] = []
  const lines = repeatedOnce(line => said.push(line))
  for (const line of ['404 a', '404 b', '404 a', '404 a', 'other']) lines.tell(line)
  expect(said).toEqual(['404 a', '404 b', 'other'])
  lines.end()
  expect(said.slice(3)).toEqual(['404 a (3 times)'])
})
