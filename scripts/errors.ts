// docs/errors.md: every code with which a room refuses what comes from outside, or fails, as the room's `codes.ts` declares
// it. `npm run errors` writes it; with `-- --check` it says what is stale instead, and fails. That the tables hold all
// codes that are in use is checked by scripts/house.ts.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readCodes } from './house/codes.ts'
import { printErrors } from './house/errors-page.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = join(root, 'docs/errors.md')
const page = printErrors(await readCodes(root))

if (process.argv.includes('--check')) {
  const lines = readPage().split('\n')
  const wanted = page.split('\n')
  const at = wanted.findIndex((line, i) => line !== lines[i])
  if (at >= 0 || lines.length !== wanted.length) {
    const line = wanted[at] ?? '(nothing)'
    console.error(
      `docs/errors.md is stale from line ${at + 1} on, which should be:\n  ${line}\nRun \`npm run errors\`, and commit it.`,
    )
    process.exitCode = 1
  }
} else {
  writeFileSync(target, page)
  console.log(`wrote docs/errors.md: ${page.split('\n').filter(line => line.startsWith('| `')).length} codes`)
}

function readPage(): string {
  try {
    return readFileSync(target, 'utf8')
  } catch {
    return ''
  }
}
