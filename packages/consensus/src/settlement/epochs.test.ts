// When epochs are given up, entered and timed (spec S-ENTER, S-TIMER, S-TIMEOUT), and who is answered.
import { describe, expect, it } from 'vitest'
import { GENESIS, TestCommittee, TIMING } from '../testing/chain.ts'
import { selfOf } from '../testing/members.ts'
import { FRESH, rejectionsIn, TestValidator, told, votesIn } from '../testing/validator.ts'
import type { SettlementEffect } from './types.ts'

const committee = new TestCommittee()
const { start } = committee
const config = committee.config(selfOf(committee.members, 0))
const validator = (): TestValidator => new TestValidator(config)

const a1 = committee.block(GENESIS, 1)
const certificateA1 = committee.certify(a1, [1, 2, 3])
const a2 = committee.block(a1, 2, { justify: certificateA1 })

const change = (sender: number, epoch: number, certificate = start) =>
  ({ type: 'epoch-change', epochChange: committee.epochChange(sender, epoch, certificate.epoch), certificate }) as const
const timerDelay = (effects: readonly SettlementEffect[], timer: string): number | undefined => {
  const armed = effects.findLast(effect => effect.type === 'settlement-timer' && effect.timer === timer)
  return armed?.type === 'settlement-timer' ? armed.delayMs : undefined
}

describe('an epoch is given up', () => {
  it('when its timer fires: durable, then told, once', () => {
    const node = validator()
    expect(told(node.timer('epoch'))).toEqual(['persist change 2 high 0', 'send change 2 on 0'])
    expect(told(node.timer('epoch'))).toEqual([])
    expect(node.settlement.status()).toMatchObject({ epoch: 1, hasGivenUpEpoch: true })
  })

  it('with the highest certificate seen', () => {
    const node = validator()
    node.propose(a1, a2)
    expect(told(node.timer('epoch'))).toEqual(['persist vote 2 change 3 high 1', 'send change 3 on 1'])
  })

  it('when more than the faulty want to leave it, for whichever later epochs, and not for fewer', () => {
    const node = validator()
    expect(told(node.receive(change(1, 2)))).toEqual([])
    expect(told(node.receive(change(1, 3)))).toEqual([])
    expect(told(node.receive(change(2, 5)))).toEqual(['persist change 2 high 0', 'send change 2 on 0'])
    expect(node.epoch).toBe(1)
  })

  it('at once when it is entered after they have left it', () => {
    const node = validator()
    node.receive(change(1, 3))
    node.receive(change(2, 3))
    expect(told(node.receive({ type: 'certificate', certificate: certificateA1 }))).toEqual([
      `fetch ${a1.hash}`,
      'send certificate 1',
      'persist change 3 high 1',
      'send change 3 on 1',
      // own and two others: a quorum for epoch 3
      'send changes 3',
    ])
    expect(node.epoch).toBe(3)
  })

  it('when exactly a third wants to leave it', () => {
    const three = new TestCommittee([1, 1, 1])
    const node = new TestValidator(three.config(selfOf(three.members, 0)))
    const epochChange = three.epochChange(1, 2, 0)
    expect(told(node.receive({ type: 'epoch-change', epochChange, certificate: three.start }))).toEqual([
      'persist change 2 high 0',
      'send change 2 on 0',
    ])
  })

  it('by power, not by heads', () => {
    const weighted = new TestCommittee([5, 1, 1, 1])
    const node = new TestValidator(weighted.config(selfOf(weighted.members, 1)))
    const message = (sender: number) =>
      ({ type: 'epoch-change', epochChange: weighted.epochChange(sender, 2, 0), certificate: weighted.start }) as const
    expect(told(node.receive(message(2)))).toEqual([])
    expect(told(node.receive(message(3)))).toEqual([])
    expect(told(node.receive(message(0)))).toEqual([
      // 5 + 1 + 1 of 8 are a quorum even without this node's
      'send changes 2',
    ])
  })
})

