// The meaning of a seed: the participants, the Byzantine ones and their behaviour, the faults and their duration.
// Everything is drawn here, from the seed only, before the world begins.
import { createSeededRandom } from '@tan/primitives'
import type { CampHabits } from './adversary/camps.ts'
import type { HidingHabits } from './adversary/hiding.ts'
import type { PuppeteerHabits } from './adversary/puppeteer.ts'
import { type Chaos, type ChaosLevels, drawChaos } from './faults/chaos.ts'
import { Draw } from './world/draw.ts'
import type { WriteCrash } from './world/node.ts'
import type { MachineTiming, ProtocolTiming } from './world/process.ts'

export const RECIPES = [
  /** all that goes wrong by itself */
  'weather',
  /** long partitions, into halves too */
  'partitions',
  /** nodes that crash at every other durable write */
  'crashes',
  /** one key on two nodes */
  'twins',
  /** production code that withholds, or sends late */
  'withholding',
  /** Byzantine validators and guardians who play against all others */
  'puppets',
  /** Byzantine guardians above all, before others who miss much of what is said about finality */
  'guardians',
  /** Byzantine validators, and a network that hides certificates */
  'hiding',
  /** the same, and a network that keeps two camps apart */
  'camps',
  /** leaders that equivocate, before nodes that crash when they vote */
  'amnesia',
] as const
export type Recipe = (typeof RECIPES)[number]

export type Conduct = 'silent' | 'twins' | 'withholding' | 'puppets'

export interface Scenario {
  readonly seed: number
  readonly recipe: Recipe
  /** of all guardians; the first `validators` of them form the committee */
  readonly powers: readonly number[]
  readonly validators: number
  readonly byzantine: readonly number[]
  readonly conduct: Conduct
  readonly leaders: readonly number[]
  readonly timing: ProtocolTiming
  readonly machine: MachineTiming
  readonly chaos: Chaos
  /** how long things go wrong, unless enough has settled, under enough kinds of fault, before */
  readonly chaosMs: number
  /** blocks that every honest node must have settled in the end */
  readonly settledMin: number
  readonly faultKindsMin: number
  readonly puppeteer: PuppeteerHabits
  /** of Byzantine guardians in each delta; none where they only echo the production code */
  readonly guardianActsMax: number
  readonly hiding: HidingHabits | undefined
  readonly camps: CampHabits | undefined
  /** one crash, at one durable write of one node */
  readonly writeCrash: (WriteCrash & { readonly node: number; readonly index: number }) | undefined
  /** how often a node crashes when it votes for what a Byzantine leader proposed, and when it gives up an epoch */
  readonly forgetPercent: { readonly vote: number; readonly epochChange: number }
  readonly scheme: 'mac' | 'bls'
  /** do messages go through their wire encoding? */
  readonly isEncoded: boolean
}

const SETTLED_MIN = 30
const FAULT_KINDS_MIN = 3
const NEVER = { vote: 0, epochChange: 0 }

/** One seed in so many runs with real BLS signatures, and with encoded messages. */
const REAL_EVERY = 250

/** Least and most; the quick ones are over when enough has settled. */
const CHAOS_TIMEOUTS: Readonly<Record<Recipe, readonly [number, number]>> = {
  weather: [10, 30],
  partitions: [10, 30],
  crashes: [10, 30],
  twins: [10, 30],
  withholding: [10, 30],
  puppets: [10, 30],
  guardians: [15, 40],
  hiding: [20, 60],
  camps: [40, 120],
  amnesia: [20, 60],
}

const CALM: ChaosLevels = {
  lossPercent: 0,
  duplicatePercent: 0,
  spikePercent: 0,
  partitions: 0,
  slow: 0,
  deaf: 0,
  deafToFinality: 0,
  crashes: 0,
  blackouts: 0,
  writeCrashPercent: 0,
  skewMaxMs: 0,
  clockSteps: 0,
}

export function drawScenario(seed: number, recipe: Recipe): Scenario {
  const draw = new Draw(createSeededRandom(seed))
  const validators = draw.chance(75) ? 4 : 7
  const powers = drawPowers(draw, validators, draw.between(1, validators === 4 ? 3 : 1))
  const conduct = conductOf(recipe, draw)
  const byzantine = conduct === undefined ? [] : drawByzantine(draw, powers, validators)
  const isTwins = conduct === 'twins'
  const timeoutBaseMs = draw.pick([200, 400, 800])
  const latency = { latencyMinMs: draw.between(1, 10), latencyMeanMs: draw.between(1, 20) }
  const chaosMs = timeoutBaseMs * draw.between(...CHAOS_TIMEOUTS[recipe])
  const isReal = seed % REAL_EVERY === 0
  return {
    seed,
    recipe,
    powers,
    validators,
    byzantine,
    conduct: conduct ?? 'silent',
    leaders: drawOrder(draw, validators),
    timing: {
      blockIntervalMs: draw.pick([20, 50, 100]),
      timeoutBaseMs,
      clockDriftMaxMs: 500,
      checkpointInterval: draw.between(2, 6),
      stallCheckpoints: draw.between(2, 3),
      ballotTimeoutMs: 3 * timeoutBaseMs,
      deltaMs: timeoutBaseMs >> 2,
    },
    machine: { writeMaxMs: draw.pick([2, 5, 20]), executeMaxMs: draw.pick([2, 5, 20]) },
    chaos: drawChaos(draw, levelsOf(recipe, draw), {
      nodes: powers.length + (isTwins ? byzantine.length : 0),
      lengthMs: chaosMs,
      timeoutBaseMs,
      latency,
    }),
    chaosMs,
    settledMin: SETTLED_MIN,
    faultKindsMin: FAULT_KINDS_MIN,
    writeCrash: undefined,
    puppeteer: drawPuppeteer(recipe, draw),
    guardianActsMax: recipe === 'puppets' ? 1 : recipe === 'guardians' ? 3 : 0,
    hiding: drawHiding(recipe, draw),
    camps:
      recipe === 'camps'
        ? { timeoutsMax: draw.between(20, 80), latePercent: 50, crashPercent: draw.pick([0, 30]) }
        : undefined,
    forgetPercent: recipe === 'amnesia' ? { vote: draw.between(30, 80), epochChange: draw.pick([0, 30]) } : NEVER,
    scheme: isReal ? 'bls' : 'mac',
    isEncoded: isReal,
  }
}

