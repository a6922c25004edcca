// Runs guardians under a captured committee: conflicting checkpoints settle here and there, some guardians play false. No
// two conflicting checkpoints may become final; and when all messages arrive again, finality must go on.
import { createSeededRandom, type Hash } from '@tan/primitives'
import { type FinalityMessage, poolOf } from '@tan/protocol'
import { GuardianPuppeteer } from '../adversary/guardian-puppeteer.ts'
import { VIOLATION_KINDS, Violation } from '../checkers/violation.ts'
import { JOURNAL_LINES, type Outcome, type SimulationOptions } from '../outcome.ts'
import { Draw } from '../world/draw.ts'
import { EventQueue } from '../world/event-queue.ts'
import { createIdentities } from '../world/identities.ts'
import { Journal } from '../world/journal.ts'
import { macScheme } from '../world/mac-scheme.ts'
import { FAIR_WEATHER, type LinkFault, Network } from '../world/network.ts'
import { Guardian } from './guardian.ts'
import type { CapturedScenario, Side, Stage } from './scenario.ts'
import { CheckpointTree } from './tree.ts'
import { TreeWatch } from './tree-watch.ts'

/** Checkpoints that every honest guardian must finalize after all settled to all. */
const FINALIZED_AFTER_HEALING_MIN = 2
/** By when, in ballot timeouts: the longest is 64 of them. */
const LIVENESS_TIMEOUTS = 400
/** Checkpoints that a branch may still grow by. */
const GROWTH_MAX = 200

export function runCaptured(scenario: CapturedScenario, options: SimulationOptions = {}): Outcome {
  const world = new CapturedWorld(scenario, options)
  let events = 0
  let violation: Outcome['violation']
  try {
    world.begin()
    while (world.queue.nowMs < scenario.chaosMs && world.queue.runNext()) events++
    const goal = world.heal()
    while (!goal.isReached()) {
      if (!world.queue.runNext() || world.queue.nowMs > goal.deadlineMs)
        throw new Violation('liveness', `by ${goal.deadlineMs} ms: ${goal.missing().join('; ')}`)
      events++
    }
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    violation = { kind: error.kind, message: error.message, lines: world.journal.last() }
  }
  return {
    seed: scenario.seed,
    kind: 'captured',
    violation,
    settledHeight: 0,
    writes: [],
    finalizedHeight: Math.max(0, ...world.watch.finalizedHeights.values()),
    virtualMs: world.queue.nowMs,
    events,
    faults: world.journal.faults,
    rejections: world.watch.rejections,
  }
}

class CapturedWorld {
  readonly queue = new EventQueue()
  readonly journal: Journal
  readonly watch: TreeWatch
  private readonly scenario: CapturedScenario
  private readonly draw: Draw
  private readonly tree: CheckpointTree
  private readonly network: Network
  private readonly guardians: readonly Guardian[]
  private readonly puppeteer: GuardianPuppeteer
  private readonly holding: LinkFault
  /** guardians who crashed, and the branch of which they hear nothing for a while: it may have been theirs */
  private readonly cutOff = new Map<number, { readonly side: Side; readonly untilMs: number }>()
  private isHealed = false

