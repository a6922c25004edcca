// The hand that signs (spec S-DURABLE, S-RESTART): a record with each message, epochs that never fall, and nothing out before its write.
import { describe, expect, it } from 'vitest'
import { GENESIS, TestCommittee } from '../testing/chain.ts'
import { selfOf } from '../testing/members.ts'
import { Outbox } from './outbox.ts'
import { Signer } from './signer.ts'

const committee = new TestCommittee()
const { start } = committee
const entry = { type: 'certificate', certificate: start } as const
const config = committee.config(selfOf(committee.members, 1))
const signer = (): Signer => new Signer(config, undefined, entry)
const a1 = committee.block(GENESIS, 1)
const voteIn = (epoch: number) => ({ epoch, blockHash: a1.hash, justifyEpoch: 0 })

describe('the signer', () => {
  it('gives each message together with a record that remembers it', () => {
    const hand = signer()
    const proposed = hand.propose(a1.proposal.block, a1.hash, start)
    expect(proposed.record.lastProposal).toEqual({ epoch: 1, blockHash: a1.hash })
    expect(proposed.message.proposal).toEqual(a1.proposal)
    const voted = hand.vote(voteIn(1), start)
    expect(voted.record).toMatchObject({ lastProposal: proposed.record.lastProposal, lastVote: voted.message.vote })
    expect(voted.message.vote).toEqual(committee.vote(1, a1))
    const left = hand.giveUp(1, start)
    expect(left.record).toEqual({
      lastProposal: { epoch: 1, blockHash: a1.hash },
      lastVote: voted.message.vote,
      lastEpochChange: { epochChange: committee.epochChange(1, 2, 0), certificate: start },
      highCertificate: start,
      entry,
    })
  })

  it('stops rather than sign twice in an epoch, or in one that it gave up, also after a restart', () => {
    const hand = signer()
    hand.propose(a1.proposal.block, a1.hash, start)
    hand.vote(voteIn(3), start)
    const { record } = hand.giveUp(4, start)
    for (const other of [hand, new Signer(config, record, entry)]) {
      expect(() => other.propose(a1.proposal.block, a1.hash, start)).toThrow('in epoch 1')
      for (const epoch of [2, 3, 4]) {
        expect(other.mayVote(epoch)).toBe(false)
        expect(() => other.vote(voteIn(epoch), start)).toThrow(`in epoch ${epoch}`)
      }
      expect(() => other.giveUp(4, start)).toThrow('twice')
      expect(other.mayVote(5)).toBe(true)
    }
  })

  it('never enters an earlier epoch', () => {
    const hand = signer()
    hand.enter({ type: 'certificate', certificate: committee.certify(a1) })
    expect(() => hand.enter(entry)).toThrow('after a later one')
  })

  it('signs nothing without a key of the committee', () => {
    const follower = new Signer(committee.config(undefined), undefined, entry)
    expect([follower.mayVote(1), follower.mayPropose(1), follower.mayGiveUp(1)]).toEqual([false, false, false])
    expect(() => follower.vote(voteIn(1), start)).toThrow()
    expect(() => follower.reveal(1)).toThrow('without a key')
  })
})

describe('the outbox', () => {
  it('lets nothing that was signed out before its record', () => {
    const hand = signer()
    const voted = hand.vote(voteIn(1), start)
    const out = new Outbox(undefined)
    expect(() => out.broadcast(voted.message)).toThrow('not durable')
    out.send(voted, [])
    expect(out.take().map(({ type }) => type)).toEqual(['persist-settlement', 'broadcast-settlement'])
    // and again, as it is durable now
    out.broadcast(voted.message)
    const left = hand.giveUp(1, start)
    expect(() => out.broadcast(left.message)).toThrow('not durable')
    expect(() => out.send({ message: left.message, record: voted.record }, [])).toThrow('not durable')
  })

  it('knows what was durable before', () => {
    const { record, message } = signer().vote(voteIn(1), start)
    const out = new Outbox(record)
    out.broadcast(message)
    expect(out.take()).toHaveLength(1)
  })
})