describe('an epoch is entered', () => {
  it('on a quorum of epoch changes, which is passed on with the highest certificate', () => {
    const node = validator()
    node.timer('epoch')
    expect(told(node.receive(change(1, 2)))).toEqual([])
    expect(told(node.receive(change(2, 2)))).toEqual(['send changes 2'])
    expect(node.epoch).toBe(2)
    expect(node.settlement.status().hasGivenUpEpoch).toBe(false)
  })

  it('with reports in groups, each sender in one, the certificate that of the highest', () => {
    const node = validator()
    node.receive(change(1, 3))
    const effects = node.receive(change(2, 3, certificateA1))
    const sent = effects.flatMap(effect =>
      effect.type === 'broadcast-settlement' && effect.message.type === 'epoch-change-certificate'
        ? [effect.message]
        : [],
    )
    expect(sent).toHaveLength(1)
    expect(sent[0]!.epochChange).toEqual(committee.epochChanges(3, { 0: 1, 1: 0, 2: 1 }))
    expect(sent[0]!.certificate).toEqual(certificateA1)
  })

  it('on a certificate of the epoch before', () => {
    const node = validator()
    node.receive({ type: 'certificate', certificate: certificateA1 })
    expect(node.epoch).toBe(2)
  })

  it('on votes that make one', () => {
    const node = validator()
    node.propose(a1)
    expect(told(node.receive({ type: 'vote', vote: committee.vote(1, a1) }))).toEqual([])
    expect(told(node.receive({ type: 'vote', vote: committee.vote(2, a1) }))).toEqual(['send certificate 1'])
    expect(node.epoch).toBe(2)
  })

  it('on an epoch change certificate of others, and not on one below its reports', () => {
    const reports = { 1: 0, 2: 1, 3: 1 }
    const epochChange = committee.epochChanges(3, reports)
    const message = { type: 'epoch-change-certificate', epochChange } as const
    const low = validator()
    expect(rejectionsIn(low.receive({ ...message, certificate: start }))).toEqual(['epoch-change/certificate'])
    expect(low.epoch).toBe(1)
    const node = validator()
    expect(told(node.receive({ ...message, certificate: certificateA1 }))).toEqual([
      `fetch ${a1.hash}`,
      'send certificate 1',
      'send changes 3',
    ])
    expect(node.epoch).toBe(3)
  })

  it('never again: no certificate lowers it', () => {
    const node = validator()
    node.propose(a1, a2)
    node.receive({ type: 'certificate', certificate: committee.certify(a2) })
    expect(node.epoch).toBe(3)
    node.receive({ type: 'certificate', certificate: certificateA1 })
    node.receive({
      type: 'epoch-change-certificate',
      epochChange: committee.epochChanges(2, { 1: 0, 2: 0, 3: 0 }),
      certificate: start,
    })
    expect(node.epoch).toBe(3)
  })

  it('and voted in, although the one before was given up', () => {
    const node = validator()
    node.timer('epoch')
    node.receive(change(1, 2))
    node.receive(change(2, 2))
    const epochChange = committee.epochChanges(2, { 0: 0, 1: 0, 2: 0 })
    expect(votesIn(node.propose(committee.block(GENESIS, 2, { epochChange })))).toEqual([2])
  })
})

describe('timers', () => {
  it.each([
    { title: 'the first epoch', blocks: 0, entered: 1, delayMs: 1_000 },
    { title: 'after a certificate', blocks: 1, entered: 2, delayMs: 1_000 },
    { title: 'one epoch without a certificate', blocks: 1, entered: 3, delayMs: 2_000 },
    { title: 'three epochs without one', blocks: 1, entered: 5, delayMs: 16_000 },
    { title: 'for long', blocks: 1, entered: 40, delayMs: 64_000 },
  ])('back off: $title', ({ blocks, entered, delayMs }) => {
    const node = validator()
    let effects = node.began
    if (blocks > 0) effects = node.receive({ type: 'certificate', certificate: certificateA1 })
    if (entered > 2) {
      const epochChange = committee.epochChanges(entered, { 1: 1, 2: 1, 3: 1 })
      effects = node.receive({ type: 'epoch-change-certificate', epochChange, certificate: certificateA1 })
    }
    expect(node.epoch).toBe(entered)
    expect(timerDelay(effects, 'epoch')).toBe(delayMs)
  })

  it('back off too when certificates come but nothing settles, once for each turn of the committee', () => {
    const node = validator()
    const delays: (number | undefined)[] = []
    let parent: typeof GENESIS = GENESIS
    let justify = start
    // certified blocks, every other epoch given up: no two in a row
    for (let epoch = 1; epoch <= 9; epoch += 2) {
      const epochChange =
        epoch === 1
          ? undefined
          : committee.epochChanges(epoch, { 1: justify.epoch, 2: justify.epoch, 3: justify.epoch })
      const block = committee.block(parent, epoch, { justify, ...(epochChange && { epochChange }) })
      node.propose(block)
      justify = committee.certify(block)
      delays.push(
        timerDelay(node.receive({ type: 'certificate', certificate: justify }), 'epoch')! - TIMING.blockIntervalMs,
      )
      parent = block
    }
    expect(delays).toEqual([1_000, 1_000, 2_000, 2_000, 4_000])
  })

  it('pace the leader from when the block before was first seen, and it alone', () => {
    const leader = new TestValidator(committee.config(selfOf(committee.members, 2)))
    leader.propose(a1)
    leader.nowMs += 200
    const effects = leader.receive({ type: 'certificate', certificate: certificateA1 })
    expect(timerDelay(effects, 'propose')).toBe(300)
    expect(timerDelay(effects, 'epoch')).toBe(1_300)
    const other = validator()
    expect(timerDelay(other.receive({ type: 'certificate', certificate: certificateA1 }), 'propose')).toBeUndefined()
  })

  it.each([
    { title: 'set back', byMs: -3_600_000, pacingMs: 500 },
    { title: 'set forward', byMs: 3_600_000, pacingMs: 0 },
  ])('stay within the block interval when the clock is $title', ({ byMs, pacingMs }) => {
    const leader = new TestValidator(committee.config(selfOf(committee.members, 2)))
    leader.propose(a1)
    leader.nowMs += byMs
    const effects = leader.receive({ type: 'certificate', certificate: certificateA1 })
    expect(timerDelay(effects, 'propose')).toBe(pacingMs)
  })

  it('resend what is durable with the entry, and arm again', () => {
    const node = validator()
    node.propose(a1, a2)
    node.timer('epoch')
    const effects = node.timer('resend')
    expect(told(effects)).toEqual(['send certificate 1', 'send vote 2', 'send change 3 on 1'])
    expect(timerDelay(effects, 'resend')).toBe(TIMING.timeoutBaseMs)
  })

  it('resend nothing of earlier epochs', () => {
    const node = validator()
    node.propose(a1)
    node.receive({ type: 'certificate', certificate: certificateA1 })
    expect(told(node.timer('resend'))).toEqual(['send certificate 1'])
  })
})

