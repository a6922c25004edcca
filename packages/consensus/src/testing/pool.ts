// For this room's tests: a pool of guardians, all that its members can sign, and the finality machine of one of them.
import type { Hash } from '@tan/primitives'
import {
  type AggregateSignature,
  type BallotProposal,
  ballotDigest,
  createBitmap,
  culpritsOf,
  type FinalityCertificate,
  type FinalityMessage,
  type FinalityShare,
  type FinalityStatement,
  GROUP_SIZE,
  type Justification,
  type JustifiedPoint,
  type Prepare,
  rootPoint,
  type Status,
  statementDigest,
  statusDigest,
} from '@tan/protocol'
import { Finality } from '../finality/finality.ts'
import { ballotLeader } from '../finality/leader.ts'
import type { Checkpoint, FinalityConfig, FinalityEffect, FinalityInput, RestoredFinality } from '../finality/types.ts'
import { GENESIS, hashOf } from './chain.ts'
import { createMembers, type Members, type Self, scheme } from './members.ts'

export const INTERVAL = 10
export const FINALITY_TIMING = {
  rootHeight: GENESIS.header.height,
  checkpointInterval: INTERVAL,
  stallCheckpoints: 3,
  ballotTimeoutMs: 1_000,
  deltaMs: 100,
} as const

export const FRESH_FINALITY: RestoredFinality = {
  record: undefined,
  certificate: undefined,
  carried: undefined,
  checkpoints: [],
}

/** The checkpoints of a branch from its first index on, named after it. */
export function branch(
  name: string,
  length: number,
  from: Pick<Checkpoint, 'height' | 'hash'> = { height: 0, hash: GENESIS.hash },
): Checkpoint[] {
  const checkpoints: Checkpoint[] = []
  for (let i = 1; i <= length; i++) {
    const parentHash = checkpoints.at(-1)?.hash ?? from.hash
    const height = from.height + i * INTERVAL
    checkpoints.push({ height, hash: hashOf(`${name} ${height}`), parentHash })
  }
  return checkpoints
}

export class TestPool {
  readonly members: Members
  readonly root: JustifiedPoint

  constructor(powers: readonly number[] = [1, 1, 1, 1], chainId?: number, start: Hash = GENESIS.hash) {
    this.members = createMembers(powers, start, chainId)
    this.root = rootPoint(this.members.domain)
  }

  config(self: Self | undefined): FinalityConfig {
    const { domain, set } = this.members
    return { scheme, pool: { domain, set }, self, ...FINALITY_TIMING }
  }

  leaderOf(ballot: number): number {
    return ballotLeader(this.members, ballot)
  }

  /** Of members of one group, who are given by their index in the pool. */
  share(statement: FinalityStatement, ...who: readonly number[]): FinalityShare {
    const { domain, secretKeys } = this.members
    const digest = statementDigest(domain, statement)
    const group = Math.floor(who[0]! / GROUP_SIZE)
    return {
      statement,
      group,
      members: createBitmap(
        who.map(i => i - group * GROUP_SIZE),
        GROUP_SIZE,
      ),
      signature: scheme.aggregate(who.map(i => scheme.sign(digest, secretKeys[i]!))),
    }
  }

  private aggregate(statement: FinalityStatement, who: readonly number[]): AggregateSignature {
    const { domain, secretKeys, set } = this.members
    const digest = statementDigest(domain, statement)
    return {
      signers: createBitmap(who, set.signers.length),
      signature: scheme.aggregate(who.map(i => scheme.sign(digest, secretKeys[i]!))),
    }
  }

  justification(prepare: Prepare, who: readonly number[] = [0, 1, 2]): Justification {
    return { prepare, ...this.aggregate({ type: 'prepare', prepare }, who) }
  }

  /** Of the last of the justifications. */
  certificate(justifications: readonly Justification[], who: readonly number[] = [0, 1, 2]): FinalityCertificate {
    const { prepare } = justifications.at(-1)!
    const point = { hash: prepare.target, round: prepare.round }
    return { justifications, commit: this.aggregate({ type: 'commit', commit: { point } }, who) }
  }

