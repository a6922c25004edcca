// To which era what comes in belongs (spec S-ERA): it says so itself, and what is of an era that does not live here is refused before a key is used.
// An era that starts later in the chain is like the first.
import type { AggregateScheme } from '@tan/primitives'
import { describe, expect, it } from 'vitest'
import { Replica, type ReplicaEffect, type ReplicaInput } from '../replica.ts'
import { GENESIS, hashOf, START_MS, type TestBlock, TestCommittee, type TestProposal } from '../testing/chain.ts'
import { scheme, selfOf } from '../testing/members.ts'
import { FINALITY_TIMING, FRESH_FINALITY, preparing, TestPool } from '../testing/pool.ts'

/** The block that the era stands on, far from genesis. */
const START: TestBlock = {
  hash: hashOf('the end of an era'),
  header: { ...GENESIS.header, height: 41 },
  epoch: 57,
}
const INTERVAL = 2
const committee = new TestCommittee([1, 1, 1, 1], 7, START.hash, { height: 41, epoch: 57 })
const pool = new TestPool([1, 1, 1, 1], 7, START.hash)
const era = START.hash

function replica(with_: AggregateScheme = scheme): Replica {
  const self = selfOf(committee.members, 0)
  const settled = { hash: START.hash, height: 41, epoch: 57 }
  const made = new Replica(
    {
      settlement: { ...committee.config(self), scheme: with_ },
      finality: {
        ...pool.config(self),
        ...FINALITY_TIMING,
        scheme: with_,
        rootHeight: 41,
        checkpointInterval: INTERVAL,
      },
    },
    {
      settlement: { settled, safety: undefined, proposals: [] },
      finality: FRESH_FINALITY,
      settledCheckpoints: [{ height: 41, hash: START.hash, parentHash: START.hash }],
    },
  )
  made.start(START_MS)
  return made
}

function step(node: Replica, input: ReplicaInput): ReplicaEffect[] {
  const out = node.step(input, START_MS)
  const executed = out.flatMap(effect => (effect.type === 'execute' ? [effect.blockHash] : []))
  return [
    ...out,
    ...executed.flatMap(blockHash => step(node, { type: 'executed', era, blockHash, rejection: undefined })),
  ]
}

const proposing = ({ proposal }: TestProposal, of = era): ReplicaInput => ({
  type: 'settlement-message',
  era: of,
  message: { type: 'proposal', proposal },
  from: 2,
})

/** Epochs 58, 59, ...: heights 42, 43, ... */
function chain(length: number): TestProposal[] {
  const blocks: TestProposal[] = []
  for (let i = 1; i <= length; i++) {
    const parent = blocks.at(-1)
    const justify = parent === undefined ? committee.start : committee.certify(parent)
    blocks.push(committee.block(parent ?? START, 57 + i, { justify }))
  }
  return blocks
}

describe('an era that starts later in the chain', () => {
  it('settles, prepares its checkpoints by their number in the era, and finalizes them at their height', () => {
    const node = replica()
    expect(node.settlementStatus()).toMatchObject({ epoch: 58, highCertificateEpoch: 57, settledHeight: 41 })
    const blocks = chain(5)
    const effects = blocks.flatMap(block => step(node, proposing(block)))
    expect(effects.filter(({ type }) => type === 'rejected')).toEqual([])
    expect(node.settlementStatus()).toMatchObject({ epoch: 62, settledHeight: 44 })
    // T = 2: the first checkpoint above height 41 is 42, the second 44
    const prepared = effects.flatMap(effect =>
      effect.type === 'broadcast-finality' && effect.message.type === 'share' ? [effect.message.share.statement] : [],
    )
    const [first, second] = [blocks[0]!, blocks[2]!]
    expect(prepared).toEqual([
      preparing({ round: 1, source: pool.root, target: first.hash }),
      preparing({ round: 2, source: pool.root, target: second.hash }),
    ])
    const certificate = pool.certificate([pool.justification({ round: 2, source: pool.root, target: second.hash })])
    const finalized = step(node, { type: 'finality-message', era, message: { type: 'finalized', certificate } })
    expect(finalized).toContainEqual({ type: 'finalized', era, height: 44, hash: second.hash, certificate })
    expect(node.finalityProgress()).toMatchObject({ finalizedHeight: 44, height: 46 })
  })

  it('says of everything that goes out which era it is about', () => {
    const node = replica()
    const effects = chain(4).flatMap(block => step(node, proposing(block)))
    expect(new Set(effects.map(effect => effect.era))).toEqual(new Set([era]))
    expect(effects.some(({ type }) => type === 'persist-settlement')).toBe(true)
    expect(effects.some(({ type }) => type === 'persist-finality')).toBe(true)
    expect(effects.some(({ type }) => type === 'settlement-timer')).toBe(true)
  })
})

describe('what belongs to an era that does not live here', () => {
  const [block] = chain(1) as [TestProposal]
  /** Any use of it is a failure of the test. */
  const noScheme = (): AggregateScheme =>
    new Proxy(scheme, {
      get(_, name): never {
        throw new Error(`the scheme was asked to ${String(name)}`)
      },
    })

  it('is refused without a look at its signatures, and blames nobody', () => {
    const node = replica(noScheme())
    const unknown = hashOf('another era')
    const share = pool.share(preparing({ round: 1, source: pool.root, target: block.hash }), 1)
    const settlement = node.step(proposing(block, unknown), START_MS)
    expect(settlement).toMatchObject([
      { type: 'rejected', era: unknown, from: 2, rejection: { code: 'era/unknown', blame: 'nobody', isFinal: false } },
    ])
    const message = { type: 'share', share } as const
    expect(node.step({ type: 'finality-message', era: unknown, message }, START_MS)).toMatchObject([
      { type: 'rejected', era: unknown, rejection: { code: 'era/unknown', blame: 'nobody' } },
    ])
  })

  it('is of no use where it is a timer, or an answer of the ledger', () => {
    const node = replica()
    const unknown = hashOf('another era')
    const late: ReplicaInput[] = [
      { type: 'settlement-timer', era: unknown, timer: 'epoch', epoch: 58 },
      { type: 'finality-timer', era: unknown, timer: 'resend' },
      { type: 'executed', era: unknown, blockHash: block.hash, rejection: undefined },
    ]
    for (const input of late) expect(node.step(input, START_MS)).toEqual([])
  })
})
