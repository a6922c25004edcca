// Messages beyond their bounds never reach the machines: decoding refuses them, with a code and the place.
import { decode, decodeRlp, encode, encodeRlp, type Reason, type RlpItem, reasonOf } from '@tan/primitives'
import {
  type FinalityMessage,
  finalityMessageCodec,
  limits,
  type SettlementMessage,
  settlementMessageCodec,
} from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { GENESIS, hashOf, TestCommittee } from './testing/chain.ts'
import { preparing, TestPool } from './testing/pool.ts'

const committee = new TestCommittee()
const pool = new TestPool()
const a1 = committee.block(GENESIS, 1)
const epochChange = committee.epochChanges(2, { 1: 0, 2: 0, 3: 0 })
const prepare = { round: 1, source: pool.root, target: hashOf('a') }
const justification = pool.justification(prepare)

type Path = readonly number[]

/** The same item with the part at a path changed. */
function changed(item: RlpItem, [first, ...rest]: Path, change: (part: RlpItem) => RlpItem): RlpItem {
  if (first === undefined) return change(item)
  return (item as readonly RlpItem[]).map((part, i) => (i === first ? changed(part, rest, change) : part))
}

const longer = (sizeBytes: number) => (): RlpItem => new Uint8Array(sizeBytes).fill(1)
const repeated =
  (length: number) =>
  (part: RlpItem): RlpItem =>
    Array.from({ length }, () => (part as RlpItem[])[0]!)

const settlement: readonly {
  title: string
  message: SettlementMessage
  path: Path
  change: (part: RlpItem) => RlpItem
  says: string
}[] = [
  {
    title: 'a vote with a longer signature',
    message: { type: 'vote', vote: committee.vote(1, a1) },
    path: [1, 0, 4],
    change: longer(97),
    says: 'message.vote.vote.signature: 97 bytes',
  },
  {
    title: 'a vote in an epoch beyond the safe integers',
    message: { type: 'vote', vote: committee.vote(1, a1) },
    path: [1, 0, 0],
    change: longer(8),
    says: 'message.vote.vote.epoch: 72340172838076673 is above',
  },
  {
    title: 'a certificate with a bitmap of more than any committee',
    message: { type: 'certificate', certificate: committee.certify(a1) },
    path: [1, 0, 3],
    change: longer(limits.COMMITTEE_MAX / 8 + 1),
    says: 'message.certificate.certificate.signers: 17 bytes',
  },
  {
    title: 'an epoch change in more groups than any committee has members',
    message: { type: 'epoch-change-certificate', epochChange, certificate: committee.start },
    path: [1, 0, 1],
    change: repeated(limits.COMMITTEE_MAX + 1),
    says: '129 elements',
  },
  {
    title: 'a block with a longer transaction than any',
    message: { type: 'proposal', proposal: a1.proposal },
    path: [1, 0, 0, 2],
    change: () => [new Uint8Array(limits.TRANSACTION_MAX_BYTES + 1)],
    says: 'transactions[0]: 131073 bytes',
  },
]

const finality: readonly {
  title: string
  message: FinalityMessage
  path: Path
  change: (part: RlpItem) => RlpItem
  says: string
}[] = [
  {
    title: 'more justifications than a message may have',
    message: { type: 'justified', justifications: [justification] },
    path: [1, 0],
    change: repeated(limits.FINALITY_SOURCES_MAX + 1),
    says: '65 elements',
  },
  {
    title: 'a justification with a bitmap of more than any pool',
    message: { type: 'justified', justifications: [justification] },
    path: [1, 0, 0, 1],
    change: longer(limits.GUARDIANS_MAX / 8 + 1),
    says: '2049 bytes',
  },
  {
    title: 'a share of more members than a group has',
    message: { type: 'share', share: pool.share(preparing(prepare), 1) },
    path: [1, 0, 2],
    change: longer(9),
    says: 'message.share.share.members: 9 bytes',
  },
]

function refusal(act: () => unknown): Reason | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    return reasonOf(error)
  }
}

describe('decoding refuses', () => {
  it.each(settlement)('$title', ({ message, path, change, says }) => {
    const right = decodeRlp(encode(settlementMessageCodec, message))
    expect(decode(settlementMessageCodec, encodeRlp(right))).toEqual(message)
    const wrong = encodeRlp(changed(right, path, change))
    expect(refusal(() => decode(settlementMessageCodec, wrong))).toMatchObject({
      code: 'codec/invalid',
      message: expect.stringContaining(says),
    })
  })

  it.each(finality)('$title', ({ message, path, change, says }) => {
    const right = decodeRlp(encode(finalityMessageCodec, message))
    expect(decode(finalityMessageCodec, encodeRlp(right))).toEqual(message)
    const wrong = encodeRlp(changed(right, path, change))
    expect(refusal(() => decode(finalityMessageCodec, wrong))).toMatchObject({
      code: 'codec/invalid',
      message: expect.stringContaining(says),
    })
  })
})
