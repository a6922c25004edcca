// spec D-CHECKED, D-HASHES
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PARTIAL_MAX } from '../limits.ts'
import { createFilm } from '../testing/film.ts'
import { SegmentBook } from './segment-book.ts'

const { catalog, hashes, hash } = createFilm([3, 1, 5])
const WRONG = new Uint8Array(32).fill(0xee)
const at = (segment: number, piece: number) => ({ rendition: 0, segment, piece })
const want = (...segments: number[]) =>
  segments.map(segment => ({ rendition: 0, segment, deadlineMs: 1_000 * segment }))

describe('what is there of a resource', () => {
  it('is whole once all pieces came that the list of hashes names', () => {
    const book = new SegmentBook(catalog)
    expect(book.learnHashes(0, 0, hashes[0]!)).toBe(true)
    expect(book.open(want(0, 2), 0).map(({ task }) => task.entry.segment)).toEqual([0, 2])
    expect(book.take(at(0, 2), hash(at(0, 2)))).toBe('kept')
    expect(book.take(at(0, 2), hash(at(0, 2)))).toBe('duplicate')
    expect(book.take(at(0, 0), WRONG)).toBe('wrong')
    expect(book.take(at(0, 0), hash(at(0, 0)))).toBe('kept')
    expect(book.holds(0, 0)).toBe(false)
    expect(book.take(at(0, 1), hash(at(0, 1)))).toBe('complete')
    expect(book.holds(0, 0)).toBe(true)
    expect(book.open(want(0, 2), 0).map(({ task }) => task.entry.segment)).toEqual([2])
    book.drop(0, 0)
    expect(book.open(want(0), 0)).toHaveLength(1)
  })

  it('is checked by the root where pieces came before the list, all of them or none', () => {
    const book = new SegmentBook(catalog)
    book.open(want(2), 0)
    for (const piece of [0, 1, 2, 3]) expect(book.take(at(2, piece), hash(at(2, piece)))).toBe('kept')
    expect(book.take(at(2, 4), WRONG)).toBe('wrong-segment')
    expect(book.task(0, 2)!.left).toBe(5)
    expect(book.hashesOf(0, 2)).toBeUndefined()
    for (const piece of [0, 1, 2, 3]) book.take(at(2, piece), hash(at(2, piece)))
    expect(book.take(at(2, 4), hash(at(2, 4)))).toBe('complete')
    expect(book.hashesOf(0, 2)).toEqual(hashes[2])
  })

  it('loses the pieces that turn out wrong when the list comes', () => {
    const book = new SegmentBook(catalog)
    const [open] = book.open(want(0), 0)
    book.take(at(0, 0), WRONG)
    book.take(at(0, 1), hash(at(0, 1)))
    expect(open!.task.pieces).toEqual(['unchecked', 'unchecked', 'missing'])
    expect(book.learnHashes(0, 0, hashes[0]!)).toBe(true)
    expect(open!.task.pieces).toEqual(['missing', 'held', 'missing'])
    expect(open!.task.left).toBe(2)
  })

  it('needs no list where a segment is one piece: its root is the hash', () => {
    const book = new SegmentBook(catalog)
    book.open(want(1), 0)
    expect(book.knowsHashes(catalog.segment(0, 1)!)).toBe(true)
    expect(book.take(at(1, 0), WRONG)).toBe('wrong')
    expect(book.take(at(1, 0), hash(at(1, 0)))).toBe('complete')
    expect(book.hashesOf(0, 1)).toEqual(hashes[1])
  })

  it('believes a list that makes the root, whoever gave it, and no other', () => {
    const book = new SegmentBook(catalog)
    const forged = hashes[0]!.slice()
    forged[40]! ^= 1
    expect(book.learnHashes(0, 0, forged)).toBe(false)
    expect(book.learnHashes(0, 0, hashes[0]!.subarray(32))).toBe(false)
    expect(book.learnHashes(0, 9, hashes[0]!)).toBe(false)
    expect(book.knowsHashes(catalog.segment(0, 0)!)).toBe(false)
    expect(book.learnHashes(0, 0, hashes[0]!)).toBe(true)
  })

  it('never holds what is wrong, whatever comes in whatever order', () => {
    const step = fc.record({ segment: fc.nat(2), piece: fc.nat(4), isWrong: fc.boolean(), isList: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const book = new SegmentBook(catalog)
        book.open(want(0, 1, 2), 0)
        /** of each piece that was kept, whether its newest was right */
        const kept = new Map<string, boolean>()
        for (const { segment, piece, isWrong, isList } of steps) {
          const { pieceCount } = catalog.segment(0, segment)!
          if (isList) book.learnHashes(0, segment, isWrong ? hashes[segment]!.slice().fill(7) : hashes[segment]!)
          else if (piece < pieceCount) {
            const ref = at(segment, piece)
            const arrival = book.take(ref, isWrong ? WRONG : hash(ref))
            if (arrival === 'kept' || arrival === 'complete') kept.set(`${segment}/${piece}`, !isWrong)
          }
          for (let p = 0; p < pieceCount; p++)
            if (book.holds(0, segment) || book.task(0, segment)!.pieces[p] === 'held')
              expect(kept.get(`${segment}/${p}`)).toBe(true)
        }
      }),
    )
  })

  it('keeps what was begun and is not wanted any more, up to a bound', () => {
    const many = createFilm(new Array(PARTIAL_MAX + 2).fill(2))
    const book = new SegmentBook(many.catalog)
    const all = want(...many.hashes.keys())
    book.open(all.slice(0, PARTIAL_MAX), 0)
    expect(book.isCrowded).toBe(false)
    book.open(all, 0)
    expect(book.isCrowded).toBe(true)
    const idle = [...book.idle(all.slice(1))]
    expect(idle.map(({ entry }) => entry.segment)).toEqual([0])
    book.forget(idle[0]!)
    expect(book.task(0, 0)).toBeUndefined()
  })
})
