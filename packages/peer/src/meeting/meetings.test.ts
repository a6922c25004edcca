import { type Address, createSeededRandom, type Hash, type Reason } from '@tan/primitives'
import { describe, expect, it } from 'vitest'
import { ATTEMPTS_MAX, REUNION_MIN_MS, SECOND_TRY_MS } from '../limits.ts'
import type { ConnectRtc, RtcOptions } from '../ports.ts'
import { Meetings, type MeetingsOptions } from './meetings.ts'

const address = (i: number): Address => `0x${i.toString(16).padStart(40, '0')}`
const resourceId: Hash = `0x${'11'.repeat(32)}`

function meet(connect: ConnectRtc, given: Partial<MeetingsOptions> = {}) {
  const failures: [Address, Reason][] = []
  const meetings = new Meetings({
    resourceId,
    self: address(0xffff),
    connect,
    clock: { nowMs: () => 1_000 },
    timers: { after: () => () => {} },
    random: createSeededRandom(1),
    peersWanted: () => 8,
    peersMax: 1_000,
    isConnectedTo: () => false,
    isBanned: () => false,
    connections: () => 0,
    signal: () => true,
    opened: () => {},
    failed: (peer, rejection) => failures.push([peer, rejection]),
    ...given,
  })
  return { meetings, failures }
}

describe('meetings', () => {
  it("use of a tracker's servers those that are addresses of STUN servers", () => {
    const asked: RtcOptions[] = []
    const { meetings } = meet(options => {
      asked.push(options)
      return { signal: () => {}, close: () => {} }
    })
    const good = ['stun:stun.example:3478', 'stuns:stun.example', 'stun:[2001:db8::1]:3478']
    meetings.setIceServers(['stun:', '', 'http://x', 'turn:a:b@c', 'stun:a b', ...good])
    meetings.seek([address(1)])
    expect(asked.map(({ iceServers }) => iceServers)).toEqual([good])
  })

  it('count an attempt as failed that the library refuses to begin', () => {
    const { meetings, failures } = meet(() => {
      throw new Error('too many connections')
    })
    meetings.seek([address(1)])
    meetings.receive(address(2), { kind: 'offer', attempt: 'aa', sdp: 'v=0' })
    expect(failures).toEqual([
      [address(1), { code: 'rtc/failed', message: 'too many connections' }],
      [address(2), { code: 'rtc/failed', message: 'too many connections' }],
    ])
  })

  it('let newcomers in however many offers lead nowhere', () => {
    const open = new Set<number>()
    let next = 0
    const { meetings } = meet(() => {
      const id = next++
      open.add(id)
      return { signal: () => {}, close: () => void open.delete(id) }
    })
    for (let i = 1; i <= 100; i++) meetings.receive(address(i), { kind: 'offer', attempt: `a${i}`, sdp: 'v=0' })
    expect(next).toBe(100)
    expect(open.has(99)).toBe(true)
    expect(open.size).toBe(2 * ATTEMPTS_MAX)
  })

  it('are tried once more at once when the first attempt breaks, and then rest', () => {
    let nowMs = 1_000
    let timers: { readonly atMs: number; readonly call: () => void }[] = []
    const attempts: RtcOptions[] = []
    const { meetings, failures } = meet(
      options => {
        attempts.push(options)
        return { signal: () => {}, close: () => {} }
      },
      {
        clock: { nowMs: () => nowMs },
        timers: {
          after(delayMs, call) {
            const timer = { atMs: nowMs + delayMs, call }
            timers.push(timer)
            return () => (timers = timers.filter(other => other !== timer))
          },
        },
      },
    )
    const pass = (ms: number) => {
      nowMs += ms
      const due = timers.filter(({ atMs }) => atMs <= nowMs)
      timers = timers.filter(timer => !due.includes(timer))
      for (const { call } of due) call()
    }
    const broken: Reason = { code: 'rtc/failed', message: 'the connection is failed' }
    meetings.seek([address(1)])
    attempts[0]!.events.failed(broken)
    expect(attempts).toHaveLength(1)
    pass(SECOND_TRY_MS)
    expect(attempts).toHaveLength(2)
    attempts[1]!.events.failed(broken)
    pass(SECOND_TRY_MS)
    meetings.seek([address(1)])
    expect(attempts).toHaveLength(2)
    expect(failures).toHaveLength(2)
    pass(2 * REUNION_MIN_MS)
    meetings.seek([address(1)])
    expect(attempts).toHaveLength(3)
  })
})
