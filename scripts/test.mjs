// What `npm test` runs, step by step, and how long each took. `npm run check` runs the quick steps alone. Ends at the
// first step that fails, with its exit code.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const isQuick = process.argv.includes('check')
const major = Number(process.versions.node.split('.')[0])
if (major < 26) {
  console.error(
    `The tests run on Node 26, which \`npm ci\` installs beside them; this is Node ${process.versions.node}. Call them with \`npm test\`.`,
  )
  process.exit(1)
}

const STEPS = [
  ['rules between rooms', 'node', ['scripts/house.ts']],
  ['limits are listed', 'node', ['scripts/limits.ts', '--check']],
  ['codes are listed', 'node', ['scripts/errors.ts', '--check']],
  ['format and lint', 'biome', ['check', '.']],
  ['types', 'tsc', ['-b']],
  ['types of the web app', 'tsc', ['-p', 'apps/web', '--noEmit']],
  ['types of tests, benches and scripts', 'tsc', ['-p', 'test']],
  ['unit, property and simulation tests', 'vitest', ['run']],
  ['tests over real processes and a real browser', 'vitest', ['run', '--config', 'vitest.e2e.config.ts']],
]

const QUICK_STEPS = 7
const took = []
for (const [name, command, args] of isQuick ? STEPS.slice(0, QUICK_STEPS) : STEPS) {
  console.log(`\n— ${name}`)
  const start = Date.now()
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  took.push(`${((Date.now() - start) / 1000).toFixed(1).padStart(7)} s  ${name}`)
  if (status !== 0) {
    console.error(`\n${took.join('\n')}\n\nFailed: ${name}${error === undefined ? '' : ` (${error.message})`}`)
    process.exit(status ?? 1)
  }
}
console.log(`\n${took.join('\n')}\n\nAll steps passed.`)
