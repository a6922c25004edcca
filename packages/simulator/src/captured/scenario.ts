// Finality under a captured committee: what a seed means when validators settle conflicting branches to whom and when they
// like, and some guardians are Byzantine.
import { ballotLeader } from '@tan/consensus'
import { createSeededRandom } from '@tan/primitives'
import { poolOf } from '@tan/protocol'
import { Draw } from '../world/draw.ts'
import { createIdentities } from '../world/identities.ts'
import { macScheme } from '../world/mac-scheme.ts'

/** What a message is about: preparing (and justifying) a target, committing to it, or finding a ballot's target. */
export type Stage = 'prepare' | 'commit' | 'ballot'

/** Guardians who are in none hear of both branches, but of none before its time. */
export interface CapturedCamps {
  readonly left: readonly number[]
  readonly right: readonly number[]
  /** when the middle begins to hear what others say of a branch, in milliseconds */
  readonly middleFromMs: Readonly<Record<Side, number>>
}

export type Side = 'left' | 'right'

export interface CapturedScenario {
  readonly seed: number
  readonly powers: readonly number[]
  readonly byzantine: readonly number[]
  /** parents of the checkpoints of the tree, by index, always smaller than the checkpoint's own; -1 is the root */
  readonly tree: readonly number[]
  readonly checkpointInterval: number
  readonly stallCheckpoints: number
  readonly ballotTimeoutMs: number
  readonly deltaMs: number
  readonly chaosMs: number
  /** checkpoints that a guardian hears of while things go wrong */
  readonly settlePercent: number
  readonly lossPercent: number
  /** of messages between honest guardians that come late, or never: on the way to prepare, and on the way to commit */
  readonly holdPercent: Readonly<Record<Stage, number>>
  /** guardians whom nothing of a stage reaches while things go wrong */
  readonly deaf: Readonly<Record<Stage, readonly number[]>>
  /** two groups that each hear of one branch alone, if the adversary plays so */
  readonly camps: CapturedCamps | undefined
  readonly crashes: number
  readonly writeCrashPercent: number
  /** acts of the adversary in each delta */
  readonly actsMax: number
}

export function drawCaptured(seed: number): CapturedScenario {
  const draw = new Draw(createSeededRandom(seed ^ 0x5eed))
  const isCamps = draw.chance(60)
  const guardians = draw.pick(isCamps ? [4, 4, 4, 5, 6, 7] : [4, 5, 6, 7])
  const powers = Array.from({ length: guardians }, () => 100)
  if (!isCamps) for (const i of powers.keys()) if (draw.chance(30)) powers[i] = draw.between(80, 120)
  const everyone = powers.map((_, i) => i)
  const byzantine = drawByzantine(draw, powers)
  const deltaMs = 100
  const chaosMs = draw.between(40, 120) * deltaMs
  return {
    seed,
    powers,
    byzantine,
    tree: isCamps ? drawTwoBranches(draw) : drawTree(draw, draw.pick([3, 4, 6, 9, 12])),
    checkpointInterval: 10,
    stallCheckpoints: draw.between(2, 3),
    ballotTimeoutMs: draw.between(4, 12) * deltaMs,
    deltaMs,
    chaosMs,
    settlePercent: isCamps ? 100 : draw.between(60, 100),
    lossPercent: draw.pick(isCamps ? [0, 2] : [0, 2, 10, 30]),
    holdPercent: {
      prepare: isCamps ? 0 : draw.pick([0, 20, 60]),
      commit: isCamps ? 0 : draw.pick([0, 50, 80, 95]),
      ballot: isCamps ? 0 : draw.pick([0, 0, 20]),
    },
    deaf: {
      prepare: isCamps ? [] : draw.some(everyone, draw.pick([0, 40])),
      commit: isCamps ? everyone : draw.some(everyone, draw.pick([50, 100])),
      ballot: [],
    },
    camps: isCamps ? drawCamps(draw, everyone, byzantine, chaosMs) : undefined,
    crashes: isCamps ? draw.between(0, 8) : draw.between(0, 3),
    writeCrashPercent: draw.pick(isCamps ? [0, 5, 20] : [0, 1, 5]),
    actsMax: draw.between(1, 4),
  }
}

/** Less than a third of the power. Often the leader of the first ballot is among them: the adversary chose well. */
function drawByzantine(draw: Draw, powers: readonly number[]): number[] {
  const total = powers.reduce((sum, power) => sum + power, 0)
  const { era } = createIdentities(macScheme, createSeededRandom(0), powers, powers.length)
  const start = draw.chance(60) ? ballotLeader(poolOf(era), 1) : draw.between(0, powers.length - 1)
  const chosen: number[] = []
  let power = 0
  for (let k = 0; k < powers.length; k++) {
    const i = (start + k) % powers.length
    if (3 * (power + powers[i]!) >= total) continue
    power += powers[i]!
    chosen.push(i)
  }
  return chosen.sort((a, b) => a - b)
}

/** As few in the middle as make a quorum with either camp and the Byzantine guardians. All powers are equal. */
function drawCamps(
  draw: Draw,
  everyone: readonly number[],
  byzantine: readonly number[],
  chaosMs: number,
): CapturedCamps {
  const honest = everyone.filter(i => !byzantine.includes(i))
  const quorum = Math.floor((2 * everyone.length) / 3) + 1
  const campSize = honest.length - (quorum - byzantine.length)
  const camped = draw.sample(honest, 2 * campSize)
  const left = draw.sample(camped, campSize)
  const halfMs = chaosMs >> 1
  return {
    left,
    right: camped.filter(i => !left.includes(i)),
    middleFromMs: { left: draw.pick([0, draw.between(0, halfMs)]), right: draw.pick([0, draw.between(0, halfMs)]) },
  }
}

/** Two branches from the root. */
function drawTwoBranches(draw: Draw): number[] {
  const lengths = [draw.between(1, 2), draw.between(1, 4)]
  return lengths.flatMap((length, branch) =>
    Array.from({ length }, (_, i) => (i === 0 ? -1 : (branch === 0 ? 0 : lengths[0]!) + i - 1)),
  )
}

/** Two or three branches that grow side by side, from the root or from one another. */
function drawTree(draw: Draw, count: number): number[] {
  const parents: number[] = [-1]
  const tips = [0]
  while (parents.length < count) {
    const checkpoint = parents.length
    if (tips.length < 3 && draw.chance(tips.length === 1 ? 50 : 15)) {
      parents.push(draw.between(-1, checkpoint - 1))
      tips.push(checkpoint)
    } else {
      const tip = draw.between(0, tips.length - 1)
      parents.push(tips[tip]!)
      tips[tip] = checkpoint
    }
  }
  return parents
}
