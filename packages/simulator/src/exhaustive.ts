// Every crash: a small scenario, run again for each durable write of each node, with a crash just before and just after it,
// for a moment or for long in turn.
import type { Outcome } from './outcome.ts'
import { drawScenario, type Scenario } from './scenario.ts'
import { runScenario } from './simulation.ts'
import { FAIR_WEATHER } from './world/network.ts'

const SHORT_MS = 5

/** Blocks that settle while a crash may happen. */
const SETTLED_MIN = 8

/** Four validators and a guardian; nothing goes wrong but one crash, and what a Byzantine validator does, if there is one. */
export function smallScenario(seed: number, isByzantine: boolean): Scenario {
  const drawn = drawScenario(seed, isByzantine ? 'puppets' : 'weather')
  return {
    ...drawn,
    validators: 4,
    powers: [1, 1, 1, 1, 1],
    byzantine: isByzantine ? [2] : [],
    leaders: [0, 1, 2, 3],
    timing: { ...drawn.timing, checkpointInterval: 3, stallCheckpoints: 2 },
    chaos: {
      weather: { ...drawn.chaos.weather, ...FAIR_WEATHER },
      partitions: [],
      slow: [],
      deaf: [],
      crashes: [],
      blackouts: [],
      writeCrashPercent: 0,
      writeCrashDownMaxMs: 0,
      skewsMs: [],
      clockSteps: [],
    },
    chaosMs: 100 * drawn.timing.timeoutBaseMs,
    settledMin: SETTLED_MIN,
    faultKindsMin: 0,
    guardianActsMax: isByzantine ? 1 : 0,
    scheme: 'mac',
    isEncoded: false,
  }
}

/** All of them, one after the other. */
export function* runEveryCrash(base: Scenario): Generator<Outcome> {
  const undisturbed = runScenario(base)
  yield undisturbed
  const { timeoutBaseMs } = base.timing
  for (const [node, writes] of undisturbed.writes.entries())
    for (let index = 0; index < writes; index++)
      for (const when of ['before', 'after'] as const)
        yield runScenario({
          ...base,
          writeCrash: { node, index, when, downMs: index % 2 === 0 ? SHORT_MS : 3 * timeoutBaseMs },
        })
}
