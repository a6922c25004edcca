// A child process in which one rule is broken: it changes a source file while loading it, then runs scenarios until the
// checkers turn red. Prints one line of JSON; or all events of one seed, if that is given as a third argument.
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { MutationResult } from './mutate.ts'
import { MUTATIONS, type Mutation } from './mutations.ts'

const [name, seedsText, traced] = process.argv.slice(2)
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

const { runSeed } = await import('./seeds.ts')
if (!isApplied) throw new Error(`${mutation.file} was not loaded`)

// neither the checkers of contradictions nor assertions in the code may speak: they might only repeat the rule
const fatal = new Set(['conflict', 'liveness'] as const)
const isCounting = process.env.COUNT_ALL !== undefined
if (traced !== undefined)
  runSeed(Number(traced), mutation.kind, {
    fatal,
    print: ({ atMs, who, what }) => process.stdout.write(`${atMs.toFixed(1).padStart(10)} ${who.padEnd(8)} ${what}\n`),
  })
else search(Number(seedsText), mutation)

function search(seeds: number, { name, kind }: Mutation): void {
  let found: MutationResult['found']
  let count = 0
  for (let seed = 1; seed <= seeds && (found === undefined || isCounting); seed++) {
    const { violation } = runSeed(seed, kind, { fatal })
    if (violation === undefined) continue
    count++
    found ??= { seed, kind: violation.kind, message: violation.message }
  }
  process.stdout.write(`${JSON.stringify({ name, found, count } satisfies MutationResult)}\n`)
}
