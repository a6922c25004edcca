// spec D-AHEAD, D-RESTART
import { describe, expect, it } from 'vitest'
import { UNSENT_MAX } from './limits.ts'
import { Outbox } from './outbox.ts'
import type { Payment } from './payer.ts'

const payment = (index: number): Payment => ({ type: 'preimage', index, preimage: new Uint8Array(32) })

describe('payments', () => {
  it('leave when what they promise is stored, in their order, and one write is under way at a time', () => {
    const outbox = new Outbox<string>()
    expect(outbox.startSave(true)).toBeUndefined()
    outbox.add('a', payment(1))
    outbox.add('b', payment(2))
    expect(outbox.startSave(false)).toBe(1)
    outbox.add('a', payment(3))
    expect(outbox.startSave(false)).toBeUndefined()
    expect(outbox.saved(7)).toEqual([])
    expect(outbox.saved(1).map(({ to, payment }) => [to, payment])).toEqual([
      ['a', payment(1)],
      ['b', payment(2)],
    ])
    expect(outbox.startSave(false)).toBe(2)
    expect(outbox.saved(2).map(({ to }) => to)).toEqual(['a'])
    expect(outbox.startSave(false)).toBeUndefined()
  })

  it('are not sent to whom is gone, nor from a pool that was replaced', () => {
    const outbox = new Outbox<string>()
    outbox.add('a', payment(1))
    outbox.add('b', payment(2))
    const revision = outbox.startSave(false)!
    outbox.drop('a')
    expect(outbox.saved(revision).map(({ to }) => to)).toEqual(['b'])
    outbox.add('a', payment(3))
    const stale = outbox.startSave(false)!
    outbox.clear()
    expect(outbox.saved(stale)).toEqual([])
  })

  it('take with them what else is to be stored, which waits for its time', () => {
    const outbox = new Outbox<string>()
    outbox.noteNews()
    expect(outbox.startSave(false)).toBeUndefined()
    expect(outbox.startSave(true)).toBe(1)
    outbox.saved(1)
    expect(outbox.startSave(true)).toBeUndefined()
  })

  it('wait in a bounded number', () => {
    const outbox = new Outbox<string>()
    for (let i = 0; i < UNSENT_MAX; i++) outbox.add('a', payment(i))
    expect(outbox.isFull).toBe(true)
    expect(() => outbox.add('a', payment(0))).toThrow(/wait already/)
  })
})
