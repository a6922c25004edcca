// An adversary that plays all Byzantine validators at once. It hears every message when it is sent, votes for everything,
// shows what it has to whom it likes, and leads with every block that could split the honest.
import { bigIntToBytes, type Hash } from '@tan/primitives'
import {
  type CommitCertificate,
  type ConsensusRecord,
  type EpochChangeCertificate,
  hashBlock,
  highestReported,
  type Proposal,
  proposeDigest,
  revealDigest,
  type SettlementMessage,
} from '@tan/protocol'
import { Draw } from '../world/draw.ts'
import { buildBlock, corruptBlock, WORLD_START_MS } from '../world/ledger.ts'
import type { NodeMessage } from '../world/network.ts'
import type { Node } from '../world/node.ts'
import type { Listener, World } from '../world/world.ts'
import { Knowledge, type KnownBlock } from './knowledge.ts'

export interface PuppeteerHabits {
  /** how often votes and certificates go to a few instead of all */
  readonly selectivePercent: number
  /** how often it leads with several blocks */
  readonly equivocatePercent: number
  /** how often who got one of several gets the others too, a little later */
  readonly bothSidesPercent: number
  /** how often it leads with a block that breaks a rule */
  readonly breakRulePercent: number
  /** how often it leads at all */
  readonly leadPercent: number
  /** how often it prefers the oldest justification that an epoch change allows */
  readonly oldJustifyPercent: number
}

interface Justification {
  readonly justify: CommitCertificate
  readonly epochChange: EpochChangeCertificate | undefined
}

export class Puppeteer implements Listener {
  private readonly world: World
  private readonly habits: PuppeteerHabits
  private readonly knowledge: Knowledge
  private readonly draw: Draw
  private readonly honest: readonly number[]
  private readonly votedFor = new Set<Hash>()
  private readonly votedIn = new Set<number>()
  /** what it proposed last */
  private newest: { readonly leader: number; readonly blocks: readonly KnownBlock[] } = { leader: 0, blocks: [] }
  private ledUpTo = 0
  private blocksMade = 0

  constructor(world: World, habits: PuppeteerHabits) {
    this.world = world
    this.habits = habits
    this.draw = new Draw(world.randomFor('puppeteer'))
    const { era, secretKeys } = world.identities
    const puppets = [...world.config.byzantine].filter(identity => identity < era.committee.signers.length)
    this.knowledge = new Knowledge(
      world.config.scheme,
      era,
      new Map(puppets.map(identity => [identity, secretKeys[identity]!])),
    )
    this.honest = world.honestNodes.map(node => node.id)
  }

  onSent(_: Node, message: NodeMessage): void {
    if (message.type !== 'settlement') return
    this.knowledge.learn(message.message)
    if (message.message.type === 'proposal') this.voteFor(this.knowledge.addBlock(message.message.proposal))
    if (message.message.type === 'epoch-change') this.giveUp(message.message.epochChange.epoch)
    this.lead()
  }

  /** Who starts again may have forgotten what it signed: it is told everything anew, the last first. */
  onStarted({ id }: Node): void {
    if (!this.honest.includes(id)) return
    const { leader, blocks } = this.newest
    for (const block of [...blocks].reverse()) this.tellBranch(leader, id, block, 1)
  }

  // ------------------------------------------------------------------------------------------------ votes

  /** Each time that a proposal is sent, again to others. */
  private voteFor(block: KnownBlock): void {
    const isNew = !this.votedFor.has(block.hash)
    if (isNew && this.votedIn.has(block.epoch)) this.world.journal.count('double-vote')
    this.votedFor.add(block.hash)
    this.votedIn.add(block.epoch)
    for (const puppet of this.knowledge.puppets.keys()) {
      const message = { type: 'vote', vote: this.knowledge.puppetVote(block, puppet) } as const
      for (const to of this.audience()) this.tell(puppet, to, message, this.draw.between(0, this.timeoutMs >> 3))
    }
    const { epoch } = block
    if (!isNew) return
    this.later(this.draw.between(0, 2 * this.timeoutMs), () => this.release(epoch))
  }

