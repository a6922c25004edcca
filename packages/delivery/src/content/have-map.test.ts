import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFilm } from '../testing/film.ts'
import { HaveMap } from './have-map.ts'

const { catalog } = createFilm(new Array(21).fill(1))

describe('a map of what is held', () => {
  it('arrives as it was sent, whole and in parts', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(20)), fc.array(fc.tuple(fc.nat(20), fc.boolean())), (held, changes) => {
        const mine = new HaveMap(catalog)
        const copy = new HaveMap(catalog)
        for (const segment of held) mine.set(0, segment, true)
        for (const message of mine.messages()) expect(copy.merge(message)).toBe(true)
        for (const [segment, isHeld] of changes) {
          mine.set(0, segment, isHeld)
          expect(copy.merge(mine.messageAround(0, segment))).toBe(true)
        }
        for (let segment = 0; segment < 21; segment++) expect(copy.has(0, segment)).toBe(mine.has(0, segment))
        expect(copy.count).toBe(mine.count)
      }),
    )
  })

  it('refuses what the resource does not have', () => {
    const map = new HaveMap(catalog)
    expect(map.merge({ rendition: 1, firstSegment: 0, segments: Uint8Array.of(1) })).toBe(false)
    expect(map.merge({ rendition: 0, firstSegment: 16, segments: Uint8Array.of(0b100000) })).toBe(false)
    expect(map.merge({ rendition: 0, firstSegment: 16, segments: Uint8Array.of(0b11111) })).toBe(true)
    expect(map.merge({ rendition: 0, firstSegment: 0, segments: new Uint8Array(4) })).toBe(false)
    expect(map.merge({ rendition: 0, firstSegment: 30, segments: Uint8Array.of(0) })).toBe(false)
    expect(map.has(0, 20)).toBe(true)
    expect(map.has(0, 21)).toBe(false)
    expect(map.count).toBe(5)
  })
})
