// The order of effects: nothing happens before what must be durable is durable, and nothing at all after a fault or a write
// that failed.
import { describe, expect, it } from 'vitest'
import { inEra } from './era/in-era.ts'
import type { ReplicaEffect } from './replica.ts'
import { type DurableWrite, Runner } from './runner.ts'
import { Settlement } from './settlement/settlement.ts'
import type { SettlementInput } from './settlement/types.ts'
import { forged, GENESIS, START_MS, TestCommittee } from './testing/chain.ts'
import { selfOf } from './testing/members.ts'
import { FRESH, tell } from './testing/validator.ts'

const committee = new TestCommittee()
const config = committee.config(selfOf(committee.members, 0))
const a1 = committee.block(GENESIS, 1)
const b1 = committee.block(GENESIS, 1, { body: 'b' })
const a2 = committee.block(a1, 2, { justify: committee.certify(a1) })

/** The real machine on a disk whose writes end when the test says so. */
class Harness {
  readonly log: string[] = []
  readonly writes: { readonly write: DurableWrite; readonly done: () => void }[] = []
  readonly runner: Runner<SettlementInput>
  onPerform: (effect: ReplicaEffect) => void = () => {}
  onPersist: () => void = () => {}

  constructor() {
    const settlement = new Settlement(config, FRESH)
    const machine = {
      start: (nowMs: number) => inEra(GENESIS.hash, settlement.start(nowMs)),
      step: (input: SettlementInput, nowMs: number) => inEra(GENESIS.hash, settlement.step(input, nowMs)),
    }
    this.runner = new Runner<SettlementInput>(machine, {
      nowMs: () => START_MS,
      persist: (write, done) => {
        this.log.push(
          `write vote ${write.safety?.lastVote?.epoch} change ${write.safety?.lastEpochChange?.epochChange.epoch}`,
        )
        this.writes.push({ write, done })
        this.onPersist()
      },
      perform: effect => {
        if (effect.type !== 'settlement-timer' && effect.type !== 'head')
          this.log.push(tell(effect as Parameters<typeof tell>[0]))
        this.onPerform(effect)
      },
    })
  }

  propose({ proposal }: typeof a1, onOutcome?: (word: string) => void): void {
    const message = { type: 'proposal', proposal } as const
    this.runner.deliver({ type: 'settlement-message', message, from: undefined }, outcome =>
      onOutcome?.(typeof outcome === 'object' ? outcome.code : outcome),
    )
  }

  executed({ hash }: typeof a1): void {
    this.runner.deliver({ type: 'executed', blockHash: hash, rejection: undefined })
  }

  taken(): string[] {
    return this.log.splice(0)
  }
}

function started(): Harness {
  const harness = new Harness()
  harness.runner.start()
  harness.taken()
  return harness
}

