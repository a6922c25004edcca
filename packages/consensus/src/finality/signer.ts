// Signs for one guardian, and owns what keeps it from contradicting itself: its secret key, P and K of the spec, its ballot and
// its newest messages. What it signs comes together with the record that must be durable before the message leaves, so
// that nobody can send a signature and forget to write it.
import { type AggregateScheme, assert } from '@tan/primitives'
import {
  BALLOTS_MAX,
  type BallotProposal,
  ballotDigest,
  ballotOf,
  createBitmap,
  type FinalityMessage,
  type FinalityShare,
  type FinalityStatement,
  GROUP_SIZE,
  type GuardianPool,
  type JustifiedPoint,
  type Prepare,
  type Status,
  statementDigest,
  statusDigest,
} from '@tan/protocol'
import type { Justifications } from './justifications.ts'
import { roundOfStatement } from './points.ts'
import type { FinalityConfig, FinalityRecord } from './types.ts'

/** A message, and the record that must be durable before it is sent (spec F-DURABLE). */
export interface Signed<Message> {
  readonly message: Message
  readonly record: FinalityRecord
}

const FRESH: FinalityRecord = {
  prepared: 0,
  committed: 0,
  ballot: 0,
  lastPrepare: undefined,
  lastCommit: undefined,
  lastStatus: undefined,
  justifications: undefined,
}

export class GuardianSigner {
  private readonly scheme: AggregateScheme
  private readonly pool: GuardianPool
  private readonly self: FinalityConfig['self']
  private readonly justifications: Pick<Justifications, 'durablePart'>
  private state: FinalityRecord

  /** Without a key of its own (`self`) a node signs nothing. */
  constructor(
    { scheme, pool, self }: FinalityConfig,
    justifications: Pick<Justifications, 'durablePart'>,
    record: FinalityRecord | undefined,
  ) {
    if (record !== undefined) assertWhole(record)
    this.justifications = justifications
    this.scheme = scheme
    this.pool = pool
    this.self = self
    this.state = record ?? FRESH
  }

  get canSign(): boolean {
    return this.self !== undefined
  }

  /** In the pool. */
  get index(): number | undefined {
    return this.self?.index
  }

  /** What must be durable of what was signed so far. */
  get record(): FinalityRecord {
    return this.state
  }

  get ballot(): number {
    return this.state.ballot
  }

  get lastPrepare(): FinalityShare | undefined {
    return this.state.lastPrepare
  }

  get lastCommit(): FinalityShare | undefined {
    return this.state.lastCommit
  }

  get lastStatus(): Status | undefined {
    return this.state.lastStatus
  }

  /** Undefined where the rules forbid it. */
  prepare(prepare: Prepare): Signed<FinalityShare> | undefined {
    const statement: FinalityStatement = { type: 'prepare', prepare }
    if (!this.canSign || !maySign(this.state, statement)) return undefined
    const share = this.sign(statement)
    return this.write(share, { prepared: prepare.round, lastPrepare: share })
  }

  commit(point: JustifiedPoint): Signed<FinalityShare> | undefined {
    const statement: FinalityStatement = { type: 'commit', commit: { point } }
    if (!this.canSign || !maySign(this.state, statement)) return undefined
    const share = this.sign(statement)
    return this.write(share, { committed: point.round, lastCommit: share })
  }

  /** Freezes what the guardian reports for a ballot, and gives up all earlier ones (spec F-BALLOT). */
  openBallot(report: Pick<Status, 'ballot' | 'justified' | 'settledHeight'>): Signed<Status> | undefined {
    const { ballot } = report
    if (this.self === undefined || ballot > BALLOTS_MAX) return undefined
    assert(ballot > this.state.ballot, `ballot ${ballot} opens in ballot ${this.state.ballot}`)
    const unsigned = { ...report, guardian: this.self.index }
    const signature = this.scheme.sign(statusDigest(this.pool.domain, unsigned), this.self.secretKey)
    const status: Status = { ...unsigned, signature }
    return this.write(status, { ballot, lastStatus: status })
  }

  /** As a ballot's leader. It has no record: a proposal binds nobody, and a second one would break no rule. */
  propose(prepare: Prepare): BallotProposal | undefined {
    if (this.self === undefined) return undefined
    const unsigned = { ballot: this.state.ballot, prepare }
    const signature = this.scheme.sign(ballotDigest(this.pool.domain, unsigned), this.self.secretKey)
    return { ...unsigned, signature }
  }

  private sign(statement: FinalityStatement): FinalityShare {
    assert(maySign(this.state, statement), `a ${statement.type} at ${roundOfStatement(statement)} is against the rules`)
    const { index, secretKey } = this.self!
    return {
      statement,
      group: Math.floor(index / GROUP_SIZE),
      members: createBitmap([index % GROUP_SIZE], GROUP_SIZE),
      signature: this.scheme.sign(statementDigest(this.pool.domain, statement), secretKey),
    }
  }

  /** The only way to a new state: with the message that it stands for. */
  private write<Message>(message: Message, changes: Partial<FinalityRecord>): Signed<Message> {
    const record = { ...this.state, ...changes, justifications: this.justifications.durablePart() }
    assertFollows(record, this.state)
    this.state = record
    return { message, record }
  }
}

/**
 * spec F-PREPARE, as far as it is about what was signed before: r > max(P, K), rs >= K, and no earlier ballot.
 * spec F-COMMIT: r >= max(P, K), and each round once.
 */
function maySign({ prepared, committed, ballot }: FinalityRecord, statement: FinalityStatement): boolean {
  if (statement.type === 'prepare') {
    const { round, source } = statement.prepare
    if (source.round < committed) return false
    return round > prepared && round > committed && ballotOf(round) >= ballot
  }
  const { round } = statement.commit.point
  return round >= prepared && round > committed
}

/** Is what a message says of its own guardian in the record? Only then may it leave (spec F-DURABLE). */
export function isWritten(record: FinalityRecord, selfIndex: number | undefined, message: FinalityMessage): boolean {
  if (message.type === 'status') return message.status.guardian !== selfIndex || record.ballot >= message.status.ballot
  if (message.type !== 'share') return true
  const { statement } = message.share
  const written = statement.type === 'prepare' ? record.prepared : record.committed
  return written >= roundOfStatement(statement)
}

/** Rounds and ballots never fall, on whichever way a record comes to be. */
export function assertFollows(next: FinalityRecord, before: FinalityRecord): void {
  const numbers = ({ prepared: p, committed: k, ballot: b }: FinalityRecord): string => `P ${p} K ${k} ballot ${b}`
  assert(
    next.prepared >= before.prepared && next.committed >= before.committed && next.ballot >= before.ballot,
    `a record falls from ${numbers(before)} to ${numbers(next)}`,
  )
}

/** Do P, K and the ballot say what the newest messages do? A record that forgot one would let its guardian contradict itself. */
function assertWhole({ prepared, committed, ballot, lastPrepare, lastCommit, lastStatus }: FinalityRecord): void {
  const roundIn = (share: FinalityShare | undefined): number =>
    share === undefined ? 0 : roundOfStatement(share.statement)
  assert(
    prepared === roundIn(lastPrepare),
    `the record's P is ${prepared}, its last Prepare's round ${roundIn(lastPrepare)}`,
  )
  assert(
    committed === roundIn(lastCommit),
    `the record's K is ${committed}, its last Commit's round ${roundIn(lastCommit)}`,
  )
  assert(
    ballot === (lastStatus?.ballot ?? 0),
    `the record's ballot is ${ballot}, its last Status of ${lastStatus?.ballot}`,
  )
}
