// Runs one scenario: a world that things go wrong in, then heals, and must go on. The outcome is data; a violation carries
// the last events.
import { bls } from '@tan/primitives'
import { createCamps } from './adversary/camps.ts'
import { playGuardians } from './adversary/chain-guardians.ts'
import { createTwinLinks, createWithholding } from './adversary/cores.ts'
import { createHiding } from './adversary/hiding.ts'
import { Puppeteer } from './adversary/puppeteer.ts'
import { VIOLATION_KINDS, Violation, type ViolationKind } from './checkers/violation.ts'
import { unleash } from './faults/chaos.ts'
import type { Outcome, SimulationOptions } from './outcome.ts'
import type { Scenario } from './scenario.ts'
import { Draw } from './world/draw.ts'
import { macScheme } from './world/mac-scheme.ts'
import { FAIR_WEATHER, type LinkFault } from './world/network.ts'
import { World } from './world/world.ts'

/** Blocks that every honest node must settle after the network healed. */
const SETTLED_AFTER_HEALING_MIN = 6
/** Checkpoints that every honest node must finalize after the network healed. */
const FINALIZED_AFTER_HEALING_MIN = 2
/** By when, after the network healed, in epoch timeouts: the longest backoff is 64 of them, for a few leaders in a row. */
const LIVENESS_TIMEOUTS = 1_000

const ALL_KINDS: ReadonlySet<ViolationKind> = new Set(VIOLATION_KINDS)

export function runScenario(scenario: Scenario, options: SimulationOptions = {}): Outcome {
  const world = createWorld(scenario, options)
  let events = 0
  let violation: Outcome['violation']
  try {
    const heal = begin(world, scenario)
    const isCalm = (): boolean =>
      world.queue.nowMs >= scenario.chaosMs ||
      (world.watch.agreement.settledHeight >= scenario.settledMin &&
        world.journal.faults.size >= scenario.faultKindsMin)
    while (!isCalm() && world.queue.runNext()) events++
    heal()
    const goal = goalOf(world, scenario.settledMin)
    while (!goal.isReached()) {
      if (!world.queue.runNext() || world.queue.nowMs > goal.deadlineMs)
        throw new Violation('liveness', `by ${goal.deadlineMs} ms: ${goal.missing().join('; ')}`)
      events++
    }
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    violation = { kind: error.kind, message: error.message, lines: world.journal.last() }
  }
  const { watch, queue, journal } = world
  return {
    seed: scenario.seed,
    kind: scenario.recipe,
    violation,
    settledHeight: watch.agreement.settledHeight,
    finalizedHeight: Math.max(0, ...watch.finalizedHeights.values()),
    writes: world.nodes.map(node => node.writeCount),
    virtualMs: queue.nowMs,
    events,
    faults: journal.faults,
    rejections: watch.rejections,
  }
}

function createWorld(scenario: Scenario, { fatal, print }: SimulationOptions): World {
  const everyone = scenario.powers.map((_, i) => i)
  return new World({
    seed: scenario.seed,
    scheme: scenario.scheme === 'bls' ? bls : macScheme,
    powers: scenario.powers,
    validators: scenario.validators,
    byzantine: new Set(scenario.byzantine),
    nodes: scenario.conduct === 'twins' ? [...everyone, ...scenario.byzantine] : everyone,
    leaders: scenario.leaders,
    timing: scenario.timing,
    machine: scenario.machine,
    weather: { ...scenario.chaos.weather, ...FAIR_WEATHER },
    isEncoded: scenario.isEncoded,
    fatal: fatal ?? ALL_KINDS,
    ...(print === undefined ? {} : { print }),
  })
}