  /** Shows certificates late, to a few. */
  private release(epoch: number): void {
    for (const certificate of this.knowledge.certificates.get(epoch) ?? []) {
      this.world.journal.count('delayed-release')
      for (const to of this.audience()) this.tell(this.anyPuppet(), to, { type: 'certificate', certificate }, 1)
    }
  }

  private giveUp(epoch: number): void {
    this.world.journal.count('low-epoch-change')
    const certificate = this.knowledge.certificates.get(0)![0]!
    for (const puppet of this.knowledge.puppets.keys()) {
      const epochChange = this.knowledge.puppetEpochChange(epoch, 0, puppet)
      for (const to of this.audience())
        this.tell(puppet, to, { type: 'epoch-change', epochChange, certificate }, this.draw.between(0, 20))
    }
  }

  // ------------------------------------------------------------------------------------------------ proposals

  /** Leads each epoch of a puppet that opens, once, a little later. */
  private lead(): void {
    for (; this.ledUpTo < this.knowledge.highestEpoch; this.ledUpTo++) {
      const epoch = this.ledUpTo + 1
      const leader = this.world.leaderOf(epoch)
      if (!this.knowledge.puppets.has(leader)) continue
      if (this.draw.chance(this.habits.leadPercent))
        this.later(this.draw.between(0, this.timeoutMs >> 2), () => this.propose(epoch, leader))
      else this.world.journal.count('withheld')
    }
  }

  private propose(epoch: number, leader: number): void {
    const { draw, habits, knowledge, world } = this
    const count = draw.chance(habits.equivocatePercent) ? draw.between(2, 3) : 1
    const made: KnownBlock[] = []
    for (let i = 0; i < count; i++) {
      const isBad = draw.chance(habits.breakRulePercent)
      const justification = isBad ? this.badJustification(epoch) : this.goodJustification(epoch)
      if (justification === undefined) continue
      const block = knowledge.addBlock(this.makeProposal(epoch, leader, justification, isBad && draw.chance(30)))
      if (isBad) world.journal.count('bad-proposal')
      made.push(block)
    }
    if (made.length > 1) world.journal.count('equivocation')
    this.newest = { leader, blocks: made }
    const offset = draw.between(0, this.honest.length)
    made.forEach((block, i) => {
      this.honest.forEach((to, j) => {
        const isFirst = (j + offset) % made.length === i
        if (isFirst) this.tellBranch(leader, to, block, draw.between(0, 20))
        else if (draw.chance(habits.bothSidesPercent))
          this.tellBranch(leader, to, block, draw.between(10, this.timeoutMs))
      })
      this.voteFor(block)
    })
  }

  /** What the rules allow for an epoch, with all that the adversary knows: rarely what an honest leader would take. */
  private goodJustification(epoch: number): Justification | undefined {
    const { certificates } = this.knowledge
    const options: Justification[] = (certificates.get(epoch - 1) ?? []).map(justify => ({
      justify,
      epochChange: undefined,
    }))
    const epochChange = this.knowledge.lowestEpochChange(epoch)
    if (epochChange !== undefined) {
      const least = highestReported(epochChange)
      const old = [...certificates.keys()].filter(e => e >= least && e < epoch - 1).sort((a, b) => a - b)
      const chosen = this.draw.chance(this.habits.oldJustifyPercent) ? old.slice(0, 1) : old
      for (const e of chosen) for (const justify of certificates.get(e)!) options.push({ justify, epochChange })
    }
    return options.length === 0 ? undefined : this.draw.pick(options)
  }

