import { expect, it } from 'vitest'
import { Readers } from './readers.ts'

const never = new AbortController().signal

it('wakes all who wait for a segment, once, and nobody else', async () => {
  const readers = new Readers()
  const woken: string[] = []
  const wait = (name: string, segment: number, signal = never) =>
    readers.whole(0, segment, signal).then(
      () => woken.push(name),
      (reason: Error) => woken.push(`${name}: ${reason.message}`),
    )
  const gaveUp = new AbortController()
  const [first, second, third] = [wait('first', 1), wait('second', 1, gaveUp.signal), wait('third', 1)]
  const other = wait('other', 2)
  gaveUp.abort(new Error('enough'))
  readers.wake(0, 1)
  await Promise.all([first, second, third])
  expect(woken).toEqual(['second: enough', 'first', 'third'])
  readers.wake(0, 1)
  readers.wake(1, 2)
  readers.wake(0, 2)
  await other
  expect(woken.at(-1)).toBe('other')
})

it('keeps those who came later when an earlier one gives up after it was woken', async () => {
  const readers = new Readers()
  const early = new AbortController()
  const first = readers.whole(0, 1, early.signal)
  readers.wake(0, 1)
  await first
  const second = readers.whole(0, 1, never)
  early.abort(new Error('too late to matter'))
  readers.wake(0, 1)
  await second
})
