// `npm run sim`: runs seeds and reports the results. A seed that breaks a rule can be run again separately, with all
// its events.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import type { Outcome } from './outcome.ts'
import { KINDS, runSeed, runSeeds, type Summary } from './seeds.ts'
import type { JournalLine } from './world/journal.ts'

const USAGE = `usage: npm run sim -- [--seeds N] [--from K] [--jobs J] [--kind KIND]   runs seeds K to K+N-1 (1,100 from 1)
       npm run sim -- --seed N [--kind KIND] [--trace]                  runs one, with all its events
kinds: ${KINDS.join(', ')}
`
const PROGRESS_EVERY_MS = 2_000

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '1100' },
    from: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    kind: { type: 'string' },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const kind = KINDS.find(known => known === values.kind)
const numbers = [values.seed ?? '1', values.seeds, values.from, values.jobs]
if (values.help) process.stdout.write(USAGE)
else if ((values.kind !== undefined && kind === undefined) || numbers.some(text => !/^[1-9]\d{0,8}$/.test(text))) {
  process.stderr.write(USAGE)
  process.exitCode = 2
} else if (values.seed !== undefined) runOne(Number(values.seed))
else await runMany()

function runOne(seed: number): void {
  const outcome = runSeed(seed, kind, values.trace ? { print: line => process.stdout.write(lineOf(line)) } : {})
  process.stdout.write(`${describeOutcome(outcome)}\n`)
  if (outcome.violation !== undefined) reportViolation(outcome, !values.trace)
}

async function runMany(): Promise<void> {
  const startMs = performance.now()
  const count = Number(values.seeds)
  let done = 0
  let saidMs = startMs
  const range = { from: Number(values.from), count, ...(kind === undefined ? {} : { kind }) }
  const summary = await runSeeds(range, Math.min(count, Number(values.jobs)), outcome => {
    done++
    if (outcome.violation !== undefined) reportViolation(outcome, true)
    if (performance.now() - saidMs < PROGRESS_EVERY_MS) return
    saidMs = performance.now()
    process.stderr.write(`${done} of ${count} seeds\n`)
  })
  process.stdout.write(describeSummary(summary, performance.now() - startMs))
}

function reportViolation(outcome: Outcome, withLines: boolean): void {
  process.exitCode = 1
  const { seed, violation } = outcome
  if (withLines) for (const line of violation!.lines) process.stdout.write(lineOf(line))
  const again = `npm run sim -- --seed ${seed}${kind === undefined ? '' : ` --kind ${kind}`} --trace`
  process.stdout.write(`seed ${seed} (${outcome.kind}): ${violation!.kind}: ${violation!.message}\n  again: ${again}\n`)
}

function lineOf({ atMs, who, what }: JournalLine): string {
  return `${atMs.toFixed(1).padStart(10)} ${who.padEnd(8)} ${what}\n`
}

function describeOutcome({
  seed,
  kind: of,
  settledHeight,
  finalizedHeight,
  virtualMs,
  events,
  faults,
}: Outcome): string {
  const counts = [...faults].map(([name, number]) => `${name} ${number}`).join(', ')
  return `seed ${seed} (${of}): settled ${settledHeight}, finalized ${finalizedHeight}, ${virtualMs.toFixed(0)} ms of virtual time, ${events} events; ${counts}`
}

function describeSummary(summary: Summary, wallMs: number): string {
  const { seeds, violations, settledBlocks, virtualMs, events, chains, faults, rejections } = summary
  const list = (counts: ReadonlyMap<string, number>): string =>
    [...counts].map(([name, number]) => `  ${name.padEnd(26)}${number}\n`).join('')
  return `${seeds} seeds (${kind ?? `${KINDS.length} kinds of world`}), ${violations.length} violations
${settledBlocks} blocks settled; each of ${chains.count} chains at least ${chains.settledMin}, under at least ${chains.faultKindsMin} kinds of fault
${(virtualMs / 3_600_000).toFixed(1)} hours of virtual time and ${events} events in ${(wallMs / 1000).toFixed(1)} s
faults:
${list(faults)}rejected by nodes:
${list(rejections)}`
}