/** Starts the nodes and the trouble. The answer ends the trouble; Byzantine nodes stay as they are. */
function begin(world: World, scenario: Scenario): () => void {
  const calm = unleash(world, scenario.chaos, new Draw(world.randomFor('chaos')))
  const { byzantine, camps, conduct, hiding, powers } = scenario
  const hostile: LinkFault[] = []
  if (hiding !== undefined) hostile.push(createHiding(world, hiding))
  if (camps !== undefined) hostile.push(createCamps(world, camps))
  for (const fault of hostile) world.network.faults.add(fault)
  if (conduct === 'twins') {
    const pairs = byzantine.map((identity, i) => [identity, powers.length + i] as const)
    world.network.faults.add(createTwinLinks(world, pairs))
  } else if (conduct === 'withholding') {
    for (const identity of byzantine) world.network.faults.add(createWithholding(world, identity))
  } else if (conduct === 'puppets') {
    world.listeners.push(new Puppeteer(world, scenario.puppeteer))
    if (scenario.guardianActsMax > 0 && byzantine.length > 0) playGuardians(world, scenario.guardianActsMax)
  }
  if (scenario.forgetPercent.vote > 0) makeForgetful(world, scenario)
  const { writeCrash } = scenario
  if (writeCrash !== undefined)
    world.crashAt = ({ id }, _, index) =>
      id === writeCrash.node && index === writeCrash.index ? writeCrash : undefined
  const areRunning = conduct === 'twins' || conduct === 'withholding'
  for (const node of world.nodes) {
    if (areRunning || world.isHonest(node)) node.start()
    else if (conduct === 'silent') world.journal.count('silent-node')
  }
  return () => {
    calm()
    for (const fault of hostile) world.network.faults.delete(fault)
    if (scenario.writeCrash === undefined) world.crashAt = () => undefined
    world.journal.note('chaos', () => 'ends')
  }
}

/** Crashes nodes for a moment just when they sign what they must not forget. */
function makeForgetful(world: World, { byzantine, forgetPercent, timing }: Scenario): void {
  const draw = new Draw(world.randomFor('forgetful'))
  const asked = new Set<string>()
  const isNew = (key: string): boolean => !asked.has(key) && asked.add(key) !== undefined
  world.crashAt = ({ id }, { safety }) => {
    const voted = safety?.lastVote?.epoch
    const wanted = safety?.lastEpochChange?.epochChange.epoch
    const isVote = voted !== undefined && byzantine.includes(world.leaderOf(voted)) && isNew(`${id} votes in ${voted}`)
    const isEpochChange = wanted !== undefined && isNew(`${id} wants ${wanted}`)
    const percent = Math.max(isVote ? forgetPercent.vote : 0, isEpochChange ? forgetPercent.epochChange : 0)
    if (!draw.chance(percent)) return undefined
    return { when: draw.pick(['before', 'after']), downMs: draw.between(1, timing.timeoutBaseMs >> 4) }
  }
}

interface Goal {
  readonly deadlineMs: number
  isReached(): boolean
  missing(): string[]
}

/** All honest nodes settle and finalize more than anybody had when the network healed. */
function goalOf(world: World, settledMin: number): Goal {
  const { watch, queue } = world
  const { timing } = world.config
  const settled = Math.max(settledMin, watch.agreement.settledHeight + SETTLED_AFTER_HEALING_MIN)
  const finalized =
    Math.max(0, ...watch.finalizedHeights.values()) + FINALIZED_AFTER_HEALING_MIN * timing.checkpointInterval
  const honest = world.honestNodes
  const settledOf = (id: number): number => watch.settledHeights.get(id) ?? 0
  const finalizedOf = (id: number): number => watch.finalizedHeights.get(id) ?? 0
  return {
    deadlineMs: queue.nowMs + LIVENESS_TIMEOUTS * timing.timeoutBaseMs,
    isReached: () => honest.every(({ id }) => settledOf(id) >= settled && finalizedOf(id) >= finalized),
    missing: () =>
      honest.flatMap(({ id }) => {
        const fault = watch.faults.get(id)
        if (fault !== undefined) return [`node ${id} stopped itself (${fault})`]
        const lacks: string[] = []
        if (settledOf(id) < settled) lacks.push(`node ${id} settled ${settledOf(id)} of ${settled}`)
        if (finalizedOf(id) < finalized) lacks.push(`node ${id} finalized ${finalizedOf(id)} of ${finalized}`)
        return lacks
      }),
  }
}
