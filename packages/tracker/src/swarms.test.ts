import { createSeededRandom, randomBelow } from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRttBook } from './network-distance.ts'
import type { Member } from './ranking.ts'
import { spherePoint, squaredDistance } from './sphere-point.ts'
import { createSwarms, type SwarmPeer } from './swarms.ts'

const MOST = 50

function setUp(seed = 1) {
  const random = createSeededRandom(seed)
  const rtt = createRttBook()
  return { random, rtt, swarms: createSwarms<SwarmPeer>({ random, rtt, introducedMax: MOST }) }
}

let named = 0
function peer(traits: Partial<SwarmPeer> = {}): SwarmPeer {
  return { id: `peer ${++named}`, role: 'viewer', point: spherePoint(21, 105.8), asn: 0, load: 0, ...traits }
}

const place = fc.oneof(
  fc.constant(undefined),
  fc.tuple(fc.integer({ min: -90, max: 90 }), fc.integer({ min: -180, max: 180 })).map(at => spherePoint(...at)),
  fc
    .tuple(fc.double({ min: 21, max: 21.2, noNaN: true }), fc.double({ min: 105, max: 106, noNaN: true }))
    .map(at => spherePoint(...at)),
)
const traits = fc.record({
  role: fc.constantFrom('viewer' as const, 'viewer' as const, 'edge' as const),
  point: place,
  asn: fc.nat({ max: 4 }),
  load: fc.double({ min: 0, max: 1, noNaN: true }),
})

