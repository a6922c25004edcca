// Shares merge so that nobody counts twice (spec F-GROUPS), whatever comes in whichever order; and what comes out always verifies.
import { bitmapIndices, createBitmap, type FinalityShare, GROUP_SIZE, isQuorum, statementDigest } from '@tan/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashOf } from '../testing/chain.ts'
import { scheme } from '../testing/members.ts'
import { committing, TestPool } from '../testing/pool.ts'
import { Tally } from './tally.ts'

const POWERS = Array.from({ length: GROUP_SIZE + 6 }, (_, i) => 1 + (i % 3))
const pool = new TestPool(POWERS)
const { set, domain } = pool.members
const statement = committing(hashOf('a'), 1)
const digest = statementDigest(domain, statement)
const share = (...who: readonly number[]): FinalityShare => pool.share(statement, ...who)
const tally = (): Tally => new Tally(scheme, set, statement)
const membersIn = (tallied: Tally, group = 0): number[] => bitmapIndices(tallied.shareOf(group)!.members)
const powerOf = (who: Iterable<number>): number => [...who].reduce((sum, i) => sum + POWERS[i]!, 0)

/** Of some of the first members of group 0 or 1. */
const shares: fc.Arbitrary<number[]> = fc.oneof(
  fc.uniqueArray(fc.nat({ max: 5 }), { minLength: 1, maxLength: 4 }),
  fc.uniqueArray(fc.integer({ min: GROUP_SIZE, max: GROUP_SIZE + 5 }), { minLength: 1, maxLength: 3 }),
)

describe('a tally', () => {
  it('always stands for what its signers signed, each once; power never falls', () => {
    fc.assert(
      fc.property(fc.array(shares, { minLength: 1, maxLength: 10 }), added => {
        const tallied = tally()
        const singles = new Set<number>()
        for (const who of added) {
          const before = tallied.power
          const one = share(...who)
          if (tallied.adds(one)) {
            tallied.add(one)
            if (who.length === 1) singles.add(who[0]!)
          }
          const { signers, signature } = tallied.aggregate()
          const indices = bitmapIndices(signers)
          expect(
            scheme.verifyAggregate(
              digest,
              indices.map(i => set.signers[i]!.blsPublicKey),
              signature,
            ),
          ).toBe(true)
          expect(tallied.power).toBe(powerOf(indices))
          expect(tallied.power).toBeGreaterThanOrEqual(before)
          expect(tallied.hasQuorum).toBe(isQuorum(tallied.power, set.totalPower))
          // at least as heavy as the heaviest share of each group, and whoever added a share of its own stays in
          expect(tallied.power).toBeGreaterThanOrEqual(powerOf(who))
          for (const i of singles) expect(indices).toContain(i)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('merges what is disjoint', () => {
    const tallied = tally()
    tallied.add(share(0, 1))
    tallied.add(share(2, 5))
    expect(membersIn(tallied)).toEqual([0, 1, 2, 5])
    expect(tallied.shareOf(1)).toBeUndefined()
  })

  it('of what overlaps keeps the heavier', () => {
    const tallied = tally()
    tallied.add(share(0, 1))
    tallied.add(share(1, 2, 3))
    expect(membersIn(tallied)).toEqual([1, 2, 3])
    tallied.add(share(0, 3))
    expect(membersIn(tallied)).toEqual([1, 2, 3])
  })

  it('completes it with single shares, come before or after', () => {
    const before = tally()
    before.add(share(0))
    before.add(share(0, 1, 2))
    expect(membersIn(before)).toEqual([0, 1, 2])
    before.add(share(5))
    before.add(share(1, 2, 3, 4))
    expect(membersIn(before)).toEqual([0, 1, 2, 3, 4, 5])
    const after = tally()
    after.add(share(0, 1))
    after.add(share(1, 2, 3))
    after.add(share(0))
    expect(membersIn(after)).toEqual([0, 1, 2, 3])
  })

  it('keeps groups apart, and puts them together in the certificate', () => {
    const tallied = tally()
    tallied.add(share(1))
    tallied.add(share(GROUP_SIZE + 1))
    expect(bitmapIndices(tallied.aggregate().signers)).toEqual([1, GROUP_SIZE + 1])
    expect(tallied.aggregate().signers).toEqual(createBitmap([1, GROUP_SIZE + 1], POWERS.length))
    expect(membersIn(tallied, 1)).toEqual([1])
  })

  it('knows what would add a signer', () => {
    const tallied = tally()
    expect(tallied.adds(share(1))).toBe(true)
    tallied.add(share(0, 1))
    expect(tallied.adds(share(1))).toBe(false)
    expect(tallied.adds(share(0, 1))).toBe(false)
    expect(tallied.adds(share(1, 2))).toBe(true)
    expect(tallied.adds(share(GROUP_SIZE))).toBe(true)
  })

  it.each([
    { what: 'the last member', group: 1, bits: [5], expected: [GROUP_SIZE + 5] },
    { what: 'one beyond', group: 1, bits: [5, 6], expected: undefined },
    { what: 'nobody', group: 0, bits: [], expected: undefined },
    { what: 'a group beyond', group: 2, bits: [0], expected: undefined },
  ])('names members: $what', ({ group, bits, expected }) => {
    expect(Tally.membersOf(set, { group, members: createBitmap(bits, GROUP_SIZE) })).toEqual(expected)
  })
})
