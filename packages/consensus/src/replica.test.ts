// What settlement and finality tell each other (spec F-CARRY): settled checkpoints are prepared, certificates ride in blocks
// and are checked there, what is finalized binds votes, and a conflict stops the node.
import type { Hash } from '@tan/primitives'
import type { CommitCertificate, FinalityCertificate, Prepare } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import type { EraInput } from './era/instance.ts'
import { Replica, type ReplicaEffect } from './replica.ts'
import { GENESIS, hashOf, START_MS, TestCommittee, type TestProposal } from './testing/chain.ts'
import { selfOf } from './testing/members.ts'
import { FINALITY_TIMING, FRESH_FINALITY, preparing, TestPool, tellFinality } from './testing/pool.ts'
import { FRESH, tell } from './testing/validator.ts'

const INTERVAL = 2
const committee = new TestCommittee()
const pool = new TestPool()
const self = selfOf(committee.members, 0)
const config = {
  settlement: committee.config(self),
  finality: { ...pool.config(self), ...FINALITY_TIMING, checkpointInterval: INTERVAL },
}
const ROOT = { height: 0, hash: GENESIS.hash, parentHash: GENESIS.hash }

/** Blocks of epochs 1 to `length`, each on the certificate of the one before. */
function chain(length: number, carried: Readonly<Record<number, FinalityCertificate>> = {}): TestProposal[] {
  const blocks: TestProposal[] = []
  for (let epoch = 1; epoch <= length; epoch++) {
    const parent = blocks.at(-1)
    const justify: CommitCertificate = parent === undefined ? committee.start : committee.certify(parent)
    const finality = carried[epoch]
    blocks.push(committee.block(parent ?? GENESIS, epoch, { justify, ...(finality && { finality }) }))
  }
  return blocks
}

class TestReplica {
  readonly replica = new Replica(config, { settlement: FRESH, finality: FRESH_FINALITY, settledCheckpoints: [ROOT] })

  constructor() {
    this.replica.start(START_MS)
  }

  step(input: EraInput): ReplicaEffect[] {
    const out = this.replica.step({ ...input, era: GENESIS.hash }, START_MS)
    const executions = out.flatMap(effect => (effect.type === 'execute' ? [effect.blockHash] : []))
    return [
      ...out,
      ...executions.flatMap(blockHash => this.step({ type: 'executed', blockHash, rejection: undefined })),
    ]
  }

  propose(...blocks: readonly TestProposal[]): ReplicaEffect[] {
    return blocks.flatMap(({ proposal }) =>
      this.step({ type: 'settlement-message', message: { type: 'proposal', proposal }, from: undefined }),
    )
  }

  finalized(certificate: FinalityCertificate): ReplicaEffect[] {
    return this.step({ type: 'finality-message', message: { type: 'finalized', certificate } })
  }
}

const toldBy = (effects: readonly ReplicaEffect[]): string[] =>
  effects.flatMap(effect => {
    if (effect.type === 'execute' || effect.type === 'head' || effect.type === 'taken' || effect.type.endsWith('timer'))
      return []
    const isFinality = effect.type.includes('final')
    return [
      isFinality
        ? tellFinality(effect as Parameters<typeof tellFinality>[0])
        : tell(effect as Parameters<typeof tell>[0]),
    ]
  })
const prepareOf = (block: TestProposal, source = pool.root): Prepare => ({
  round: block.header.height / INTERVAL,
  source,
  target: block.hash,
})
const finalityOf = (...blocks: readonly TestProposal[]): FinalityCertificate => {
  let source = pool.root
  return pool.certificate(
    blocks.map(block => {
      const prepare = prepareOf(block, source)
      source = { hash: block.hash, round: prepare.round }
      return pool.justification(prepare)
    }),
  )
}

const plain = chain(7)
const [b1, b2, b3, b4, b5] = plain as [TestProposal, TestProposal, TestProposal, TestProposal, TestProposal]