function conductOf(recipe: Recipe, draw: Draw): Conduct | undefined {
  switch (recipe) {
    case 'twins':
      return 'twins'
    case 'withholding':
      return 'withholding'
    case 'puppets':
    case 'guardians':
    case 'hiding':
    case 'camps':
    case 'amnesia':
      return 'puppets'
    case 'weather':
    case 'partitions':
    case 'crashes':
      return draw.chance(30) ? 'silent' : undefined
  }
}

function drawPuppeteer(recipe: Recipe, draw: Draw): PuppeteerHabits {
  const habits: PuppeteerHabits = {
    selectivePercent: draw.between(20, 90),
    equivocatePercent: draw.between(10, 70),
    bothSidesPercent: draw.between(0, 80),
    breakRulePercent: draw.between(0, 40),
    leadPercent: draw.between(50, 100),
    oldJustifyPercent: draw.between(0, 80),
  }
  if (recipe === 'hiding') return { ...habits, breakRulePercent: draw.between(20, 80) }
  if (recipe !== 'amnesia') return habits
  return { ...habits, equivocatePercent: 95, bothSidesPercent: 95, breakRulePercent: 0, leadPercent: 95 }
}

function drawHiding(recipe: Recipe, draw: Draw): HidingHabits | undefined {
  const habits = { audienceMax: draw.between(1, 2), timeoutsMax: draw.between(4, 10), dropPercent: 80 }
  if (recipe === 'hiding') return { ...habits, honestPercent: draw.between(30, 90), byzantinePercent: 60 }
  if (recipe === 'amnesia') return { ...habits, honestPercent: 5, byzantinePercent: 95 }
  return undefined
}

function levelsOf(recipe: Recipe, draw: Draw): ChaosLevels {
  const weather: ChaosLevels = {
    ...CALM,
    lossPercent: draw.pick([0, 1, 5, 20]),
    duplicatePercent: draw.pick([0, 5]),
    spikePercent: draw.pick([0, 5, 20]),
    skewMaxMs: draw.pick([0, 200]),
  }
  const gentle: ChaosLevels = {
    ...weather,
    lossPercent: draw.pick([1, 2]),
    spikePercent: draw.pick([1, 2]),
    duplicatePercent: 1,
  }
  switch (recipe) {
    case 'weather':
      return {
        ...weather,
        lossPercent: draw.pick([1, 5, 20]),
        spikePercent: draw.pick([5, 20]),
        duplicatePercent: 5,
        partitions: 1,
        slow: 2,
        deaf: 3,
        crashes: 4,
        clockSteps: draw.between(0, 1),
      }
    case 'partitions':
      return { ...weather, duplicatePercent: 2, partitions: 3, slow: 1, deaf: 1, crashes: 1 }
    case 'crashes':
      return { ...gentle, crashes: 6, blackouts: 2, writeCrashPercent: draw.pick([1, 3, 10]) }
    case 'twins':
    case 'withholding':
      return { ...gentle, partitions: draw.between(0, 1), crashes: draw.between(0, 3) }
    case 'puppets':
      return { ...gentle, slow: draw.between(0, 1), deaf: draw.between(0, 2), crashes: draw.between(0, 2) }
    case 'guardians':
      return { ...gentle, lossPercent: draw.pick([2, 10]), deafToFinality: 6, crashes: draw.between(0, 3) }
    case 'hiding':
    case 'camps':
    case 'amnesia':
      return { ...CALM, duplicatePercent: 1, spikePercent: 1 }
  }
}

/** Equal powers, or unequal ones of which none is a third. */
function drawPowers(draw: Draw, validators: number, guardians: number): number[] {
  const equal = Array.from({ length: validators + guardians }, () => 1)
  if (draw.chance(60)) return equal
  return equal.map(() => draw.between(80, 120))
}

/** As many validators as have less than a third of the committee's power, and guardians within a third of the pool's. */
function drawByzantine(draw: Draw, powers: readonly number[], validators: number): number[] {
  const chosen: number[] = []
  const sum = (indices: readonly number[]): number => indices.reduce((total, i) => total + powers[i]!, 0)
  const isFew = (members: readonly number[]): boolean => 3 * sum(members.filter(i => chosen.includes(i))) < sum(members)
  const everyone = powers.map((_, i) => i)
  const committee = everyone.slice(0, validators)
  for (const i of drawOrder(draw, validators)) {
    chosen.push(i)
    if (!isFew(committee) || !isFew(everyone)) chosen.pop()
  }
  for (const i of everyone.slice(validators)) {
    chosen.push(i)
    if (!isFew(everyone) || draw.chance(50)) chosen.pop()
  }
  return chosen.sort((a, b) => a - b)
}

function drawOrder(draw: Draw, count: number): number[] {
  const left = Array.from({ length: count }, (_, i) => i)
  const order: number[] = []
  while (left.length > 0) order.push(...left.splice(draw.between(0, left.length - 1), 1))
  return order
}
