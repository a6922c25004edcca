// Where Ethereum's public state tests lie. They are not copied into this repository: TAN_VECTORS says where they are.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { StateTest } from './state-tests.ts'

const folder = join(
  process.env.TAN_VECTORS ?? join(import.meta.dirname, '../../../shared/vectors'),
  'ethereum/GeneralStateTests',
)

export const areThere = existsSync(folder)
/** For the title of a test that cannot run without them. */
export const hint = areThere ? '' : ` (skipped: none in ${folder}, set TAN_VECTORS)`

/** Folders of tests; none where there are none. */
export function stateGroups(): string[] {
  return areThere ? groupsBelow('.') : []
}

/** The tests of a group, file by file. */
export function* stateFiles(group: string): Generator<Readonly<Record<string, StateTest>>> {
  for (const file of readdirSync(join(folder, group)))
    if (file.endsWith('.json')) yield JSON.parse(readFileSync(join(folder, group, file), 'utf8'))
}

function groupsBelow(path: string): string[] {
  const inner = readdirSync(join(folder, path), { withFileTypes: true }).filter(entry => entry.isDirectory())
  if (inner.length === 0) return [path]
  return inner.flatMap(entry => groupsBelow(join(path, entry.name)))
}
