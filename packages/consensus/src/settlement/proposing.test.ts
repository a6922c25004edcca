// When and what a leader proposes (spec S-PROPOSE), and what is durable before it is sent.
import { concatBytes, type Hash } from '@tan/primitives'
import { type CommitCertificate, hashRecord, nextMix, type Proposal } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { GENESIS, START_MS, type TestBlock, TestCommittee, TIMING } from '../testing/chain.ts'
import { selfOf } from '../testing/members.ts'
import { FRESH, TestValidator, told } from '../testing/validator.ts'
import type { SettlementEffect } from './types.ts'

const committee = new TestCommittee()
const { start } = committee
const leaderOf2 = committee.config(selfOf(committee.members, 2))

const a1 = committee.block(GENESIS, 1)
const certificateA1 = committee.certify(a1, [0, 1, 3])
const own2 = committee.block(a1, 2, { justify: certificateA1 })

type Build = Extract<SettlementEffect, { type: 'build' }>
const buildsIn = (effects: readonly SettlementEffect[]): Build[] => effects.filter(effect => effect.type === 'build')
const builtFrom = (block: { hash: Hash; proposal: Proposal }) =>
  ({
    type: 'built',
    epoch: block.proposal.block.record.epoch,
    block: block.proposal.block,
    blockHash: block.hash,
  }) as const

/** The leader of epoch 2 has been led there by the block of epoch 1 and its certificate. */
function inEpoch2(certificate: CommitCertificate = certificateA1): TestValidator {
  const node = new TestValidator(leaderOf2)
  node.propose(a1)
  node.receive({ type: 'certificate', certificate })
  return node
}

describe('a leader', () => {
  it('builds on the certified block when pacing allows, once', () => {
    const node = inEpoch2()
    const builds = buildsIn(node.timer('propose'))
    expect(builds).toHaveLength(1)
    expect(builds[0]).toMatchObject({ parentHash: a1.hash, record: own2.record })
    expect(buildsIn(node.timer('propose'))).toEqual([])
  })

  it('writes the proposal before it sends it, and votes for it like everyone', () => {
    const node = inEpoch2()
    node.timer('propose')
    expect(told(node.step(builtFrom(own2)))).toEqual([
      'persist proposal 2 vote 1 high 1, block 2',
      'send proposal 2',
      'persist proposal 2 vote 2 high 1',
      'send vote 2',
    ])
    expect(told(node.step(builtFrom(own2)))).toEqual([])
    expect(buildsIn(node.timer('propose'))).toEqual([])
  })

  it('signs exactly the block that it was given', () => {
    const node = inEpoch2()
    node.timer('propose')
    const sent = node
      .step(builtFrom(own2))
      .flatMap(effect =>
        effect.type === 'broadcast-settlement' && effect.message.type === 'proposal' ? [effect.message] : [],
      )
    expect(sent).toEqual([{ type: 'proposal', proposal: own2.proposal }])
  })

  const idle: readonly { title: string; run: () => SettlementEffect[] }[] = [
    { title: 'before pacing allows', run: () => inEpoch2().began },
    { title: 'when it is not its turn', run: () => new TestValidator(leaderOf2).timer('propose') },
    {
      title: 'on a timer of another epoch',
      run: () => inEpoch2().timer('propose', 1),
    },
    {
      title: 'after giving its epoch up',
      run: () => {
        const node = inEpoch2()
        node.timer('epoch')
        return [...node.timer('propose'), ...node.step(builtFrom(own2))]
      },
    },
    {
      title: 'in an epoch in which it proposed before a crash',
      run: () => {
        const node = inEpoch2()
        node.timer('propose')
        const write = node.step(builtFrom(own2)).find(effect => effect.type === 'persist-settlement')!
        const again = new TestValidator(leaderOf2, {
          ...FRESH,
          safety: write.safety,
          proposals: [a1.proposal, own2.proposal],
        })
        expect(told(again.began)).toEqual([
          'send certificate 1',
          'send proposal 2',
          'persist proposal 2 vote 2 high 1',
          'send vote 2',
        ])
        const rival = committee.block(a1, 2, { justify: certificateA1, body: 'rival' })
        return [...again.timer('propose'), ...again.step(builtFrom(rival))]
      },
    },
    {
      title: 'what was built for an epoch that has passed',
      run: () => {
        const node = inEpoch2()
        node.timer('propose')
        node.receive({ type: 'certificate', certificate: committee.certify(own2, [0, 1, 3]) })
        return node.step(builtFrom(own2))
      },
    },
    { title: 'when it only follows', run: () => new TestValidator(committee.config(undefined)).timer('propose') },
  ]
  it.each(idle)('proposes nothing $title', ({ run }) => {
    const effects = run()
    expect(buildsIn(effects)).toEqual([])
    expect(told(effects).filter(text => text.startsWith('send proposal') || text.includes('persist proposal'))).toEqual(
      [],
    )
  })

  it('waits for the certified block to be executed', () => {
    const node = new TestValidator(leaderOf2)
    node.slow.add(a1.hash)
    node.propose(a1)
    node.receive({ type: 'certificate', certificate: certificateA1 })
    expect(buildsIn(node.timer('propose'))).toEqual([])
    const effects = node.step({ type: 'executed', blockHash: a1.hash, rejection: undefined })
    expect(buildsIn(effects).map(build => build.parentHash)).toEqual([a1.hash])
  })

  it('reveals the randomness of its epoch, which draws the mix', () => {
    const node = inEpoch2()
    const { record } = buildsIn(node.timer('propose'))[0]!
    expect(record.reveal).toEqual(own2.record.reveal)
    expect(nextMix(a1.header.mix, concatBytes(record.reveal))).toBe(own2.header.mix)
    expect(hashRecord(record)).toBe(own2.header.recordHash)
  })
})

