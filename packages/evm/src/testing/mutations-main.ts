// `npm run mutations -w @tan/evm -- [--programs N] [--only TEXT]`: plants each mistake in a copy of the sources, compiles it, and
// looks for a program that shows it. Exit code 1 if any stays hidden.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { AssertionError, assert } from '@tan/primitives'
import asc from 'assemblyscript/asc'
import { FORKS, type Fork } from '../forks.ts'
import { createCrowdedEngine, environmentOf, forkOf, runCase } from './differential.ts'
import { DIRECTED_CASES } from './directed.ts'
import { MUTATIONS, type Mutation } from './mutations.ts'
import { createOracle, type Oracle } from './oracle.ts'

const { values } = parseArgs({
  options: { programs: { type: 'string', default: '40000' }, only: { type: 'string', default: '' } },
})
const sources = join(import.meta.dirname, '../../assembly')
const scratch = mkdtempSync(join(tmpdir(), 'tan-evm-mutation-'))
const oracles = new Map<Fork, Oracle>()
for (const fork of FORKS) oracles.set(fork, await createOracle(fork))
const environments = new Map(FORKS.map(fork => [fork, environmentOf(fork)]))

async function compile({ file, from, to }: Mutation): Promise<WebAssembly.Module> {
  cpSync(sources, scratch, { recursive: true })
  const text = readFileSync(join(scratch, file), 'utf8')
  assert(
    text.split(from).length === 2,
    `${file} has not exactly one ${JSON.stringify(from)}: the list of mutations is out of date`,
  )
  writeFileSync(
    join(scratch, file),
    text.replace(from, () => to),
  )
  const out = join(scratch, 'engine.wasm')
  const { error, stderr } = await asc.main([
    ...[join(scratch, 'index.ts'), '--outFile', out, '-O1', '--noAssert', '--runtime', 'stub', '--importMemory'],
    ...['--initialMemory', '16', '--enable', 'simd', '--use', 'TRACING=0'],
  ])
  if (error) throw new Error(`${file} does not compile with ${JSON.stringify(to)}:\n${String(stderr)}`)
  return new WebAssembly.Module(readFileSync(out))
}

/** What shows the mistake, or undefined. */
async function search(module: WebAssembly.Module, wanted: number): Promise<string | undefined> {
  for (const { name, run } of DIRECTED_CASES) {
    const wrong = run(createCrowdedEngine(module))
    if (wrong !== undefined) return `${name}: ${wrong}`
  }
  const engines = new Map(FORKS.map(fork => [fork, createCrowdedEngine(module)]))
  for (let seed = 1, programs = 0; programs < wanted; seed++) {
    const fork = forkOf(seed)
    try {
      const result = await runCase(engines.get(fork)!, oracles.get(fork)!, environments.get(fork)!, seed)
      programs += result.programs
      if (result.finding !== undefined)
        return `program ${programs}, seed ${seed}, ${fork}: ${result.finding.difference.slice(0, 120)}`
    } catch (error) {
      if (error instanceof AssertionError) throw error
      return `program ${programs}, seed ${seed}, ${fork}: ${String(error).slice(0, 120)}`
    }
  }
  return undefined
}

let found = 0
let hidden = 0
try {
  for (const mutation of MUTATIONS) {
    if (!mutation.name.includes(values.only)) continue
    const shown = await search(await compile(mutation), Number(values.programs))
    if (shown === undefined) hidden++
    else found++
    console.log(
      `${shown === undefined ? 'HIDDEN' : 'found'}: ${mutation.name}${shown === undefined ? '' : ` (${shown})`}`,
    )
  }
} finally {
  rmSync(scratch, { recursive: true })
}
console.log(`${found} found, ${hidden} hidden`)
process.exitCode = hidden === 0 ? 0 : 1
