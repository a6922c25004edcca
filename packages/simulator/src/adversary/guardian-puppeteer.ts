// An adversary that plays all Byzantine guardians at once. It hears every share, signs whatever could help two branches at
// the same time, shows each quorum to whom it likes, leads ballots from low sources, and poisons aggregates.
import type { AggregateScheme, Hash } from '@tan/primitives'
import {
  ballotDigest,
  bitmapIndices,
  createBitmap,
  type FinalityMessage,
  type FinalityShare,
  type FinalityStatement,
  GROUP_SIZE,
  type GuardianPool,
  isQuorum,
  type Justification,
  type JustifiedPoint,
  type Prepare,
  powerOf,
  rootPoint,
  roundOf,
  type Status,
  samePoint,
  statementDigest,
  statusDigest,
} from '@tan/protocol'
import type { Draw } from '../world/draw.ts'
import type { Journal } from '../world/journal.ts'

/** A checkpoint that somebody may have settled. */
export interface KnownCheckpoint {
  readonly hash: Hash
  /** within the instance, from 1 */
  readonly index: number
  readonly parentHash: Hash
}

export interface GuardianPuppeteerConfig {
  readonly scheme: AggregateScheme
  readonly pool: GuardianPool
  /** secret keys of the Byzantine guardians, by index */
  readonly puppets: ReadonlyMap<number, Uint8Array>
  /** nodes to tell things to */
  readonly honest: readonly number[]
  readonly draw: Draw
  readonly journal: Journal
  checkpoints(): readonly KnownCheckpoint[]
  checkpoint(hash: Hash): KnownCheckpoint | undefined
  tell(puppet: number, to: number, message: FinalityMessage): void
}

interface Known {
  readonly statement: FinalityStatement
  /** honest signatures, by guardian */
  readonly signatures: Map<number, Uint8Array>
}

const ACTS = [
  'echo',
  'echo',
  'echo',
  'invent',
  'reveal',
  'lead',
  'lead',
  'status',
  'poison',
  'certify',
  'certify',
] as const

export class GuardianPuppeteer {
  private readonly config: GuardianPuppeteerConfig
  private readonly statements = new Map<string, Known>()
  private readonly justified = new Map<string, Justification>()
  /** justified points, the root first */
  private readonly points: JustifiedPoint[]
  /** what it proposed in each ballot */
  private readonly led = new Map<number, Prepare>()
  private readonly audiences = new Map<string, readonly number[]>()
  private highestBallot = 0

  constructor(config: GuardianPuppeteerConfig) {
    this.config = config
    this.points = [rootPoint(config.pool.domain)]
  }

  /** An honest node sends this. */
  hear(message: FinalityMessage): void {
    if (message.type === 'status') this.relay(message.status)
    if (message.type !== 'share') return
    const { statement, group, members, signature } = message.share
    const indices = bitmapIndices(members).map(i => group * GROUP_SIZE + i)
    if (indices.length !== 1 || this.config.puppets.has(indices[0]!)) return
    this.know(statement).signatures.set(indices[0]!, signature)
    if (statement.type === 'prepare') this.justify()
  }

  /** Does something of its own accord. */
  act(): void {
    const { draw } = this.config
    switch (draw.pick(ACTS)) {
      case 'echo':
        return this.echo()
      case 'invent':
        return this.invent()
      case 'reveal':
        return this.reveal(draw.pick(this.points), draw.pick(this.config.honest))
      case 'lead':
        return this.lead()
      case 'status':
        return this.sendStatus()
      case 'poison':
        return this.poison()
      case 'certify':
        return this.certify()
    }
  }

  // ------------------------------------------------------------------------------------------------ what it does

  /** Signs what honest guardians signed, for a few to see. */
  private echo(): void {
    const known = this.anyStatement()
    if (known === undefined) return
    this.spread(known.statement)
  }

  /** Prepares something that the honest may never prepare so. */
  private invent(): void {
    const prepare = this.anyPrepare()
    if (prepare === undefined) return
    this.config.journal.count('guardian-equivocation')
    this.know({ type: 'prepare', prepare })
    this.spread({ type: 'prepare', prepare })
    this.justify()
  }

  private spread(statement: FinalityStatement): void {
    for (const puppet of this.config.puppets.keys())
      for (const to of this.audienceOf(statement))
        this.config.tell(puppet, to, { type: 'share', share: this.share(statement, [puppet]) })
  }

  private reveal(point: JustifiedPoint, to: number): void {
    const justifications = this.chainTo(point)
    if (justifications.length > 0) this.config.tell(this.anyPuppet(), to, { type: 'justified', justifications })
  }

