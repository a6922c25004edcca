// spec D-WINDOW, D-HEDGE
import { PIECE_SIZE_BYTES } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { IN_FLIGHT_MAX, REQUEST_MAX_MS } from '../limits.ts'
import { createFilm, PRICE_WEI } from '../testing/film.ts'
import { Asking } from './asking.ts'

const { catalog } = createFilm([800])
const RICH_WEI = 10n ** 9n
const at = (piece: number) => ({ rendition: 0, segment: 0, piece })

function asking(pieceWei = PRICE_WEI) {
  const peer = new Asking(catalog)
  peer.setPrice({ type: 'price', pieceWei, openingWei: 0n })
  peer.bill!.limitWei = RICH_WEI
  return { peer, slots: () => peer.slots(peer.bill!, RICH_WEI) }
}

/** Pieces follow one another at this rate, with the next always under way. */
function deliver(peer: Asking, count: number, bytesPerMs: number): number {
  let nowMs = 0
  for (let piece = 0; piece <= count; piece++) {
    peer.request(at(piece), nowMs)
    if (piece === 0) continue
    nowMs += PIECE_SIZE_BYTES / bytesPerMs
    peer.arrived(at(piece - 1), PIECE_SIZE_BYTES, nowMs)
  }
  return nowMs
}

describe('how many pieces are under way from one peer', () => {
  it('is one at first, where it is paid, and one more for each that came', () => {
    const { peer, slots } = asking()
    expect(slots()).toBe(1)
    peer.request(at(0), 0)
    expect(slots()).toBe(0)
    peer.arrived(at(0), PIECE_SIZE_BYTES, 10)
    expect(slots()).toBe(2)
  })

  it('is as many as its throughput fills, and no more than the bound', () => {
    const slow = asking(0n)
    deliver(slow.peer, 100, 50)
    expect(slow.peer.requestCount + slow.slots()).toBeLessThan(6)
    const fast = asking(0n)
    deliver(fast.peer, 600, 20_000)
    expect(fast.peer.requestCount + fast.slots()).toBe(IN_FLIGHT_MAX)
  })

  it('is one after a strike, until something comes', () => {
    const { peer, slots } = asking(0n)
    const nowMs = deliver(peer, 600, 20_000)
    peer.takeRequests()
    peer.strikes++
    expect(slots()).toBe(1)
    peer.request(at(700), nowMs)
    peer.arrived(at(700), PIECE_SIZE_BYTES, nowMs + 5)
    expect(slots()).toBe(IN_FLIGHT_MAX)
  })

  it('counts what was called off, since that may still come and be charged', () => {
    const { peer, slots } = asking(0n)
    const before = slots()
    peer.request(at(0), 0)
    peer.callOff(at(0), 1)
    expect(slots()).toBe(before - 1)
    expect(peer.expects(at(0))).toBe(true)
    expect(peer.rejected(at(0))).toBe(false)
    expect(peer.expects(at(0))).toBe(false)
    expect(slots()).toBe(before)
  })
})

describe('a request that is not answered', () => {
  it('is overdue after a while, and so is the answer to calling it off', () => {
    const { peer } = asking(0n)
    peer.request(at(0), 0)
    peer.request(at(1), 0)
    peer.callOff(at(1), 10)
    expect(peer.takeOverdue(REQUEST_MAX_MS)).toEqual({ requests: [], count: 0 })
    expect(peer.takeOverdue(REQUEST_MAX_MS + 1)).toEqual({ requests: [at(0)], count: 1 })
    expect(peer.takeOverdue(REQUEST_MAX_MS + 11).count).toBe(2)
    expect(peer.expects(at(1))).toBe(false)
  })
})

describe('a price', () => {
  it('above what the publisher allows makes the peer one that is asked for nothing', () => {
    const peer = new Asking(catalog)
    peer.setPrice({ type: 'price', pieceWei: PRICE_WEI + 1n, openingWei: 0n })
    expect(peer.bill).toBeUndefined()
    expect(peer.isUsable(0)).toBe(false)
  })
})
