import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PEERS_DRAWN_MAX } from '../limits.ts'
import { bendOf, pointOnLink, swarmLayout } from './swarm-layout.ts'

const size = fc.integer({ min: 260, max: 1200 })

test('everyone stands inside of the picture, each in a place of their own', () => {
  fc.assert(
    fc.property(size, size, fc.integer({ min: 0, max: 40 }), (width, height, count) => {
      const { you, origin, peers } = swarmLayout(width, height, count)
      expect(peers).toHaveLength(Math.min(count, PEERS_DRAWN_MAX))
      const all = [you, origin, ...peers]
      for (const { x, y } of all) {
        expect(x).toBeGreaterThan(0)
        expect(x).toBeLessThan(width)
        expect(y).toBeGreaterThan(0)
        expect(y).toBeLessThan(height)
      }
      expect(new Set(all.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`)).size).toBe(all.length)
    }),
  )
})

test('a piece leaves at its sender and arrives at its receiver', () => {
  const from = { x: 10, y: 20 }
  const to = { x: 110, y: 60 }
  const bend = bendOf(from, to)
  expect(pointOnLink(from, bend, to, 0)).toEqual(from)
  expect(pointOnLink(from, bend, to, 1)).toEqual(to)
})