  /** Without the epoch change that it needs, with another epoch's, or below what that one reports. */
  private badJustification(epoch: number): Justification | undefined {
    const known = [...this.knowledge.certificates.keys()].filter(e => e < epoch - 1)
    if (known.length === 0) return undefined
    const justify = this.draw.pick(this.knowledge.certificates.get(this.draw.pick(known.slice(-4)))!)
    const epochChange = this.draw.pick([
      undefined,
      this.knowledge.lowestEpochChange(epoch),
      this.knowledge.lowestEpochChange(epoch - 1),
    ])
    return { justify, epochChange }
  }

  private makeProposal(
    epoch: number,
    leader: number,
    { justify, epochChange }: Justification,
    isCorrupt: boolean,
  ): Proposal {
    const { scheme } = this.world.config
    const { era } = this.world.identities
    const secretKey = this.knowledge.puppets.get(leader)!
    const record: ConsensusRecord = {
      epoch,
      reveal: scheme.sign(revealDigest(era.domain, epoch), secretKey),
      justify,
      epochChange,
      committeeRoot: undefined,
      poolRoot: undefined,
      finality: undefined,
    }
    const nowMs = WORLD_START_MS + this.world.queue.nowMs
    const parent = this.parentFor(justify, epoch)
    const body = bigIntToBytes(BigInt(++this.blocksMade), 4)
    const made = buildBlock(parent.header, parent.hash, record, era.committee.signers[leader]!, nowMs, body)
    const block = isCorrupt ? corruptBlock(made) : made
    return { block, signature: scheme.sign(proposeDigest(era.domain, epoch, hashBlock(block)), secretKey) }
  }

  /** The justified block, or something uncertified on it. */
  private parentFor(justify: CommitCertificate, epoch: number): KnownBlock {
    const certified = this.knowledge.blocks.get(justify.blockHash)!
    if (this.draw.chance(70)) return certified
    const above = [...this.knowledge.blocks.values()].filter(
      block =>
        block.epoch < epoch &&
        block.justifyEpoch <= justify.epoch &&
        block.header.height > certified.header.height &&
        block.header.height <= certified.header.height + 3 &&
        this.branch(block, certified.hash).length === block.header.height - certified.header.height,
    )
    return above.length === 0 ? certified : this.draw.pick(above)
  }

  /** From just above the ancestor up to the block; from the era's start, if that is no ancestor. */
  private branch(block: KnownBlock, ancestor: Hash): KnownBlock[] {
    const path: KnownBlock[] = []
    for (let at = block; at.hash !== ancestor && at.proposal !== undefined; ) {
      path.push(at)
      at = this.knowledge.blocks.get(at.header.parentHash)!
    }
    return path.reverse()
  }

  // ------------------------------------------------------------------------------------------------ to whom

  /** A block, mostly with its uncertified ancestors. */
  private tellBranch(puppet: number, to: number, block: KnownBlock, delayMs: number): void {
    const branch = this.branch(block, block.proposal!.block.record.justify.blockHash)
    const told = branch.length > 1 && this.draw.chance(20) ? branch.slice(-1) : branch
    for (const { proposal } of told) this.tell(puppet, to, { type: 'proposal', proposal: proposal! }, delayMs)
  }

  private audience(): readonly number[] {
    if (!this.draw.chance(this.habits.selectivePercent)) return this.honest
    this.world.journal.count('withheld')
    return this.draw.sample(this.honest, this.draw.between(0, 2))
  }

  private tell(puppet: number, to: number, message: SettlementMessage, delayMs: number): void {
    const { network, identities } = this.world
    const sent = { type: 'settlement', era: identities.era.start.hash, message } as const
    const lateMs = network.judge(puppet, to, sent)
    if (lateMs !== 'lost') network.carry(puppet, to, sent, delayMs + lateMs)
  }

  private later(delayMs: number, act: () => void): void {
    this.world.queue.schedule(delayMs, act)
  }

  private anyPuppet(): number {
    return this.draw.pick([...this.knowledge.puppets.keys()])
  }

  private get timeoutMs(): number {
    return this.world.config.timing.timeoutBaseMs
  }
}