  status(guardian: number, ballot: number, justified = this.root, settledHeight = 0): Status {
    const { domain, secretKeys } = this.members
    const status = { ballot, justified, settledHeight, guardian }
    return { ...status, signature: scheme.sign(statusDigest(domain, status), secretKeys[guardian]!) }
  }

  ballotProposal(ballot: number, prepare: Prepare, by = this.leaderOf(ballot)): BallotProposal {
    const { domain, secretKeys } = this.members
    return { ballot, prepare, signature: scheme.sign(ballotDigest(domain, { ballot, prepare }), secretKeys[by]!) }
  }
}

export const preparing = (prepare: Prepare): FinalityStatement => ({ type: 'prepare', prepare })
export const committing = (hash: Hash, round: number): FinalityStatement => ({
  type: 'commit',
  commit: { point: { hash, round } },
})

export class TestGuardian {
  readonly finality: Finality
  readonly began: FinalityEffect[]

  constructor(config: FinalityConfig, restored: RestoredFinality = FRESH_FINALITY) {
    this.finality = new Finality(config, restored)
    this.began = this.finality.start()
  }

  step(input: FinalityInput): FinalityEffect[] {
    return this.finality.step(input)
  }

  receive(...messages: readonly FinalityMessage[]): FinalityEffect[] {
    return messages.flatMap(message => this.step({ type: 'finality-message', message }))
  }

  shares(...shares: readonly FinalityShare[]): FinalityEffect[] {
    return this.receive(...shares.map(share => ({ type: 'share', share }) as const))
  }

  settle(...checkpoints: readonly Checkpoint[]): FinalityEffect[] {
    return checkpoints.flatMap(checkpoint => this.step({ type: 'checkpoint-settled', checkpoint }))
  }

  timer(timer: 'resend' | 'ballot' | 'lead'): FinalityEffect[] {
    return this.step({ type: 'finality-timer', timer })
  }
}

/** All that counts in most tests, in order: not timers. */
export function toldOf(effects: readonly FinalityEffect[]): string[] {
  return effects.filter(({ type }) => type !== 'finality-timer' && type !== 'taken').map(tellFinality)
}

export function tellFinality(effect: FinalityEffect): string {
  switch (effect.type) {
    case 'persist-finality':
      return `persist P ${tellRound(effect.record.prepared)} K ${tellRound(effect.record.committed)} ballot ${effect.record.ballot}`
    case 'broadcast-finality':
      return `send ${tellMessage(effect.message)}`
    case 'finality-timer':
      return `timer ${effect.timer} ${effect.delayMs}`
    case 'finalized':
      return `finalized ${effect.height}`
    case 'finality-evidence':
      return `evidence ${effect.evidence.type} of ${culpritsOf(effect.evidence).members.join()}`
    case 'taken':
      return 'taken'
    case 'rejected':
      return `rejected ${effect.rejection.code}`
  }
}

function tellMessage(message: FinalityMessage): string {
  switch (message.type) {
    case 'share':
      return message.share.statement.type === 'prepare'
        ? `prepare ${tellRound(message.share.statement.prepare.source.round)} to ${tellRound(message.share.statement.prepare.round)}`
        : `commit ${tellRound(message.share.statement.commit.point.round)}`
    case 'justified':
      return `justified ${message.justifications.map(({ prepare }) => tellRound(prepare.round)).join(' ')}`
    case 'finalized':
      return `finalized ${tellRound(message.certificate.justifications.at(-1)!.prepare.round)}`
    case 'status':
      return `status ${message.status.ballot} justified ${tellRound(message.status.justified.round)} settled ${message.status.settledHeight}`
    case 'ballot':
      return `ballot ${message.proposal.ballot} prepare ${tellRound(message.proposal.prepare.source.round)} to ${tellRound(message.proposal.prepare.round)}`
  }
}

/** 3 in ballot 0, 2:3 in ballot 2. */
function tellRound(round: number): string {
  const ballot = Math.floor(round / 2 ** 32)
  return ballot === 0 ? `${round}` : `${ballot}:${round % 2 ** 32}`
}