describe('the runner', () => {
  it('sends a vote when it is durable, and takes no input until then', () => {
    const harness = started()
    harness.propose(a1)
    harness.executed(a1)
    expect(harness.taken()).toEqual(['execute 1', 'write vote 1 change undefined'])
    harness.runner.deliver({ type: 'settlement-timer', timer: 'epoch', epoch: 1 })
    harness.propose(a2)
    expect(harness.taken()).toEqual([])
    harness.writes[0]!.done()
    expect(harness.taken()).toEqual(['send vote 1', 'write vote 1 change 2'])
    harness.writes[1]!.done()
    expect(harness.taken()).toEqual(['send change 2 on 0', 'send certificate 1', 'execute 2'])
  })

  it('gives the write what the machine wants durable', () => {
    const harness = started()
    harness.propose(a1)
    harness.executed(a1)
    expect(harness.writes).toMatchObject([
      {
        write: {
          era: GENESIS.hash,
          safety: { lastVote: committee.vote(0, a1) },
          proposals: [{ hash: a1.hash, proposal: a1.proposal }],
        },
      },
    ])
    expect(harness.writes[0]!.write.finality).toBeUndefined()
  })

  it('goes on in the same order when a write is durable at once', () => {
    const harness = started()
    harness.onPersist = () => harness.writes.shift()!.done()
    harness.propose(a1)
    harness.executed(a1)
    harness.runner.deliver({ type: 'settlement-timer', timer: 'epoch', epoch: 1 })
    expect(harness.taken()).toEqual([
      'execute 1',
      'write vote 1 change undefined',
      'send vote 1',
      'write vote 1 change 2',
      'send change 2 on 0',
    ])
  })

  it('lets what a port delivers wait for the effects in hand', () => {
    const harness = started()
    harness.onPerform = effect => {
      if (effect.type === 'execute') harness.executed(a1)
    }
    harness.onPersist = () => harness.writes.shift()!.done()
    harness.propose(a1)
    expect(harness.taken()).toEqual(['execute 1', 'write vote 1 change undefined', 'send vote 1'])
  })

  it('tells what became of a message, in its turn', () => {
    const harness = started()
    const answers: string[] = []
    harness.propose(a1, word => answers.push(word))
    expect(answers).toEqual(['taken'])
    harness.executed(a1)
    const spoiled = { ...b1, proposal: { ...b1.proposal, signature: forged(b1.proposal.signature) } }
    harness.propose(spoiled, word => answers.push(word))
    expect(answers).toEqual(['taken'])
    harness.writes[0]!.done()
    expect(answers).toEqual(['taken', 'proposal/signature'])
    harness.propose(a1, word => answers.push(word))
    expect(answers.at(-1)).toBe('nothing-new')
  })

  it('keeps what comes before the start until after it', () => {
    const harness = new Harness()
    harness.propose(a1)
    harness.executed(a1)
    expect(harness.taken()).toEqual([])
    harness.runner.start()
    expect(harness.taken()).toEqual(['execute 1', 'write vote 1 change undefined'])
  })

  it('does nothing more after a write that never ends', () => {
    const harness = started()
    harness.propose(a1)
    harness.executed(a1)
    harness.taken()
    for (let i = 0; i < 10; i++) {
      harness.propose(a2)
      harness.runner.deliver({ type: 'settlement-timer', timer: 'resend', epoch: 1 })
    }
    expect(harness.taken()).toEqual([])
  })

  it('tells of a write that throws, and does nothing more', () => {
    const harness = started()
    harness.propose(a1)
    harness.onPersist = () => {
      throw new Error('the disk is full')
    }
    expect(() => harness.executed(a1)).toThrow('the disk is full')
    harness.taken()
    harness.onPersist = () => {}
    harness.propose(a2)
    harness.runner.deliver({ type: 'settlement-timer', timer: 'resend', epoch: 1 })
    expect(harness.taken()).toEqual([])
  })

  it('does nothing more once it is stopped, not even when a write ends', () => {
    const harness = started()
    harness.propose(a1)
    harness.executed(a1)
    harness.runner.stop()
    harness.taken()
    harness.writes[0]!.done()
    harness.propose(a2)
    expect(harness.taken()).toEqual([])
  })

  it('does nothing after a fault, not even what the machine still wants', () => {
    const log: string[] = []
    const era = GENESIS.hash
    const fault: ReplicaEffect = { type: 'fault', era, code: 'settlement/two-certificates', message: 'broken' }
    const message = { type: 'vote', vote: committee.vote(0, a1) } as const
    const vote: ReplicaEffect = { type: 'broadcast-settlement', era, message }
    const runner = new Runner<'go'>(
      { start: () => [], step: () => [vote, fault, vote] },
      { nowMs: () => 0, persist: () => log.push('persist'), perform: ({ type }) => log.push(type) },
    )
    runner.start()
    runner.deliver('go')
    runner.deliver('go')
    expect(log).toEqual(['broadcast-settlement', 'fault'])
  })
})
