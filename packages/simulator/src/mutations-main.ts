// `npm run mutations`: breaks each safety rule in turn, and reports whether the checkers notice.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { MUTATION_SEEDS, runMutation } from './mutate.ts'
import { MUTATIONS } from './mutations.ts'

const USAGE = `usage: npm run mutations -- [NAME...] [--seeds N] [--jobs J]   at most N seeds for each (${MUTATION_SEEDS})
`
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: String(MUTATION_SEEDS) },
    jobs: { type: 'string', default: String(availableParallelism()) },
    help: { type: 'boolean', default: false },
  },
})
const unknown = positionals.filter(name => MUTATIONS.every(mutation => mutation.name !== name))

if (values.help) process.stdout.write(USAGE)
else if (unknown.length > 0 || [values.seeds, values.jobs].some(text => !/^[1-9]\d{0,5}$/.test(text))) {
  process.stderr.write(`${USAGE}mutations: ${MUTATIONS.map(({ name }) => name).join(', ')}\n`)
  process.exitCode = 2
} else await run()

async function run(): Promise<void> {
  const left = MUTATIONS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  const count = left.length
  let survived = 0
  const work = async (): Promise<void> => {
    for (let mutation = left.shift(); mutation !== undefined; mutation = left.shift()) {
      const startMs = performance.now()
      const { found } = await runMutation(mutation, Number(values.seeds))
      const took = `${((performance.now() - startMs) / 1000).toFixed(1)} s`
      if (found === undefined) survived++
      const verdict = found === undefined ? 'SURVIVED' : `${found.kind} in seed ${found.seed} of ${mutation.kind}`
      process.stdout.write(`${mutation.name.padEnd(44)}${verdict}, ${took}\n`)
    }
  }
  await Promise.all(Array.from({ length: Number(values.jobs) }, work))
  process.stdout.write(`${count - survived} of ${count} mutations were found\n`)
  if (survived > 0) process.exitCode = 1
}