  /** Every puppet claims to lead: one of them may. */
  private lead(): void {
    const { draw, pool, puppets, scheme, tell, journal } = this.config
    const ballot = Math.max(1, this.highestBallot + draw.pick([0, 0, 0, 1]))
    const prepare =
      (draw.chance(80) ? this.led.get(ballot) : undefined) ?? this.rivalPrepare(ballot) ?? this.anyPrepare(ballot)
    if (prepare === undefined) return
    this.led.set(ballot, prepare)
    journal.count('bad-ballot')
    const justifications = this.chainTo(prepare.source)
    const audience = this.someone()
    for (const [puppet, secretKey] of puppets) {
      const signature = scheme.sign(ballotDigest(pool.domain, { ballot, prepare }), secretKey)
      for (const to of audience)
        tell(puppet, to, {
          type: 'ballot',
          proposal: { ballot, prepare, signature },
          justifications: justifications.length === 0 ? undefined : justifications,
        })
    }
  }

  /** To all, without what its sender attached: that is not signed with it. */
  private relay(status: Status): void {
    this.highestBallot = Math.max(this.highestBallot, status.ballot)
    for (const to of this.config.honest)
      this.config.tell(this.anyPuppet(), to, { type: 'status', status, justifications: undefined })
  }

  private sendStatus(): void {
    const { draw, pool, puppets, scheme, tell } = this.config
    const unsigned = {
      ballot: this.highestBallot + 1,
      justified: draw.pick(this.points),
      settledHeight: draw.between(0, 1_000),
    }
    for (const [puppet, secretKey] of puppets) {
      const mine = { ...unsigned, guardian: puppet }
      const status: Status = { ...mine, signature: scheme.sign(statusDigest(pool.domain, mine), secretKey) }
      for (const to of this.someone()) tell(puppet, to, { type: 'status', status, justifications: undefined })
    }
  }

  /** An aggregate that overlaps what others have, or one whose signature is wrong. */
  private poison(): void {
    const { draw, journal, scheme, tell } = this.config
    const known = this.anyStatement()
    const victim = known === undefined ? undefined : [...known.signatures][0]
    if (known === undefined || victim === undefined) return
    journal.count('poison-aggregate')
    const [guardian, signature] = victim
    const puppet = this.anyPuppet()
    const own = this.share(known.statement, [puppet])
    if (Math.floor(guardian / GROUP_SIZE) !== own.group) return
    const members = createBitmap([guardian % GROUP_SIZE, puppet % GROUP_SIZE], GROUP_SIZE)
    const mixed = draw.chance(50) ? scheme.aggregate([signature, own.signature]) : own.signature
    for (const to of this.audienceOf(known.statement))
      tell(puppet, to, { type: 'share', share: { ...own, members, signature: mixed } })
  }

  /** Shows a few that something is final, as soon as the puppets' signatures make it so. */
  private certify(): void {
    const { draw, tell } = this.config
    const ready = [...this.statements.values()].filter(
      known => known.statement.type === 'commit' && this.isEnough([...known.signatures.keys()]),
    )
    if (ready.length === 0) return
    const known = draw.pick(ready)
    if (known.statement.type !== 'commit') return
    const justifications = this.chainTo(known.statement.commit.point)
    if (justifications.length === 0) return
    const certificate = { justifications, commit: this.aggregate(known) }
    for (const to of this.audienceOf(known.statement)) tell(this.anyPuppet(), to, { type: 'finalized', certificate })
  }

  // ------------------------------------------------------------------------------------------------ what it knows

  private know(statement: FinalityStatement): Known {
    const key = keyOf(statement)
    const known = this.statements.get(key) ?? { statement, signatures: new Map<number, Uint8Array>() }
    this.statements.set(key, known)
    return known
  }

  /** Finds out what is justified, with the puppets' signatures, until nothing is new. */
  private justify(): void {
    for (let isChanged = true; isChanged; ) {
      isChanged = false
      for (const known of this.statements.values()) {
        if (known.statement.type !== 'prepare') continue
        const { prepare } = known.statement
        const point = { hash: prepare.target, round: prepare.round }
        if (this.isJustified(point) || !this.isJustified(prepare.source)) continue
        if (!this.isEnough([...known.signatures.keys()])) continue
        this.justified.set(pointKey(point), { prepare, ...this.aggregate(known) })
        this.points.push(point)
        isChanged = true
      }
    }
  }

  private isJustified(point: JustifiedPoint): boolean {
    return samePoint(point, this.points[0]!) || this.justified.has(pointKey(point))
  }