describe('an introduction', () => {
  it('names others of the same swarm, each once, as many as there are up to what is asked for', () => {
    const step = fc.record({
      what: fc.constantFrom('join', 'join', 'join', 'renew', 'leave'),
      swarm: fc.constantFrom('a', 'b'),
      who: fc.nat({ max: 90 }),
      traits,
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.nat({ max: MOST }), (steps, want) => {
        const { swarms } = setUp()
        const model = { a: new Map<string, [Member, SwarmPeer]>(), b: new Map<string, [Member, SwarmPeer]>() }
        for (const { what, swarm, who, traits } of steps) {
          const members = model[swarm as 'a' | 'b']
          const id = `${who}`
          const known = members.get(id)
          const next = { id, ...traits }
          if (what === 'join' && known === undefined) members.set(id, [swarms.join(swarm, next, 1), next])
          if (what === 'leave' && known !== undefined) {
            swarms.leave(known[0])
            members.delete(id)
          }
          if (what === 'renew' && known !== undefined) {
            const renewed = { ...next, role: known[1].role }
            swarms.renew(known[0], renewed, 0.5)
            members.set(id, [known[0], renewed])
          }
        }
        expect(swarms.count).toBe([model.a, model.b].filter(members => members.size > 0).length)
        for (const [name, members] of Object.entries(model)) {
          const peers = [...members.values()].map(([, member]) => member)
          const edges = peers.filter(({ role }) => role === 'edge').length
          expect(swarms.size(name)).toEqual({ viewers: peers.length - edges, edges })
          for (const [id, [member, self]] of members) {
            expect(swarms.find(name, id)).toBe(self)
            const introduced = swarms.introduce(member, want).map(introduction => introduction.peer)
            expect(introduced.length).toBe(Math.min(want, members.size - 1))
            expect(new Set(introduced).size).toBe(introduced.length)
            expect(introduced).not.toContain(self)
            for (const other of introduced) expect(members.get(other.id)?.[1]).toBe(other)
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  // spec T-NEAR
  it('gives the nearest, but for the random ones, where nothing else differs', () => {
    const { swarms, random } = setUp()
    const crowd = Array.from({ length: 2_000 }, () =>
      peer({ point: spherePoint(randomBelow(random, 180) - 90, randomBelow(random, 360) - 180) }),
    )
    const members = crowd.map(one => swarms.join('r', one, 1))
    for (let i = 0; i < 50; i++) {
      const self = crowd[i]!.point!
      const distance = (other: SwarmPeer) => squaredDistance(self, other.point!)
      const nearest = crowd
        .filter((_, n) => n !== i)
        .map(distance)
        .sort((a, b) => a - b)
      const introduced = swarms.introduce(members[i]!, 20).map(({ peer }) => distance(peer))
      expect(introduced.slice(0, 18)).toEqual(nearest.slice(0, 18))
      expect(introduced.length).toBe(20)
    }
  })

  // spec T-MIX
  it('keeps a share for random peers, so that two far crowds stay one swarm', () => {
    const { swarms } = setUp()
    const crowds = [spherePoint(21, 105.8), spherePoint(52.5, 13.4)].map(point =>
      Array.from({ length: 300 }, () => peer({ point })),
    )
    const members = crowds.map(crowd => crowd.map(one => swarms.join('r', one, 1)))
    const met = members[0]!.flatMap(member => swarms.introduce(member, 20))
    const far = met.filter(({ peer }) => crowds[1]!.includes(peer))
    // Two of twenty are random, and half of these are far.
    expect(far.length).toBeGreaterThan(150)
    expect(far.length).toBeLessThan(450)
    // Over many introductions no far peer is left out for good.
    expect(new Set(far.map(({ peer }) => peer.id)).size).toBeGreaterThan(100)
  })

  it('prefers the own network, and does not give it everything', () => {
    const { swarms } = setUp()
    const self = swarms.join('r', peer({ asn: 7 }), 1)
    for (let i = 0; i < 1_000; i++) swarms.join('r', peer({ asn: i % 2 === 0 ? 7 : 8 }), 1)
    const introduced = swarms.introduce(self, 50)
    const same = introduced.filter(({ sameNetwork }) => sameNetwork).length
    expect(same).toBeGreaterThanOrEqual(27)
    expect(same).toBeLessThanOrEqual(27 + 5)
    expect(introduced[0]!.sameNetwork).toBe(true)
  })

  it('does not prefer the own network where it is far', () => {
    const { swarms } = setUp()
    const self = swarms.join('r', peer({ asn: 7 }), 1)
    for (let i = 0; i < 200; i++) {
      swarms.join('r', peer({ asn: 7, point: spherePoint(40.7, -74) }), 1)
      swarms.join('r', peer({ asn: 8 }), 1)
    }
    const introduced = swarms.introduce(self, 50)
    expect(introduced.slice(0, 45).every(({ sameNetwork }) => !sameNetwork)).toBe(true)
  })

  it('finds the own network where positions are not known', () => {
    const { swarms } = setUp()
    const self = swarms.join('r', peer({ asn: 7, point: undefined }), 1)
    for (let i = 0; i < 1_000; i++) swarms.join('r', peer({ asn: i % 20 === 0 ? 7 : 8, point: undefined }), 1)
    const introduced = swarms.introduce(self, 50)
    expect(introduced.filter(({ sameNetwork }) => sameNetwork).length).toBeGreaterThanOrEqual(27)
    expect(introduced.every(({ distanceKm }) => distanceKm === undefined)).toBe(true)
  })

  it('names edges even if a crowd of viewers is nearer', () => {
    const { swarms } = setUp()
    const self = swarms.join('r', peer(), 1)
    for (let i = 0; i < 500; i++) swarms.join('r', peer(), 1)
    for (let i = 0; i < 20; i++) swarms.join('r', peer({ role: 'edge', point: spherePoint(1.35, 103.8 + i) }), 1)
    const edges = swarms.introduce(self, 50).filter(({ peer }) => peer.role === 'edge')
    expect(edges.length).toBeGreaterThanOrEqual(9)
    expect(edges[0]!.distanceKm).toBeCloseTo(2_190, -2)
  })

  it('passes over peers that are busy or have nothing', () => {
    const { swarms } = setUp()
    const self = swarms.join('r', peer(), 1)
    const near = [peer({ load: 1 }), peer(), peer()]
    const haves = [1, 0, 1]
    const members = near.map((one, i) => swarms.join('r', one, haves[i]!))
    expect(swarms.introduce(self, 3).map(({ peer }) => peer)).toEqual([near[2], near[1], near[0]])
    swarms.renew(members[0]!, { ...near[0]!, load: 0 }, 1)
    swarms.renew(members[2]!, near[2]!, 0.5)
    expect(swarms.introduce(self, 3).map(({ peer }) => peer.id)).toEqual([near[0]!.id, near[2]!.id, near[1]!.id])
  })

  it('follows measured times against geography', () => {
    const { swarms, rtt } = setUp()
    const self = swarms.join('r', peer({ asn: 1 }), 1)
    const badlyPeered = peer({ asn: 2 })
    const wellPeered = peer({ asn: 3, point: spherePoint(10.8, 106.6) })
    for (const one of [badlyPeered, wellPeered]) swarms.join('r', one, 1)
    expect(swarms.introduce(self, 2)[0]!.peer).toBe(badlyPeered)
    for (const reporter of ['a', 'b', 'c']) rtt.report(reporter, 1, 2, 180)
    const [first, second] = swarms.introduce(self, 2)
    expect(first!.peer).toBe(wellPeered)
    expect(second!.rttMs).toBeGreaterThan(180)
  })

  it('moves with its peers', () => {
    const { swarms } = setUp()
    const self = peer()
    const member = swarms.join('r', self, 1)
    const hanoi = peer()
    const berlin = peer({ point: spherePoint(52.5, 13.4) })
    for (const one of [hanoi, berlin]) swarms.join('r', one, 1)
    expect(swarms.introduce(member, 1)[0]!.peer).toBe(hanoi)
    swarms.renew(member, { ...self, point: spherePoint(52, 13) }, 1)
    expect(swarms.introduce(member, 2).map(({ peer }) => peer)).toEqual([berlin, hanoi])
  })

  it('refuses what only a bug of ours can ask', () => {
    const { swarms } = setUp()
    const one = peer()
    const member = swarms.join('r', one, 1)
    expect(() => swarms.join('r', one, 1)).toThrow('already')
    expect(() => swarms.renew(member, { ...one, role: 'edge' }, 1)).toThrow('cannot take the place')
    swarms.leave(member)
    expect(() => swarms.leave(member)).toThrow('in no swarm')
    expect(swarms.size('r')).toEqual({ viewers: 0, edges: 0 })
  })
})
