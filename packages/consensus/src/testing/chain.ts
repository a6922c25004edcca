// For this room's tests: blocks, and all that a committee can sign about them, right or wrong.
import { type Address, type Hash, keccakHash, utf8ToBytes, ZERO_ADDRESS, ZERO_HASH } from '@tan/primitives'
import {
  type Block,
  type BlockHeader,
  type CommitCertificate,
  type ConsensusRecord,
  createBitmap,
  EMPTY_LOGS_BLOOM,
  EMPTY_TRIE_ROOT,
  type EpochChange,
  type EpochChangeCertificate,
  type Era,
  type EraStart,
  epochChangeDigest,
  type FinalityCertificate,
  hashBlock,
  hashHeader,
  hashRecord,
  nextMix,
  type Proposal,
  proposeDigest,
  revealDigest,
  startCertificate,
  type Vote,
  voteDigest,
} from '@tan/protocol'
import type { SettlementConfig } from '../settlement/types.ts'
import { createMembers, eraOf, type Members, type Self, scheme } from './members.ts'

export interface TestBlock {
  readonly hash: Hash
  readonly header: BlockHeader
  readonly epoch: number
}

export interface TestProposal extends TestBlock {
  readonly proposal: Proposal
  readonly record: ConsensusRecord
}

/** What differs from a right child of its parent, justified by the parent's certificate. */
export interface BlockOptions {
  readonly justify?: CommitCertificate
  readonly epochChange?: EpochChangeCertificate
  readonly finality?: FinalityCertificate
  readonly reveal?: Uint8Array
  readonly header?: Partial<BlockHeader>
  /** tells blocks of one place apart */
  readonly body?: string
}

export const GENESIS_HEADER: BlockHeader = {
  parentHash: ZERO_HASH,
  beneficiary: ZERO_ADDRESS,
  stateRoot: ZERO_HASH,
  transactionsRoot: EMPTY_TRIE_ROOT,
  receiptsRoot: EMPTY_TRIE_ROOT,
  logsBloom: EMPTY_LOGS_BLOOM,
  height: 0,
  gasLimit: 60_000_000,
  gasUsed: 0,
  timestampS: 1_800_000_000,
  recordHash: ZERO_HASH,
  mix: ZERO_HASH,
  baseFeePerGas: 0n,
}

export const GENESIS: TestBlock = { hash: hashHeader(GENESIS_HEADER), header: GENESIS_HEADER, epoch: 0 }
export const START_MS: number = GENESIS_HEADER.timestampS * 1000

export const TIMING = { blockIntervalMs: 500, timeoutBaseMs: 1_000, clockDriftMaxMs: 2_000 } as const

/** One era's committee, and the hands of all its members. */
export class TestCommittee {
  readonly members: Members
  readonly era: Era
  readonly start: CommitCertificate

  constructor(
    powers: readonly number[] = [1, 1, 1, 1],
    chainId?: number,
    start: Hash = GENESIS.hash,
    at: Pick<EraStart, 'height' | 'epoch'> = { height: 0, epoch: 0 },
  ) {
    this.members = createMembers(powers, start, chainId)
    this.era = eraOf(this.members, at)
    this.start = startCertificate(this.era)
  }

  config(self: Self | undefined): SettlementConfig {
    return { scheme, era: this.era, self, ...TIMING }
  }

  leaderOf(epoch: number): number {
    return epoch % this.members.set.signers.length
  }

  /** A leader's block on a parent. */
  block(parent: TestBlock, epoch: number, options: BlockOptions = {}): TestProposal {
    const { domain, set, secretKeys } = this.members
    const leader = this.leaderOf(epoch)
    const record: ConsensusRecord = {
      epoch,
      reveal: options.reveal ?? scheme.sign(revealDigest(domain, epoch), secretKeys[leader]!),
      justify: options.justify ?? this.start,
      epochChange: options.epochChange,
      committeeRoot: undefined,
      poolRoot: undefined,
      finality: options.finality,
    }
    const built = buildBlock(parent, record, set.signers[leader]!.address, options.body ?? '')
    const header = { ...built.header, ...options.header }
    const block = { ...built, header }
    const hash = hashBlock(block)
    const signature = scheme.sign(proposeDigest(domain, epoch, hash), secretKeys[leader]!)
    return { hash, header, epoch, record, proposal: { block, signature } }
  }

  vote(voter: number, { hash, epoch, record }: Pick<TestProposal, 'hash' | 'epoch' | 'record'>): Vote {
    const { domain, secretKeys } = this.members
    const vote = { epoch, blockHash: hash, justifyEpoch: record.justify.epoch }
    return { ...vote, voter, signature: scheme.sign(voteDigest(domain, vote), secretKeys[voter]!) }
  }

  /** CC of a block. */
  certify(block: TestProposal, voters: readonly number[] = [0, 1, 2]): CommitCertificate {
    const votes = voters.map(voter => this.vote(voter, block))
    return {
      epoch: block.epoch,
      blockHash: block.hash,
      justifyEpoch: block.record.justify.epoch,
      signers: createBitmap(voters, this.members.set.signers.length),
      signature: scheme.aggregate(votes.map(vote => vote.signature)),
    }
  }

  epochChange(sender: number, epoch: number, certificateEpoch: number): EpochChange {
    const { domain, secretKeys } = this.members
    const change = { epoch, certificateEpoch }
    return { ...change, sender, signature: scheme.sign(epochChangeDigest(domain, change), secretKeys[sender]!) }
  }

  /** EC(epoch), of what each sender reports. */
  epochChanges(epoch: number, reports: Readonly<Record<number, number>>): EpochChangeCertificate {
    const changes = Object.entries(reports).map(([i, reported]) => this.epochChange(Number(i), epoch, reported))
    const epochs = [...new Set(changes.map(change => change.certificateEpoch))].sort((a, b) => a - b)
    const size = this.members.set.signers.length
    return {
      epoch,
      groups: epochs.map(certificateEpoch => ({
        certificateEpoch,
        signers: createBitmap(
          changes.filter(change => change.certificateEpoch === certificateEpoch).map(({ sender }) => sender),
          size,
        ),
      })),
      signature: scheme.aggregate(changes.map(change => change.signature)),
    }
  }
}

/** What the ledger makes of a record on a parent; `body` tells blocks of one place apart. */
export function buildBlock(
  parent: Pick<TestBlock, 'hash' | 'header'>,
  record: ConsensusRecord,
  beneficiary: Address,
  body: string,
): Block {
  const header: BlockHeader = {
    ...parent.header,
    parentHash: parent.hash,
    beneficiary,
    stateRoot: keccakHash(utf8ToBytes(`${parent.hash} ${body}`)),
    height: parent.header.height + 1,
    recordHash: hashRecord(record),
    mix: nextMix(parent.header.mix, record.reveal),
  }
  return { header, record, transactions: [] }
}

/** The same signature with one bit changed: a point of the curve hardly ever, and never the right one. */
export function forged(signature: Uint8Array): Uint8Array {
  return signature.map((byte, i) => (i === 40 ? byte ^ 1 : byte))
}

export function hashOf(text: string): Hash {
  return keccakHash(utf8ToBytes(text))
}
