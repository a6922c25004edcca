// What a seed runs, and many seeds on several threads.
import { Worker } from 'node:worker_threads'
import { drawCaptured } from './captured/scenario.ts'
import { runCaptured } from './captured/simulation.ts'
import type { Outcome, SimulationOptions } from './outcome.ts'
import { drawScenario, RECIPES, type Recipe } from './scenario.ts'
import { runScenario } from './simulation.ts'
import type { FaultKind } from './world/journal.ts'

/** Kinds of world: a chain under one of the recipes, or guardians alone under a captured committee. */
export type Kind = Recipe | 'captured'
export const KINDS: readonly Kind[] = [...RECIPES, 'captured']

export function kindOf(seed: number): Kind {
  return KINDS[seed % KINDS.length]!
}

/** The same seed and kind always give the same world. */
export function runSeed(seed: number, kind: Kind = kindOf(seed), options: SimulationOptions = {}): Outcome {
  return kind === 'captured' ? runCaptured(drawCaptured(seed), options) : runScenario(drawScenario(seed, kind), options)
}

export interface SeedRange {
  readonly from: number
  readonly count: number
  /** of all seeds, instead of each one's own */
  readonly kind?: Kind
}

/** What a worker thread is given. `next` holds the next seed that nobody has taken. */
export interface WorkerTask extends SeedRange {
  readonly next: Int32Array
}

export interface Summary {
  readonly seeds: number
  readonly violations: readonly Outcome[]
  readonly settledBlocks: number
  readonly virtualMs: number
  readonly events: number
  /** over all worlds with a chain: the fewest settled blocks, and the fewest kinds of fault, of any */
  readonly chains: { readonly count: number; readonly settledMin: number; readonly faultKindsMin: number }
  readonly faults: ReadonlyMap<FaultKind, number>
  readonly rejections: ReadonlyMap<string, number>
}

/** Runs seeds on `jobs` threads. Calls `onOutcome` for each as it ends, in any order. */
export async function runSeeds(
  range: SeedRange,
  jobs: number,
  onOutcome: (outcome: Outcome) => void = () => {},
): Promise<Summary> {
  const outcomes: Outcome[] = []
  const next = new Int32Array(new SharedArrayBuffer(4))
  next[0] = range.from
  const task: WorkerTask = { ...range, next }
  await Promise.all(
    Array.from({ length: jobs }, () =>
      inWorker(task, outcome => {
        outcomes.push(outcome)
        onOutcome(outcome)
      }),
    ),
  )
  return summarize(outcomes)
}

function inWorker(task: WorkerTask, onOutcome: (outcome: Outcome) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: task })
    worker.on('message', onOutcome)
    worker.on('error', reject)
    worker.on('exit', code => {
      if (code === 0) resolve()
      else reject(new Error(`a simulator thread ended with code ${code}`))
    })
  })
}

export function summarize(outcomes: readonly Outcome[]): Summary {
  const chains = outcomes.filter(({ kind, violation }) => kind !== 'captured' && violation === undefined)
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((total, outcome) => total + of(outcome), 0)
  return {
    seeds: outcomes.length,
    violations: outcomes.filter(({ violation }) => violation !== undefined).sort((a, b) => a.seed - b.seed),
    settledBlocks: sum(({ settledHeight }) => settledHeight),
    virtualMs: sum(({ virtualMs }) => virtualMs),
    events: sum(({ events }) => events),
    chains: {
      count: chains.length,
      settledMin: Math.min(...chains.map(({ settledHeight }) => settledHeight)),
      faultKindsMin: Math.min(...chains.map(({ faults }) => faults.size)),
    },
    faults: addUp(outcomes.map(({ faults }) => faults)),
    rejections: addUp(outcomes.map(({ rejections }) => rejections)),
  }
}

function addUp<K extends string>(counts: readonly ReadonlyMap<K, number>[]): Map<K, number> {
  const total = new Map<K, number>()
  for (const count of counts) for (const [key, number] of count) total.set(key, (total.get(key) ?? 0) + number)
  return new Map([...total].sort(([a], [b]) => (a < b ? -1 : 1)))
}
