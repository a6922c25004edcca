import type { Outcome, OutcomeHandler } from '@tan/consensus'
import type { Verdict } from '@tan/network'
import { FORGED } from '@tan/primitives'
import { describe, expect, it } from 'vitest'
import { INBOX_MAX_BYTES } from '../limits.ts'
import { Inbox } from './inbox.ts'

const FORGERY = { code: 'vote/signature', message: 'forged', ...FORGED }

/** A consensus whose disk hangs until it is told otherwise. */
class Hanging {
  readonly waiting: OutcomeHandler[] = []
  readonly inbox = new Inbox()

  send(sizeBytes: number): Promise<Verdict> {
    return this.inbox.take(sizeBytes, onOutcome => this.waiting.push(onOutcome))
  }
}

describe('messages that wait for consensus', () => {
  it('are bounded in bytes while nothing is taken', async () => {
    const hanging = new Hanging()
    const half = INBOX_MAX_BYTES / 2
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
    const first = hanging.send(INBOX_MAX_BYTES / 2)
    hanging.waiting.shift()!('taken')
    expect(await first).toBe('accept')
    void hanging.send(INBOX_MAX_BYTES / 2)
    expect(hanging.waiting).toHaveLength(1)
  })

  it.each<[Verdict, Outcome]>([
    ['accept', 'taken'],
    ['ignore', 'nothing-new'],
    [FORGERY, FORGERY],
  ])('give %o to the sender', async (verdict, outcome) => {
    const hanging = new Hanging()
    const answer = hanging.send(1)
    hanging.waiting[0]!(outcome)
    expect(await answer).toEqual(verdict)
  })
})
