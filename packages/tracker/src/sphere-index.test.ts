import { createSeededRandom, type Random, randomBelow } from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createNearestPoints, createSphereIndex, type SphereIndex, type SphereTree } from './sphere-index.ts'
import { EARTH_CENTRE, kilometres, type SpherePoint, spherePoint, squaredDistance } from './sphere-point.ts'

const RADIANS = Math.PI / 180
/** half a cell's diagonal at both ends */
const LATTICE_ERROR_KM = 0.2

/** The haversine formula, on the positions before they were put on the lattice. */
function haversineKm(a: readonly [number, number], b: readonly [number, number]): number {
  const halfLatitude = Math.sin(((b[0] - a[0]) * RADIANS) / 2)
  const halfLongitude = Math.sin(((b[1] - a[1]) * RADIANS) / 2)
  const h = halfLatitude ** 2 + Math.cos(a[0] * RADIANS) * Math.cos(b[0] * RADIANS) * halfLongitude ** 2
  return 2 * 6_371.0088 * Math.asin(Math.sqrt(Math.min(1, h)))
}

const latitude = fc.oneof(fc.double({ min: -90, max: 90, noNaN: true }), fc.constantFrom(-90, 90, 0, 89.9999, -89.9999))
const longitude = fc.oneof(fc.double({ min: -180, max: 180, noNaN: true }), fc.constantFrom(-180, 180, 0, 179.9999))
const position = fc.tuple(latitude, longitude)

/** The distances of the nearest, by looking at each. */
function bruteForce(points: Iterable<SpherePoint>, from: SpherePoint, most: number): number[] {
  return [...points]
    .map(point => squaredDistance(point, from))
    .sort((a, b) => a - b)
    .slice(0, most)
}

function nearestDistances(index: SphereIndex, tree: SphereTree, from: SpherePoint, most: number): number[] {
  const found = createNearestPoints(most)
  index.nearest(tree, from, most, found)
  return [...found.squaredDistances.subarray(0, found.count)]
}

function cluster(random: Random, centre: readonly [number, number], degrees: number): [number, number] {
  const spread = () => (random.uint32() / 2 ** 32 - 0.5) * degrees
  const north = Math.max(-90, Math.min(90, centre[0] + spread()))
  const east = centre[1] + spread()
  return [north, east > 180 ? east - 360 : east < -180 ? east + 360 : east]
}

describe('distances', () => {
  it('are those of the haversine formula, but for the lattice', () => {
    fc.assert(
      fc.property(position, position, (a, b) => {
        const km = kilometres(squaredDistance(spherePoint(...a), spherePoint(...b)))
        // Near the antipode the great circle is too steep in the straight line to be told closely.
        fc.pre(haversineKm(a, b) < 19_800)
        expect(Math.abs(km - haversineKm(a, b))).toBeLessThan(LATTICE_ERROR_KM * 20)
        if (km < 10_000) expect(Math.abs(km - haversineKm(a, b))).toBeLessThan(LATTICE_ERROR_KM * 1.5)
      }),
      { numRuns: 2_000 },
    )
  })

  it('cross the date line and the poles', () => {
    const km = (a: readonly [number, number], b: readonly [number, number]) =>
      kilometres(squaredDistance(spherePoint(...a), spherePoint(...b)))
    expect(km([0, 179.9], [0, -179.9])).toBeCloseTo(22.2, 0)
    expect(km([89.9, 0], [89.9, 180])).toBeCloseTo(22.2, 0)
    expect(km([90, 13], [90, -120])).toBe(0)
  })
})