describe('laggards', () => {
  it('are answered with what opened the epoch, each once in a while', () => {
    const node = validator()
    node.propose(a1, a2)
    expect(told(node.receive(change(3, 2)))).toEqual(['send to 3 certificate 1'])
    expect(told(node.receive(change(3, 2)))).toEqual([])
    expect(told(node.receive(change(2, 2)))).toEqual(['send to 2 certificate 1'])
    node.nowMs += TIMING.timeoutBaseMs / 2
    expect(told(node.receive(change(3, 2)))).toEqual(['send to 3 certificate 1'])
    node.nowMs -= 3_600_000
    expect(told(node.receive(change(3, 2)))).toEqual(['send to 3 certificate 1'])
  })

  it('are not answered by who is in the first epoch, nor nobodies, nor oneself, nor by a follower', () => {
    expect(told(validator().receive(change(3, 1)))).toEqual([])
    const node = validator()
    node.propose(a1, a2)
    expect(
      told(node.receive({ ...change(3, 2), epochChange: { ...committee.epochChange(3, 2, 0), sender: 77 } })),
    ).toEqual([])
    expect(told(node.receive(change(0, 2)))).toEqual([])
    const follower = new TestValidator(committee.config(undefined))
    follower.propose(a1, a2)
    expect(told(follower.receive(change(3, 2)))).toEqual([])
  })
})

describe('after a restart', () => {
  it('the epoch is the durable one, and all that was sent is sent again, byte for byte', () => {
    const before = validator()
    const sent = [...before.propose(a1, a2), ...before.timer('epoch')]
    const write = sent.findLast(effect => effect.type === 'persist-settlement')!
    const again = new TestValidator(config, { ...FRESH, safety: write.safety, proposals: [a1.proposal, a2.proposal] })
    expect(again.epoch).toBe(2)
    expect(told(again.began)).toEqual(['send certificate 1', 'send vote 2', 'send change 3 on 1'])
    const messages = (effects: readonly SettlementEffect[]) =>
      effects.filter(effect => effect.type === 'broadcast-settlement' && effect.message.type !== 'proposal')
    const first = messages(sent)
    for (const message of messages(again.began)) expect(first).toContainEqual(message)
  })

  it('own votes and epoch changes count again', () => {
    const before = validator()
    const voted = before.propose(a1).find(effect => effect.type === 'persist-settlement')!
    const again = new TestValidator(config, {
      ...FRESH,
      safety: voted.safety,
      proposals: voted.proposals.map(({ proposal }) => proposal),
    })
    again.receive({ type: 'vote', vote: committee.vote(1, a1) })
    again.receive({ type: 'vote', vote: committee.vote(2, a1) })
    expect(again.epoch).toBe(2)
    const gaveUp = validator()
      .timer('epoch')
      .find(effect => effect.type === 'persist-settlement')!
    const other = new TestValidator(config, { ...FRESH, safety: gaveUp.safety })
    other.receive(change(1, 2))
    other.receive(change(2, 2))
    expect(other.epoch).toBe(2)
  })
})
