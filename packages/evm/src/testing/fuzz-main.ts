// `npm run fuzz -w @tan/evm -- [--programs N] [--seed S] [--minutes M]`: the long differential run. A finding is printed with
// its seed; `--programs 1 --seed S` runs it again.
import { parseArgs } from 'node:util'
import { FORKS, type Fork } from '../forks.ts'
import { createCrowdedEngine, environmentOf, forkOf, runCase } from './differential.ts'
import { createOracle, type Oracle } from './oracle.ts'

const { values } = parseArgs({
  options: {
    programs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    step: { type: 'string', default: '1' },
  },
})
const wanted = Number(values.programs)
const step = Number(values.step)

const oracles = new Map<Fork, Oracle>()
for (const fork of FORKS) oracles.set(fork, await createOracle(fork))
const environments = new Map(FORKS.map(fork => [fork, environmentOf(fork)]))
const engines = new Map(FORKS.map(fork => [fork, createCrowdedEngine()]))

let programs = 0
let findings = 0
const started = performance.now()
let told = started
for (let seed = Number(values.seed); programs < wanted && findings < 10; seed += step) {
  const fork = forkOf(seed)
  const result = await runCase(engines.get(fork)!, oracles.get(fork)!, environments.get(fork)!, seed)
  programs += result.programs
  if (result.finding !== undefined) {
    findings++
    console.log(`seed ${seed}, ${fork}, transaction ${result.finding.index}: ${result.finding.difference}`)
  }
  if (performance.now() - told > 15_000) {
    told = performance.now()
    console.log(`${programs} programs, seed ${seed}, ${Math.round(programs / ((told - started) / 1000))} programs/s`)
  }
}
console.log(`${programs} programs, ${findings} findings, ${((performance.now() - started) / 1000).toFixed(1)} s`)
process.exitCode = findings === 0 ? 0 : 1