describe('after an epoch change a leader', () => {
  const epochChange = committee.epochChanges(2, { 0: 0, 1: 0, 3: 0 })
  const enter = { type: 'epoch-change-certificate', epochChange, certificate: start } as const

  it('carries it, on the highest certificate held', () => {
    const node = new TestValidator(leaderOf2)
    node.receive(enter)
    const build = buildsIn(node.timer('propose'))[0]!
    expect(build.parentHash).toBe(GENESIS.hash)
    expect(build.record).toMatchObject({ epoch: 2, justify: start, epochChange })
  })

  it('builds on the uncertified branch that stands on it, and sends that along', () => {
    const node = new TestValidator(leaderOf2)
    node.propose(a1)
    node.receive(enter)
    const build = buildsIn(node.timer('propose'))[0]!
    expect(build.parentHash).toBe(a1.hash)
    const child = committee.block(a1, 2, { justify: start, epochChange })
    expect(told(node.step(builtFrom(child)))).toEqual([
      'persist proposal 2 vote 1 high 0, block 2',
      'send proposal 1',
      'send proposal 2',
      'persist proposal 2 vote 2 high 0',
      'send vote 2',
    ])
  })

  it('does not build below what the epoch change reports', () => {
    const node = new TestValidator(committee.config(selfOf(committee.members, 3)))
    // two certified blocks, of which nothing settles: the epochs are not consecutive
    const a3 = committee.block(a1, 3, {
      justify: certificateA1,
      epochChange: committee.epochChanges(3, { 0: 1, 1: 0, 2: 0 }),
    })
    node.slow.add(a3.hash)
    node.propose(a1, a3)
    const reports = committee.epochChanges(7, { 0: 3, 1: 0, 2: 0 })
    node.receive({ type: 'epoch-change-certificate', epochChange: reports, certificate: committee.certify(a3) })
    expect(node.epoch).toBe(7)
    expect(buildsIn(node.timer('propose'))).toEqual([])
    const effects = node.step({ type: 'executed', blockHash: a3.hash, rejection: undefined })
    expect(buildsIn(effects).map(({ parentHash, record }) => [parentHash, record.justify.epoch])).toEqual([
      [a3.hash, 3],
    ])
  })
})

describe('of the branches on its certified block a leader takes', () => {
  const changes = (epoch: number) => committee.epochChanges(epoch, { 0: 0, 1: 0, 3: 0 })
  const on = (parent: TestBlock, epoch: number, body = '') =>
    committee.block(parent, epoch, { justify: start, ...(epoch > 1 && { epochChange: changes(epoch) }), body })
  const leaderOf6 = (): TestValidator => new TestValidator(leaderOf2)
  const parentChosen = (node: TestValidator): Hash => {
    node.receive({ type: 'epoch-change-certificate', epochChange: changes(6), certificate: start })
    return buildsIn(node.timer('propose'))[0]!.parentHash
  }

  it('the highest', () => {
    const node = leaderOf6()
    const b2 = on(a1, 2)
    const c3 = on(GENESIS, 3)
    node.propose(a1, b2, c3)
    expect(parentChosen(node)).toBe(b2.hash)
  })

  it('of equal heights that of the later epoch', () => {
    const node = leaderOf6()
    const c3 = on(GENESIS, 3)
    node.propose(c3, a1)
    expect(parentChosen(node)).toBe(c3.hash)
  })

  it('of equal epochs that of the lower hash', () => {
    const node = leaderOf6()
    const b1 = on(GENESIS, 1, 'b')
    node.propose(a1, b1)
    expect(parentChosen(node)).toBe(a1.hash < b1.hash ? a1.hash : b1.hash)
    const turned = leaderOf6()
    turned.propose(b1, a1)
    expect(parentChosen(turned)).toBe(a1.hash < b1.hash ? a1.hash : b1.hash)
  })

  it('none that is not executed, or invalid', () => {
    const node = leaderOf6()
    const b2 = on(a1, 2)
    node.refused.add(b2.hash)
    node.propose(a1, b2)
    expect(parentChosen(node)).toBe(a1.hash)
  })

  it('none from the future', () => {
    const node = leaderOf6()
    const timestampS = (START_MS + TIMING.clockDriftMaxMs) / 1000 + 1
    const late = committee.block(GENESIS, 1, { header: { timestampS } })
    node.propose(late)
    expect(parentChosen(node)).toBe(GENESIS.hash)
  })

  it('none that a child would be too far above', () => {
    const node = leaderOf6()
    const branch: TestBlock[] = [a1]
    for (let epoch = 2; epoch <= 5; epoch++) {
      const block = on(branch.at(-1)!, epoch)
      branch.push(block)
      node.propose(...(epoch === 2 ? [a1, block] : [block]))
    }
    // five uncertified ancestors would be one more than a committee of four allows
    expect(branch).toHaveLength(5)
    expect(parentChosen(node)).toBe(branch[3]!.hash)
  })

  it('none that is justified by a later certificate than its own', () => {
    // epoch 2 is certified but its certified block is unknown to this leader's ledger: it justifies with the older one
    const node = new TestValidator(committee.config(selfOf(committee.members, 3)))
    const a2 = committee.block(a1, 2, { justify: certificateA1 })
    node.propose(a1, a2)
    node.receive({
      type: 'epoch-change-certificate',
      epochChange: committee.epochChanges(3, { 0: 0, 1: 1, 2: 0 }),
      certificate: certificateA1,
    })
    const build = buildsIn(node.timer('propose'))[0]!
    expect([build.parentHash, build.record.justify.epoch]).toEqual([a2.hash, 1])
  })
})
