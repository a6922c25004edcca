import { type Hash, keccakHash } from '@tan/primitives'
import type { FinalityStatement, SettlementMessage } from '@tan/protocol'
import { createBitmap } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { Agreement } from './agreement.ts'
import { Signatures } from './signatures.ts'
import { TreeAgreement } from './tree-agreement.ts'

const hashOf = (name: string): Hash => keccakHash(Uint8Array.from(name, character => character.charCodeAt(0)))
const [genesis, a, b, c] = ['genesis', 'a', 'b', 'c'].map(hashOf) as [Hash, Hash, Hash, Hash]
const signature = new Uint8Array(96)

describe('the checker of agreement', () => {
  const settled = (): Agreement => {
    const agreement = new Agreement(genesis)
    agreement.onSettled(0, { hash: a, parentHash: genesis, height: 1 })
    agreement.onSettled(0, { hash: b, parentHash: a, height: 2 })
    return agreement
  }

  it('accepts prefixes of one chain, and a node that starts again from one', () => {
    const agreement = settled()
    agreement.onSettled(1, { hash: a, parentHash: genesis, height: 1 })
    agreement.onStart(0, 1, a)
    agreement.onSettled(0, { hash: b, parentHash: a, height: 2 })
    agreement.onFinalized(1, 2, b)
    expect(agreement.settledHeight).toBe(2)
  })

  it.each<[string, (agreement: Agreement) => void]>([
    ['two blocks at a height', agreement => agreement.onSettled(1, { hash: c, parentHash: genesis, height: 1 })],
    ['a gap', agreement => agreement.onSettled(0, { hash: c, parentHash: b, height: 4 })],
    ['another parent', agreement => agreement.onSettled(0, { hash: c, parentHash: a, height: 3 })],
    ['a start from elsewhere', agreement => agreement.onStart(1, 1, c)],
    ['finality beside the settled chain', agreement => agreement.onFinalized(0, 2, c)],
    [
      'two final blocks at a height',
      agreement => {
        agreement.onFinalized(0, 5, a)
        agreement.onFinalized(1, 5, b)
      },
    ],
    [
      'a block settled beside what is final',
      agreement => {
        agreement.onFinalized(1, 3, a)
        agreement.onSettled(0, { hash: c, parentHash: b, height: 3 })
      },
    ],
  ])('notices %s', (_, act) => {
    expect(() => act(settled())).toThrow(expect.objectContaining({ kind: 'conflict' }))
  })
})

describe('the checker of a tree of checkpoints', () => {
  const parents = new Map<Hash, Hash>([
    [a, genesis],
    [b, a],
    [c, genesis],
  ])
  const agreement = (): TreeAgreement => new TreeAgreement(hash => parents.get(hash))

  it('accepts one branch in any order', () => {
    const tree = agreement()
    for (const hash of [b, a, b]) tree.onFinalized(0, hash)
  })

  it('notices two branches', () => {
    const tree = agreement()
    tree.onFinalized(0, b)
    expect(() => tree.onFinalized(1, c)).toThrow(expect.objectContaining({ kind: 'conflict' }))
  })
})

const vote = (epoch: number, blockHash: Hash, justifyEpoch: number): SettlementMessage => ({
  type: 'vote',
  vote: { epoch, blockHash, justifyEpoch, voter: 1, signature },
})
const certificate = { epoch: 0, blockHash: genesis, justifyEpoch: 0, signers: signature, signature }
const epochChange = (epoch: number, certificateEpoch: number): SettlementMessage => ({
  type: 'epoch-change',
  epochChange: { epoch, certificateEpoch, sender: 1, signature },
  certificate,
})

describe('the checker of validators who contradict themselves', () => {
  it('accepts what an honest one sends, again and again', () => {
    const signatures = new Signatures(() => 0)
    const messages = [vote(1, a, 0), epochChange(2, 0), vote(2, b, 1), epochChange(4, 1), vote(4, c, 1)]
    for (const message of [...messages, ...messages]) signatures.onSettlement(1, message)
    signatures.onSettlement(2, vote(1, b, 0)) // the vote of another, passed on
  })

  it.each<[string, SettlementMessage[]]>([
    ['two votes in an epoch', [vote(3, a, 1), vote(3, b, 1)]],
    ['a vote on two justifications', [vote(3, a, 1), vote(3, a, 2)]],
    ['two reports for an epoch', [epochChange(3, 0), epochChange(3, 1)]],
    ['a report below a vote', [vote(3, a, 2), epochChange(4, 1)]],
    ['a vote above a report', [epochChange(4, 1), vote(3, a, 2)]],
    ['a vote in an epoch that was given up', [epochChange(4, 2), vote(3, a, 1)]],
  ])('notices %s', (_, messages) => {
    const signatures = new Signatures(() => 0)
    expect(() => {
      for (const message of messages) signatures.onSettlement(1, message)
    }).toThrow(expect.objectContaining({ kind: 'contradiction' }))
  })
})

describe('the checker of guardians who contradict themselves', () => {
  const prepare = (sourceRound: number, round: number, target: Hash): FinalityStatement => ({
    type: 'prepare',
    prepare: { round, source: { hash: genesis, round: sourceRound }, target },
  })
  const commit = (round: number, hash: Hash): FinalityStatement => ({
    type: 'commit',
    commit: { point: { hash, round } },
  })
  const send = (signatures: Signatures, statement: FinalityStatement, member = 1): void =>
    signatures.onFinality(1, {
      type: 'share',
      share: { statement, group: 0, members: createBitmap([member], 64), signature },
    })

  it('accepts what an honest one sends, and what it passes on', () => {
    const signatures = new Signatures(() => 0)
    for (const statement of [prepare(0, 1, a), commit(1, a), prepare(1, 2, b), commit(2, b), prepare(0, 1, a)])
      send(signatures, statement)
    send(signatures, prepare(0, 1, c), 2)
  })

  it.each<[string, FinalityStatement[]]>([
    ['two prepares in a round', [prepare(0, 2, a), prepare(0, 2, b)]],
    ['a prepare over a commit', [commit(2, a), prepare(1, 3, b)]],
    ['a commit under a prepare', [prepare(1, 3, b), commit(2, a)]],
    ['two commits in a round', [commit(2, a), commit(2, b)]],
  ])('notices %s', (_, statements) => {
    const signatures = new Signatures(() => 0)
    expect(() => {
      for (const statement of statements) send(signatures, statement)
    }).toThrow(expect.objectContaining({ kind: 'contradiction' }))
  })
})