describe('a replica', () => {
  it('prepares a checkpoint when it settles, after that is told and before the vote that follows', () => {
    const node = new TestReplica()
    node.propose(b1, b2, b3)
    expect(toldBy(node.propose(b4))).toEqual([
      'settled 2',
      'persist P 1 K 0 ballot 0',
      'send prepare 0 to 1',
      'send certificate 3',
      'persist vote 4 high 3, block 4',
      'send vote 4',
    ])
  })

  it('prepares no block between checkpoints', () => {
    const node = new TestReplica()
    node.propose(b1, b2)
    expect(toldBy(node.propose(b3)).filter(text => text.includes('prepare'))).toEqual([])
  })

  it('takes a block that carries a certificate of an ancestor, and finalizes that', () => {
    const certificate = finalityOf(b2)
    const blocks = chain(7, { 5: certificate })
    const node = new TestReplica()
    const effects = node.propose(...blocks)
    expect(toldBy(effects).filter(text => text.startsWith('finalized') || text.startsWith('rejected'))).toEqual([
      'finalized 2',
    ])
    expect(toldBy(effects).at(-1)).toBe('send vote 7')
  })

  const certificate2 = finalityOf(b2)
  const bad: readonly { title: string; blocks: TestProposal[]; code: string }[] = [
    {
      title: 'forged',
      blocks: chain(5, { 5: { ...certificate2, commit: finalityOf(b4).commit } }),
      code: 'finality/commit',
    },
    {
      title: 'of too few',
      blocks: chain(5, { 5: pool.certificate([pool.justification(prepareOf(b2))], [1, 2]) }),
      code: 'finality/commit',
    },
    {
      title: 'for a block that is no ancestor',
      blocks: chain(5, {
        5: pool.certificate([pool.justification({ ...prepareOf(b2), target: hashOf('elsewhere') })]),
      }),
      code: 'finality/carried',
    },
    {
      title: 'for a block above',
      blocks: chain(4, { 4: pool.certificate([pool.justification({ ...prepareOf(b4), target: b4.hash })]) }),
      code: 'finality/carried',
    },
    {
      title: 'whose source the chain does not carry',
      blocks: chain(6, {
        6: pool.certificate([pool.justification({ round: 2, source: { hash: b2.hash, round: 1 }, target: b4.hash })]),
      }),
      code: 'finality/unknown-source',
    },
    {
      title: 'that its branch carries already',
      blocks: chain(6, { 5: certificate2, 6: certificate2 }),
      code: 'finality/carried',
    },
  ]
  it.each(bad)('refuses a block with a certificate $title, before any execution', ({ blocks, code }) => {
    const node = new TestReplica()
    node.propose(...blocks.slice(0, -1))
    const effects = node.propose(blocks.at(-1)!)
    const [rejection] = effects.filter(effect => effect.type === 'rejected')
    expect(rejection).toMatchObject({
      rejection: { code: 'proposal/invalid', message: expect.stringContaining(code) },
    })
    expect(effects.some(({ type }) => type === 'execute')).toBe(false)
    expect(toldBy(effects).some(text => text.startsWith('send vote'))).toBe(false)
  })

  it('tells settlement of a wrong certificate only when all that it said before is out', () => {
    const forged = { ...certificate2, commit: finalityOf(b4).commit }
    const bad = chain(5, { 5: forged })[4]!
    const child = committee.block(bad, 6, {
      justify: committee.certify(b4),
      epochChange: committee.epochChanges(6, { 1: 4, 2: 4, 3: 4 }),
    })
    const node = new TestReplica()
    node.propose(b1, b2, b3, b4)
    // a child that waits: it is attached in the same step, after its parent was to be executed
    expect(node.propose(child).map(({ type }) => type)).toContain('taken')
    const words = node.propose(bad).map(({ type }) => type)
    expect(words.filter(type => type === 'taken' || type === 'rejected')).toEqual(['taken', 'taken', 'rejected'])
    expect(words.at(-1)).toBe('rejected')
  })

  it('takes a later certificate from where its branch left off, settled or not', () => {
    const source = { hash: b2.hash, round: 1 }
    const first = chain(5, { 5: certificate2 })
    const [, , , block4] = first
    const second = pool.certificate([pool.justification(prepareOf(block4!, source))])
    const blocks = chain(9, { 5: certificate2, 7: second })
    const effects = new TestReplica().propose(...blocks)
    expect(toldBy(effects).filter(text => text.startsWith('rejected') || text.startsWith('finalized'))).toEqual([
      'finalized 2',
      'finalized 4',
    ])
  })

  it('puts the newest certificate into the blocks that it builds, once a branch', () => {
    const leader = new Replica(
      { ...config, settlement: committee.config(selfOf(committee.members, 1)) },
      { settlement: FRESH, finality: FRESH_FINALITY, settledCheckpoints: [ROOT] },
    )
    leader.start(START_MS)
    const step = (input: EraInput): ReplicaEffect[] => {
      const out = leader.step({ ...input, era: GENESIS.hash }, START_MS)
      const hashes: Hash[] = out.flatMap(effect => (effect.type === 'execute' ? [effect.blockHash] : []))
      return [...out, ...hashes.flatMap(blockHash => step({ type: 'executed', blockHash, rejection: undefined }))]
    }
    const take = ({ proposal }: TestProposal) =>
      step({ type: 'settlement-message', message: { type: 'proposal', proposal }, from: undefined })
    const buildAt = (epoch: number) =>
      step({ type: 'settlement-timer', timer: 'propose', epoch }).flatMap(effect =>
        effect.type === 'build' ? [effect.record] : [],
      )
    for (const block of [b1, b2, b3, b4]) take(block)
    step({ type: 'finality-message', message: { type: 'finalized', certificate: certificate2 } })
    step({
      type: 'settlement-message',
      message: { type: 'certificate', certificate: committee.certify(b4) },
      from: undefined,
    })
    expect(buildAt(5)).toMatchObject([{ epoch: 5, finality: certificate2 }])
    const carrying = chain(8, { 5: certificate2 })
    for (const block of carrying.slice(4)) take(block)
    step({
      type: 'settlement-message',
      message: { type: 'certificate', certificate: committee.certify(carrying[7]!) },
      from: undefined,
    })
    expect(buildAt(9)).toMatchObject([{ epoch: 9, finality: undefined }])
  })

  it('votes for nothing beside what is finalized', () => {
    const node = new TestReplica()
    node.propose(b1)
    expect(
      toldBy(node.finalized(pool.certificate([pool.justification({ ...prepareOf(b2), target: hashOf('rival') })]))),
    ).toEqual(['finalized 2'])
    expect(toldBy(node.propose(b2)).filter(text => text.startsWith('send vote'))).toEqual([])
  })

  it('stops where guardians finalized what conflicts with what it settled', () => {
    const node = new TestReplica()
    node.propose(b1, b2, b3, b4)
    const rival = pool.certificate([pool.justification({ ...prepareOf(b2), target: hashOf('rival') })])
    expect(toldBy(node.finalized(rival))).toEqual(['finalized 2', 'fault finality/conflict'])
    expect(node.propose(b5)).toEqual([])
    expect(node.step({ type: 'finality-timer', timer: 'resend' })).toEqual([])
  })

  it('stops when settlement does', () => {
    const node = new TestReplica()
    const rival = committee.block(GENESIS, 1, { body: 'rival' })
    for (const block of [b1, rival])
      node.step({
        type: 'settlement-message',
        message: { type: 'certificate', certificate: committee.certify(block) },
        from: undefined,
      })
    expect(node.finalized(certificate2)).toEqual([])
  })

  it('commits and finalizes what others prepare with it', () => {
    const node = new TestReplica()
    node.propose(b1, b2, b3, b4)
    const statement = preparing(prepareOf(b2))
    const effects = [1, 2].flatMap(i =>
      node.step({ type: 'finality-message', message: { type: 'share', share: pool.share(statement, i) } }),
    )
    expect(toldBy(effects)).toEqual(['persist P 1 K 1 ballot 0', 'send commit 1'])
  })
})
