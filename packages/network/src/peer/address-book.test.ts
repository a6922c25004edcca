import { createSeededRandom } from '@tan/primitives'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../limits.ts'
import { AddressBook } from './address-book.ts'

const everybody = () => true

function create() {
  return new AddressBook(createSeededRandom(1))
}

/** Lets every attempt fail until the end, and says when they were made. */
function attempts(book: AddressBook, endMs: number, isHopeless = false): number[] {
  const atMs: number[] = []
  for (let nowMs = 0; nowMs < endMs; nowMs += 10)
    for (const target of book.takeDue(nowMs, 100, everybody)) {
      atMs.push(nowMs)
      book.failed(target, nowMs, isHopeless)
    }
  return atMs
}

describe('the address book', () => {
  test('bootstrap addresses are tried for ever, never seldom', () => {
    const book = create()
    book.addBootstrap('/memory/a', undefined)
    const atMs = attempts(book, 3_600_000)
    const gaps = atMs.slice(1).map((at, i) => at - atMs[i]!)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(LIMITS.reconnectBootstrapMaxMs + 10)
    expect(gaps[0]).toBeLessThanOrEqual(LIMITS.reconnectMinMs + 10)
    expect(atMs.at(-1)).toBeGreaterThan(3_500_000)
  })

  test('others are tried ever less often, then forgotten', () => {
    const book = create()
    book.learn('peer', ['/memory/a'], 0)
    const atMs = attempts(book, 3_600_000)
    expect(atMs).toHaveLength(LIMITS.dialAttemptsMax)
    const gaps = atMs.slice(1).map((at, i) => at - atMs[i]!)
    expect(gaps).toEqual([...gaps].sort((a, b) => a - b))
  })

  test('what is hopeless is forgotten at once, or seldom tried if it is a bootstrap address', () => {
    const book = create()
    book.learn('peer', ['/memory/a'], 0)
    expect(attempts(book, 600_000, true)).toHaveLength(1)
    book.addBootstrap('/memory/b', undefined)
    expect(attempts(book, 600_000, true).length).toBeLessThanOrEqual(600_000 / (LIMITS.reconnectMaxMs * 0.75) + 1)
  })

  test('a lost peer is due again soon', () => {
    const book = create()
    book.addBootstrap('/memory/a', undefined)
    const [target] = book.takeDue(0, 0, everybody)
    book.succeeded(target!, 'peer')
    expect(book.isBootstrap('peer')).toBe(true)
    expect(book.takeDue(1000, 0, peer => peer !== 'peer')).toEqual([])
    book.lost('peer', 5000)
    expect(book.takeDue(5000 + LIMITS.reconnectMinMs, 0, everybody)).toEqual([target])
  })

  test('nobody is dialled twice at once, no more than allowed at once, and no more than wanted', () => {
    const book = create()
    book.learn('known', ['/memory/a'], 0)
    book.addBootstrap('/memory/a', 'known')
    expect(book.takeDue(0, 10, everybody)).toHaveLength(1)
    for (let i = 0; i < 50; i++) book.learn(`peer ${i}`, [`/memory/${i}`], 0)
    expect(book.takeDue(0, 0, everybody)).toHaveLength(0)
    expect(book.takeDue(0, 3, everybody)).toHaveLength(3)
    expect(book.takeDue(0, 100, everybody)).toHaveLength(LIMITS.dialsAtOnceMax - 4)
    expect(book.takeDue(0, 100, everybody)).toHaveLength(0)
  })

  test('holds only so many', () => {
    const book = create()
    for (let i = 0; i < LIMITS.knownPeersMax + 100; i++) book.learn(`peer ${i}`, [`/memory/${i}`], 0)
    const seen = new Set<string>()
    for (let nowMs = 0; nowMs < 1000; nowMs++)
      for (const target of book.takeDue(0, 100, everybody)) {
        seen.add(target.peer!)
        book.failed(target, 0, true)
      }
    expect(seen.size).toBe(LIMITS.knownPeersMax)
    expect(seen.has(`peer ${LIMITS.knownPeersMax + 99}`)).toBe(true)
  })
})
