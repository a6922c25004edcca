// spec D-FIRST, D-HEDGE
import type { PieceRef } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { ALONE_MS, LATE_FACTOR, PARTIAL_MAX } from '../limits.ts'
import { createFilm } from '../testing/film.ts'
import { Scheduler, type SchedulerPort } from './scheduler.ts'
import type { Source } from './task.ts'

const film = createFilm([2, 2, 2])
const FAR_MS = 60_000

function scene({ catalog, hashes }: typeof film) {
  const done: string[] = []
  const name = ({ segment, piece }: PieceRef) => `${segment}/${piece}`
  const port: SchedulerPort = {
    ask: (peer, ref) => done.push(`ask ${peer} ${name(ref)}`),
    callOff: (peer, ref) => done.push(`call off ${peer} ${name(ref)}`),
    askHashes: (peer, _, segment) => done.push(`ask ${peer} hashes ${segment}`),
    fetch: (fetch, { segment, firstPiece, pieceCount }) =>
      done.push(`fetch ${fetch} ${segment}/${firstPiece}+${pieceCount}`),
    abort: fetch => done.push(`abort ${fetch}`),
    fetchHashes: (fetch, _, first) => done.push(`fetch ${fetch} hashes ${first}`),
    forget: (_, segment) => done.push(`forget ${segment}`),
  }
  const scheduler = new Scheduler(catalog, port)
  hashes.forEach((list, segment) => void scheduler.book.learnHashes(0, segment, list))
  const take = () => done.splice(0)
  return { scheduler, take }
}

const peer = (id: number): Source => ({ id, has: () => true, slots: () => 1, expectedMs: () => 1_000 })
const want = (segment: number, deadlineMs = FAR_MS) => ({ rendition: 0, segment, deadlineMs })
const at = (segment: number, piece: number) => ({ rendition: 0, segment, piece })

describe('the scheduler', () => {
  it('asks peers while there is time, the origin once there is not, and calls off whoever loses', () => {
    const { scheduler, take } = scene(film)
    scheduler.want([want(0)])
    scheduler.plan(0, [peer(1)], true)
    expect(take()).toEqual(['ask 1 0/0', 'ask 1 0/1'])
    scheduler.plan(FAR_MS - 2_000, [peer(1)], true)
    expect(take()).toEqual(['fetch 1 0/0+2'])
    expect(scheduler.arrived(1, at(0, 0), film.hash(at(0, 0)))).toBe('kept')
    expect(take()).toEqual([])
    expect(scheduler.arrived(1, at(0, 1), film.hash(at(0, 1)))).toBe('complete')
    expect(take()).toEqual(['abort 1'])
  })

  it('calls off the slower of two peers', () => {
    const { scheduler, take } = scene(film)
    scheduler.want([want(0)])
    scheduler.plan(0, [peer(1)], true)
    scheduler.plan(LATE_FACTOR * 1_000, [peer(1), peer(2)], true)
    expect(take()).toEqual(['ask 1 0/0', 'ask 1 0/1', 'ask 2 0/0', 'ask 2 0/1'])
    scheduler.arrived(2, at(0, 1), film.hash(at(0, 1)))
    expect(take()).toEqual(['call off 1 0/1'])
  })

  it('plays as from the origin alone once there was no peer for a while', () => {
    const { scheduler, take } = scene(film)
    scheduler.want([want(0), want(1)])
    scheduler.plan(0, [], true)
    scheduler.plan(ALONE_MS, [], false)
    expect(take()).toEqual([])
    scheduler.plan(ALONE_MS + 1, [], false)
    expect(take()).toEqual(['fetch 1 0/0+2', 'fetch 2 1/0+2'])
  })

  it('asks anew for what a peer will not send', () => {
    const { scheduler, take } = scene(film)
    scheduler.want([want(0)])
    scheduler.plan(0, [peer(1)], true)
    take()
    scheduler.failed(1, at(0, 1))
    scheduler.plan(1, [peer(1)], true)
    expect(take()).toEqual(['ask 1 0/1'])
  })

  it('calls off what is not wanted any more, and forgets the oldest of it beyond a bound', () => {
    const many = createFilm(new Array(PARTIAL_MAX + 2).fill(1))
    const { scheduler, take } = scene(many)
    scheduler.want([...many.hashes.keys()].map(segment => want(segment)))
    scheduler.plan(0, [peer(1)], true)
    take()
    scheduler.want([])
    const done = take()
    expect(done.filter(what => what.startsWith('call off'))).toHaveLength(PARTIAL_MAX + 2)
    expect(done.filter(what => what.startsWith('forget'))).toEqual(['forget 0', 'forget 1'])
  })
})