// spec T-NEAR
describe('nearest points', () => {
  it('are those of brute force, for crowds at the poles, on the date line and everywhere', () => {
    const random = createSeededRandom(11)
    const centres = [
      [90, 0],
      [-90, 0],
      [0, 180],
      [21, 105.8],
      [51.5, -0.1],
    ] as const
    for (const size of [1, 16, 17, 300, 5_000]) {
      const index = createSphereIndex()
      const tree = index.createTree()
      const points: SpherePoint[] = []
      for (let item = 0; item < size; item++) {
        const centre = centres[randomBelow(random, centres.length)]!
        points.push(spherePoint(...cluster(random, centre, item % 3 === 0 ? 360 : 0.5)))
        index.insert(tree, item, points[item]!)
      }
      for (const centre of centres)
        for (const degrees of [0, 0.2, 5, 90]) {
          const from = spherePoint(...cluster(random, centre, degrees))
          expect(nearestDistances(index, tree, from, 50)).toEqual(bruteForce(points, from, 50))
        }
    }
  })

  it('are those of brute force after any history of trees that share the arrays', () => {
    // A crowd within a few cells of the lattice, across a border of the largest ones, tells every unit of a distance.
    const inCrowd = fc
      .tuple(fc.nat({ max: 15 }), fc.nat({ max: 15 }), fc.nat({ max: 1 }))
      .map(([x, y, z]) => ({ x: 65_528 + x, y: 32_760 + y, z: 100 + z }))
    const anywhere = position.map(at => spherePoint(...at))
    const step = fc.record({
      what: fc.constantFrom('insert', 'insert', 'insert', 'move', 'nudge', 'remove'),
      item: fc.nat(300),
      tree: fc.constantFrom(0, 0, 0, 1, 2),
      point: fc.oneof(
        inCrowd,
        inCrowd,
        anywhere,
        fc.constantFrom(EARTH_CENTRE, spherePoint(90, 0), spherePoint(-3, 180)),
      ),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 100, maxLength: 600 }), fc.oneof(inCrowd, anywhere), (steps, from) => {
        const index = createSphereIndex()
        const trees = [index.createTree(), index.createTree(), index.createTree()]
        const model = trees.map(() => new Map<number, SpherePoint>())
        for (const { what, item, tree, point } of steps) {
          const holder = model.find(points => points.has(item))
          if (what === 'insert' && holder === undefined) {
            index.insert(trees[tree]!, item, point)
            model[tree]!.set(item, point)
          } else if (holder !== undefined && what === 'remove') {
            index.remove(item)
            holder.delete(item)
          } else if (holder !== undefined && what !== 'insert') {
            const old = holder.get(item)!
            const next = what === 'move' ? point : { ...old, x: old.x ^ 1 }
            index.move(item, next)
            holder.set(item, next)
          }
        }
        for (const [i, points] of model.entries()) {
          const tree = trees[i]!
          expect(index.size(tree)).toBe(points.size)
          expect(nearestDistances(index, tree, from, 20)).toEqual(bruteForce(points.values(), from, 20))
          const ranked = Array.from({ length: points.size }, (_, rank) => index.itemAt(tree, rank))
          expect(ranked.sort((a, b) => a - b)).toEqual([...points.keys()].sort((a, b) => a - b))
          for (const [item, point] of points)
            expect(index.squaredDistanceTo(item, from)).toBe(squaredDistance(point, from))
        }
      }),
      { numRuns: 200 },
    )
  })

  it('stay exact where thousands share one point', () => {
    const index = createSphereIndex()
    const tree = index.createTree()
    const city = spherePoint(10.8, 106.6)
    for (let item = 0; item < 20_000; item++) index.insert(tree, item, item % 2 === 0 ? city : EARTH_CENTRE)
    const beside = spherePoint(10.81, 106.6)
    index.insert(tree, 20_000, beside)
    const found = createNearestPoints(50)
    index.nearest(tree, city, 50, found)
    expect([...found.squaredDistances]).toEqual(Array(50).fill(0))
    index.nearest(tree, beside, 50, found)
    expect(found.items[0]).toBe(20_000)
    expect([...found.squaredDistances].slice(1)).toEqual(Array(49).fill(squaredDistance(city, beside)))
    for (let item = 0; item < 20_000; item++) index.remove(item)
    expect(nearestDistances(index, tree, city, 50)).toEqual([squaredDistance(city, beside)])
  })

  it('gives cells and buckets back: crowds that come and go need no more than the first', () => {
    const index = createSphereIndex()
    const random = createSeededRandom(3)
    const tree = index.createTree()
    const points = Array.from({ length: 3_000 }, () => spherePoint(...cluster(random, [48, 2], 3)))
    const come = () => points.forEach((point, item) => void index.insert(tree, item, point))
    come()
    const full = index.memory()
    for (let round = 0; round < 5; round++) {
      for (const item of points.keys()) index.remove(item)
      expect(index.memory()).toEqual({ cells: 1, buckets: 0, sizeBytes: full.sizeBytes })
      come()
      expect(index.memory()).toEqual(full)
    }
  })

  it('refuses what only a bug of ours can ask', () => {
    const index = createSphereIndex()
    const tree = index.createTree()
    index.insert(tree, 1, EARTH_CENTRE)
    expect(() => index.insert(tree, 1, EARTH_CENTRE)).toThrow('in a tree already')
    expect(() => index.remove(2)).toThrow('in no tree')
    expect(() => index.removeTree(tree)).toThrow('items in it')
    expect(() => index.nearest(tree, EARTH_CENTRE, 51, createNearestPoints(50))).toThrow('room for')
    expect(() => index.itemAt(tree, 1)).toThrow('rank 1')
  })
})