  constructor(scenario: CapturedScenario, { fatal, print }: SimulationOptions) {
    this.scenario = scenario
    const { byzantine, deltaMs, powers, seed } = scenario
    this.draw = new Draw(createSeededRandom(seed))
    this.journal = new Journal(() => this.queue.nowMs, JOURNAL_LINES, print)
    this.tree = new CheckpointTree(scenario.checkpointInterval, scenario.tree)
    const { era, secretKeys } = createIdentities(macScheme, createSeededRandom(seed + 2), powers, powers.length)
    this.watch = new TreeWatch(
      {
        journal: this.journal,
        scheme: macScheme,
        era,
        isHonest: identity => !byzantine.includes(identity),
        identityOf: id => id,
        fatal: fatal ?? new Set(VIOLATION_KINDS),
      },
      hash => this.tree.parentOf(hash),
    )
    const latency = { latencyMinMs: 1, latencyMeanMs: deltaMs / 5 }
    this.network = new Network(
      {
        queue: this.queue,
        random: createSeededRandom(seed + 1),
        journal: this.journal,
        isEncoded: seed % 20 === 0,
        deliver: (_, to, message) => {
          if (message.type === 'finality') this.guardians.find(({ id }) => id === to)?.receive(message.message)
        },
      },
      { ...FAIR_WEATHER, ...latency, lossPercent: scenario.lossPercent },
    )
    this.holding = {
      judge: (_, to, message) => {
        if (message.type !== 'finality') return 0
        if (this.isCampSecret(to, message.message)) return 'lost'
        const stage = stageOf(message.message)
        if (scenario.deaf[stage].includes(to)) {
          this.journal.count('deaf-node')
          return 'lost'
        }
        if (!this.draw.chance(scenario.holdPercent[stage])) return 0
        this.journal.count('reorder')
        return this.draw.chance(70) ? 'lost' : this.draw.between(1, 40) * deltaMs
      },
    }
    const pool = poolOf(era)
    const eraHash = era.start.hash
    const honest = powers.map((_, i) => i).filter(i => !byzantine.includes(i))
    this.guardians = honest.map(
      index =>
        new Guardian(
          index,
          {
            scheme: macScheme,
            pool,
            self: { index, secretKey: secretKeys[index]! },
            rootHeight: era.start.height,
            checkpointInterval: scenario.checkpointInterval,
            stallCheckpoints: scenario.stallCheckpoints,
            ballotTimeoutMs: scenario.ballotTimeoutMs,
            deltaMs,
          },
          {
            queue: this.queue,
            journal: this.journal,
            watch: this.watch,
            broadcast: (from, message) => {
              const sent = { type: 'finality', era: eraHash, message } as const
              this.watch.onSent(from, sent)
              this.puppeteer.hear(message)
              for (const to of this.guardians) if (to !== from) this.network.send(from.id, to.id, sent)
            },
            writeMs: () => this.draw.between(1, 10),
            crashAt: () =>
              !this.isHealed && this.draw.chance(scenario.writeCrashPercent)
                ? this.draw.pick(['before', 'after'])
                : undefined,
            downMs: () => this.draw.between(1, 10) * deltaMs,
            onCrash: ({ id }) => {
              const untilMs = this.queue.nowMs + this.draw.between(0, 60) * deltaMs
              this.cutOff.set(id, { side: this.draw.pick(['left', 'right']), untilMs })
            },
          },
        ),
    )
    this.puppeteer = new GuardianPuppeteer({
      scheme: macScheme,
      pool,
      puppets: new Map(byzantine.map(index => [index, secretKeys[index]!])),
      honest,
      draw: new Draw(createSeededRandom(seed + 3)),
      journal: this.journal,
      checkpoints: () => this.tree.checkpoints,
      checkpoint: hash => this.tree.get(hash),
      tell: (puppet, to, message) => {
        if (this.isHealed || !this.isCampSecret(to, message))
          this.network.carry(puppet, to, { type: 'finality', era: eraHash, message }, this.draw.between(1, deltaMs))
      },
    })
  }

  begin(): void {
    const { chaosMs, crashes, settlePercent } = this.scenario
    this.network.faults.add(this.holding)
    // camps settle early, so that there is time to play them off against each other
    const settlingMs = this.scenario.camps === undefined ? 2 * chaosMs : chaosMs / 2
    const paceMs = Math.ceil(settlingMs / this.tree.checkpoints.length)
    for (const guardian of this.guardians) {
      guardian.start()
      let atMs = 0
      for (const checkpoint of this.tree.checkpoints) {
        if (!this.draw.chance(settlePercent) || this.isOtherCamps(guardian.id, checkpoint.hash)) continue
        atMs = Math.min(chaosMs, atMs + this.draw.between(0, paceMs))
        this.queue.schedule(atMs, () => this.settle(guardian, checkpoint.hash))
      }
    }
    for (let i = 0; i < crashes; i++)
      this.queue.schedule(this.draw.between(0, chaosMs), () => this.draw.pick(this.guardians).crash())
    this.journal.count('conflicting-checkpoints')
    this.keepActing()
  }

