import type { Verdict } from '@tan/network'
import type { Rejection } from '@tan/primitives'
import { describe, expect, it } from 'vitest'
import { INBOX_BYTES_MOST } from '../limits.ts'
import { Inbox } from './inbox.ts'

type Taken = (rejection: Rejection | undefined) => void

/** A consensus whose disk hangs until it is told otherwise. */
class Hanging {
  readonly waiting: Taken[] = []
  readonly inbox = new Inbox()

  send(sizeBytes: number): Promise<Verdict> {
    return this.inbox.take(sizeBytes, onTaken => this.waiting.push(onTaken))
  }
}

describe('messages that wait for consensus', () => {
  it('are bounded in bytes while nothing is taken', async () => {
    const hanging = new Hanging()
    const half = INBOX_BYTES_MOST / 2
    void hanging.send(half)
    expect(await hanging.send(half)).toBe('ignore')
    expect(hanging.waiting).toHaveLength(1)
  })

  it('are bounded in number, however small they are', async () => {
    const hanging = new Hanging()
    let isFull = false
    while (!isFull) isFull = (await Promise.race([hanging.send(0), Promise.resolve('waits')])) === 'ignore'
    expect(hanging.waiting.length).toBeLessThan(100_000)
  })

  it('make room once they are taken', async () => {
    const hanging = new Hanging()
    const first = hanging.send(INBOX_BYTES_MOST / 2)
    hanging.waiting.shift()!(undefined)
    expect(await first).toBe('accept')
    void hanging.send(INBOX_BYTES_MOST / 2)
    expect(hanging.waiting).toHaveLength(1)
  })

  it.each([
    ['ignore', { code: 'settlement/old', message: 'of an epoch long ago' }],
    [
      { code: 'settlement/signature', message: 'forged' },
      { code: 'settlement/signature', message: 'forged' },
    ],
  ])('give %o to the sender', async (verdict, rejection) => {
    const hanging = new Hanging()
    const answer = hanging.send(1)
    hanging.waiting[0]!(rejection)
    expect(await answer).toEqual(verdict)
  })
})
