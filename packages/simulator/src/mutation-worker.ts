// A child process in which one rule is broken: it changes a source file while loading it, then runs scenarios until the
// checkers turn red. Prints one line of JSON.
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { MUTATIONS } from './mutations.ts'

const [name, seedsText] = process.argv.slice(2)
const mutation = MUTATIONS.find(known => known.name === name)
if (mutation === undefined) throw new Error(`no mutation is called ${name}`)

const target = new URL(`../../../${mutation.file}`, import.meta.url).href
const text = readFileSync(fileURLToPath(target), 'utf8')
if (text.split(mutation.original).length !== 2)
  throw new Error(`${mutation.file} does not contain the text of ${name} exactly once`)
let isApplied = false
registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (url !== target) return loaded
    isApplied = true
    if (process.env.DBG)
      console.error(
        loaded.format,
        typeof loaded.source,
        text.replace(mutation.original, () => mutation.mutated).includes(mutation.mutated),
      )
    return { ...loaded, source: text.replace(mutation.original, () => mutation.mutated) }
  },
})

const { drawScenario, RECIPES } = await import('./scenario.ts')
const { runScenario } = await import('./simulation.ts')
const { drawCaptured } = await import('./captured/scenario.ts')
const { runCaptured } = await import('./captured/simulation.ts')
if (!isApplied) throw new Error(`${mutation.file} was not loaded`)

const seeds = Number(seedsText)
const fatal = new Set(['conflict', 'liveness'] as const)
const found = new Map<string, { seed: number; message: string; at: number }>()
let ran = 0
const all = process.argv[4] === 'all'
const tally: Record<string, number> = {}
for (let seed = 1; seed <= seeds; seed++) {
  if (mutation.recipe !== 'captured' && RECIPES[seed % RECIPES.length] !== mutation.recipe) continue
  ran++
  const { violation } =
    mutation.recipe === 'captured'
      ? runCaptured(drawCaptured(seed), { fatal })
      : runScenario(drawScenario(seed), { fatal })
  if (violation === undefined) continue
  tally[violation.kind] = (tally[violation.kind] ?? 0) + 1
  if (!found.has(violation.kind)) found.set(violation.kind, { seed, message: violation.message, at: ran })
  if (!all) break
}
process.stdout.write(`${JSON.stringify({ name, ran, tally, found: [...found] })}\n`)