  /** All settles to all from now on, and each branch grows. */
  heal(): { deadlineMs: number; isReached(): boolean; missing(): string[] } {
    this.isHealed = true
    this.journal.note('chaos', () => 'ends')
    this.network.faults.delete(this.holding)
    this.network.setWeather({ ...FAIR_WEATHER, latencyMinMs: 1, latencyMeanMs: this.scenario.deltaMs / 5 })
    const heights = this.watch.finalizedHeights
    const wanted = Math.max(0, ...heights.values()) + FINALIZED_AFTER_HEALING_MIN * this.scenario.checkpointInterval
    const heightOf = ({ id }: Guardian): number => heights.get(id) ?? 0
    this.keepGrowing(0)
    return {
      deadlineMs: this.queue.nowMs + LIVENESS_TIMEOUTS * this.scenario.ballotTimeoutMs,
      isReached: () => this.guardians.every(guardian => heightOf(guardian) >= wanted),
      missing: () =>
        this.guardians
          .filter(guardian => heightOf(guardian) < wanted)
          .map(guardian => `guardian ${guardian.id} finalized ${heightOf(guardian)} of ${wanted}`),
    }
  }

  /** A checkpoint settles for a guardian, and before it what it stands on. */
  private settle(guardian: Guardian, hash: Hash): void {
    const checkpoint = this.tree.get(hash)
    if (checkpoint === undefined || guardian.hasSettled(checkpoint)) return
    this.settle(guardian, checkpoint.parentHash)
    this.journal.note(guardian.id, () => `settles height ${checkpoint.height}, ${checkpoint.hash.slice(2, 8)}`)
    guardian.settle(checkpoint)
  }

  private isOtherCamps(guardian: number, hash: Hash): boolean {
    const { camps } = this.scenario
    const side = this.tree.branchOf(hash)
    return camps !== undefined && side !== undefined && camps[side === 'left' ? 'right' : 'left'].includes(guardian)
  }

  /** Does a message speak of the other camp's branch, or of a branch that the middle must not hear of yet? */
  private isCampSecret(to: number, message: FinalityMessage): boolean {
    const { camps } = this.scenario
    const target = targetOf(message)
    const side = target === undefined ? undefined : this.tree.branchOf(target)
    if (camps === undefined || target === undefined || side === undefined) return false
    if (camps.left.includes(to) || camps.right.includes(to)) return this.isOtherCamps(to, target)
    const cut = this.cutOff.get(to)
    if (cut !== undefined && cut.side === side && this.queue.nowMs < cut.untilMs) return true
    return this.queue.nowMs < camps.middleFromMs[side]
  }

  private keepActing(): void {
    const { actsMax, deltaMs } = this.scenario
    for (let acts = this.draw.between(0, actsMax); acts > 0; acts--) this.puppeteer.act()
    this.queue.schedule(deltaMs, () => this.keepActing())
  }

  private keepGrowing(grown: number): void {
    for (const guardian of this.guardians)
      for (const checkpoint of this.tree.checkpoints) this.settle(guardian, checkpoint.hash)
    if (grown >= GROWTH_MAX) return
    this.queue.schedule(8 * this.scenario.deltaMs, () => {
      for (const tip of this.tree.tips()) this.tree.grow(tip)
      this.keepGrowing(grown + 1)
    })
  }
}

function stageOf(message: FinalityMessage): Stage {
  switch (message.type) {
    case 'share':
      return message.share.statement.type
    case 'justified':
      return 'prepare'
    case 'finalized':
      return 'commit'
    case 'status':
    case 'ballot':
      return 'ballot'
  }
}

function targetOf(message: FinalityMessage): Hash | undefined {
  switch (message.type) {
    case 'share': {
      const { statement } = message.share
      return statement.type === 'prepare' ? statement.prepare.target : statement.commit.point.hash
    }
    case 'justified':
      return message.justifications.at(-1)?.prepare.target
    case 'finalized':
      return message.certificate.justifications.at(-1)?.prepare.target
    case 'status':
      return message.justifications?.at(-1)?.prepare.target
    case 'ballot':
      return message.proposal.prepare.target
  }
}