  private chainTo(point: JustifiedPoint): Justification[] {
    const chain: Justification[] = []
    for (let at = this.justified.get(pointKey(point)); at !== undefined; ) {
      chain.push(at)
      at = this.justified.get(pointKey(at.prepare.source))
    }
    return chain.reverse()
  }

  private anyStatement(): Known | undefined {
    const all = [...this.statements.values()].slice(-12)
    return all.length === 0 ? undefined : this.config.draw.pick(all)
  }

  /** From a justified source to some checkpoint above it, in a ballot. */
  private anyPrepare(ballot?: number): Prepare | undefined {
    const { draw } = this.config
    const source = draw.pick(this.points.slice(-4).concat(this.points.slice(0, 1)))
    const above = this.config.checkpoints().filter(checkpoint => this.isAbove(checkpoint, source))
    if (above.length === 0) return undefined
    const target = draw.pick(above)
    const round = roundOf(ballot ?? draw.between(0, this.highestBallot), target.index)
    return round <= source.round ? undefined : { round, source, target: target.hash }
  }

  /** Past what the honest committed to, on another branch: from a source below it. */
  private rivalPrepare(ballot: number): Prepare | undefined {
    const { draw } = this.config
    const commits = [...this.statements.values()].flatMap(({ statement }) =>
      statement.type === 'commit' ? [statement.commit.point] : [],
    )
    if (commits.length === 0) return undefined
    const committed = draw.pick(commits.slice(-3))
    const sources = this.points.filter(point => point.round <= committed.round && !samePoint(point, committed))
    if (sources.length === 0) return undefined
    const source = draw.pick(sources)
    const rivals = this.config
      .checkpoints()
      .filter(known => known.hash !== committed.hash && this.isAbove(known, source) && !this.isAbove(known, committed))
    if (rivals.length === 0) return undefined
    const target = draw.pick(rivals.slice(0, 2))
    return { round: roundOf(ballot, target.index), source, target: target.hash }
  }

  private isAbove(checkpoint: KnownCheckpoint, source: JustifiedPoint): boolean {
    for (let at: KnownCheckpoint | undefined = checkpoint; at !== undefined; at = this.config.checkpoint(at.parentHash))
      if (at.parentHash === source.hash) return true
    return false
  }

  // ------------------------------------------------------------------------------------------------ signatures

  private share(statement: FinalityStatement, guardians: readonly number[]): FinalityShare {
    const { pool, puppets, scheme } = this.config
    const digest = statementDigest(pool.domain, statement)
    return {
      statement,
      group: Math.floor(guardians[0]! / GROUP_SIZE),
      members: createBitmap(
        guardians.map(guardian => guardian % GROUP_SIZE),
        GROUP_SIZE,
      ),
      signature: scheme.aggregate(guardians.map(guardian => scheme.sign(digest, puppets.get(guardian)!))),
    }
  }

  private aggregate({ statement, signatures }: Known): { signers: Uint8Array; signature: Uint8Array } {
    const { pool, puppets, scheme } = this.config
    const digest = statementDigest(pool.domain, statement)
    const own = [...puppets.values()].map(secretKey => scheme.sign(digest, secretKey))
    return {
      signers: createBitmap([...signatures.keys(), ...puppets.keys()], pool.set.signers.length),
      signature: scheme.aggregate([...signatures.values(), ...own]),
    }
  }

  private isEnough(honest: readonly number[]): boolean {
    const { puppets, pool } = this.config
    const who = [...honest, ...puppets.keys()].map(i => pool.set.signers[i]!)
    return isQuorum(powerOf(who), pool.set.totalPower)
  }

  /** The same few for a statement, always: whom its quorum is shown to. */
  private audienceOf(statement: FinalityStatement): readonly number[] {
    const { draw, honest } = this.config
    const key = keyOf(statement)
    const known = this.audiences.get(key)
    if (known !== undefined) return known
    const size = statement.type === 'prepare' ? draw.between(0, honest.length) : draw.between(0, 2)
    const audience = draw.sample(honest, size)
    this.audiences.set(key, audience)
    return audience
  }

  private someone(): readonly number[] {
    const { draw, honest } = this.config
    return draw.sample(honest, draw.between(1, honest.length))
  }

  private anyPuppet(): number {
    return this.config.draw.pick([...this.config.puppets.keys()])
  }
}

function keyOf(statement: FinalityStatement): string {
  if (statement.type === 'commit') return `commit ${pointKey(statement.commit.point)}`
  const { round, source, target } = statement.prepare
  return `prepare ${round} ${pointKey(source)} ${target}`
}

function pointKey({ hash, round }: JustifiedPoint): string {
  return `${round}/${hash}`
}
