// Which statements collect signatures, and how many: shares from outside are checked here, cheapest first, and counted; room is
// made so that nobody pushes out what others have signed.
import { type AggregateScheme, type Rejection, toHex } from '@tan/primitives'
import {
  BALLOTS_MAX,
  ballotOf,
  checkpointIndexOf,
  type FinalityShare,
  type FinalityStatement,
  type GuardianPool,
  keysOf,
  statementDigest,
} from '@tan/protocol'
import { reject } from '../codes.ts'
import { LIVE_STATEMENTS_MAX, STATEMENTS_OF_GUARDIAN_MAX } from '../limits.ts'
import { roundOfStatement } from './points.ts'
import { Tally } from './tally.ts'

interface Live {
  readonly tally: Tally
  /** indices of those whose share was the first */
  readonly openedBy: readonly number[]
}

export class Tallies {
  private readonly scheme: AggregateScheme
  private readonly pool: GuardianPool
  /** by the digest of the statement */
  private readonly live = new Map<string, Live>()

  constructor({ scheme, pool }: { readonly scheme: AggregateScheme; readonly pool: GuardianPool }) {
    this.scheme = scheme
    this.pool = pool
  }

  /** The indices of those whom a share names, before its signature is looked at; or why it does not count. */
  admit(share: FinalityShare): readonly number[] | 'nothing-new' | Rejection {
    const round = roundOfStatement(share.statement)
    if (checkpointIndexOf(round) === 0 || ballotOf(round) > BALLOTS_MAX)
      return reject('finality/round', `round ${round} belongs to no checkpoint`)
    const members = Tally.membersOf(this.pool.set, share)
    if (members === undefined) return reject('finality/members', `group ${share.group} has no such members`)
    return this.live.get(this.keyOf(share.statement))?.tally.adds(share) === false ? 'nothing-new' : members
  }

  /** Undefined where all members signed. */
  verify({ statement, signature }: FinalityShare, members: readonly number[]): Rejection | undefined {
    const { domain, set } = this.pool
    const keys = keysOf(members.map(i => set.signers[i]!))
    if (this.scheme.verifyAggregate(statementDigest(domain, statement), keys, signature)) return undefined
    const round = roundOfStatement(statement)
    return reject('finality/signature', `a share of round ${round} that its members did not sign`)
  }

  /** Counts a share that was verified, or that is this node's own. */
  add(share: FinalityShare): void {
    const key = this.keyOf(share.statement)
    let live = this.live.get(key)
    if (live === undefined) {
      const members = Tally.membersOf(this.pool.set, share)!
      this.makeRoom(members)
      live = { tally: new Tally(this.scheme, this.pool.set, share.statement), openedBy: members }
      this.live.set(key, live)
    }
    live.tally.add(share)
  }

  /** A share with all that others have added to it. */
  completed(share: FinalityShare): FinalityShare {
    return this.live.get(this.keyOf(share.statement))?.tally.shareOf(share.group) ?? share
  }

  /** Those that a quorum signed. Tallies may be dropped meanwhile. */
  *withQuorum(): Generator<Tally> {
    for (const { tally } of this.live.values()) if (tally.hasQuorum) yield tally
  }

  /** Statements at or below a finalized round need nobody's signature any more. */
  dropUpTo(round: number): void {
    for (const [key, { tally }] of this.live) if (roundOfStatement(tally.statement) <= round) this.live.delete(key)
  }

  get newestRound(): number {
    return [...this.live.values()].reduce((round, { tally }) => Math.max(round, roundOfStatement(tally.statement)), 0)
  }

  /** The most power that stands behind one statement of this type and round. */
  powerAt(type: FinalityStatement['type'], round: number): number {
    return [...this.live.values()]
      .filter(({ tally: { statement } }) => statement.type === type && roundOfStatement(statement) === round)
      .reduce((power, { tally }) => Math.max(power, tally.power), 0)
  }

  /** Guardians who open many statements, alone or together, push out their own; of all, the one with the least power goes. */
  private makeRoom(openers: readonly number[]): void {
    for (const opener of openers) {
      const own = [...this.live].filter(([, { openedBy }]) => openedBy.includes(opener))
      if (own.length >= STATEMENTS_OF_GUARDIAN_MAX) this.dropWeakest(own)
    }
    if (this.live.size >= LIVE_STATEMENTS_MAX) this.dropWeakest([...this.live])
  }

  private dropWeakest(among: [string, Live][]): void {
    const [weakest] = among.sort(([, a], [, b]) => a.tally.power - b.tally.power)
    if (weakest !== undefined) this.live.delete(weakest[0])
  }

  private keyOf(statement: FinalityStatement): string {
    return toHex(statementDigest(this.pool.domain, statement))
  }
}
