// LIMITS.md: every bound of every room, as its `limits.ts` has it: name, value with its unit, and what the comment there
// says. `npm run limits` writes it; `-- --check` reports a stale line instead, and fails.
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Row {
  readonly name: string
  readonly value: string
  readonly comment: string
}

interface Section {
  readonly title: string
  readonly rows: Row[]
}

interface Room {
  readonly path: string
  readonly about: string
  readonly sections: readonly Section[]
}

const root = fileURLToPath(new URL('..', import.meta.url))
const target = join(root, 'LIMITS.md')

const UNITS: Readonly<Record<string, string>> = {
  MS: 'ms',
  S: 's',
  SECONDS: 's',
  CHARS: 'characters',
  PERCENT: '%',
  GAS: 'gas',
  BLOCKS: 'blocks',
  PIECES: 'pieces',
  UNITS: 'units',
}

const INTRO = `# Limits

Every queue, cache, message and list has a bound, and each room names its bounds in one file. \`npm run limits\` generates this
page from those files; do not edit it. A comment above several names applies to all of them. The sizes and rates of each
protocol between nodes are declared in \`packages/network/src/protocols.ts\` and where a protocol is defined; the table
sizes of the contract engine are in \`packages/evm/assembly/layout.ts\`.
`

const text = `${INTRO}\n${(await readRooms()).map(printRoom).join('\n')}`
if (process.argv.includes('--check')) check(text)
else {
  writeFileSync(target, text)
  console.log(`wrote LIMITS.md: ${text.split('\n').filter(line => line.startsWith('| `')).length} bounds`)
}

function check(wanted: string): void {
  const lines = readTarget().split('\n')
  const at = wanted.split('\n').findIndex((line, i) => line !== lines[i])
  if (at < 0 && lines.length === wanted.split('\n').length) return
  const line = wanted.split('\n')[at] ?? '(nothing)'
  console.error(
    `LIMITS.md is stale from line ${at + 1} on, which should be:\n  ${line}\nRun \`npm run limits\`, and commit it.`,
  )
  process.exitCode = 1
}

function readTarget(): string {
  try {
    return readFileSync(target, 'utf8')
  } catch {
    return ''
  }
}

// -------------------------------------------------------------------------------------------------- reading

async function readRooms(): Promise<Room[]> {
  const paths = globSync('{packages,apps}/*/src/**/limits.ts', { cwd: root }).map(path => path.replaceAll('\\', '/'))
  return Promise.all(paths.sort().map(readRoom))
}

/**
 * Values come from the module itself, order and comments from its text: a line comment at the margin heads what follows, any
 * other comment belongs to the next name, and a table of numbers takes the comments of the interface that it fills.
 */
async function readRoom(path: string): Promise<Room> {
  const values = (await import(join(root, path))) as Record<string, unknown>
  const lines = readFileSync(join(root, path), 'utf8').split('\n')
  const aboutCount = lines.findIndex(line => !line.startsWith('//'))
  const about = lines.slice(0, aboutCount).map(textOf).join(' ')
  const sections: Section[] = [{ title: '', rows: [] }]
  const ofFields = new Map<string, string>()
  let comment = ''
  let table: Record<string, unknown> | undefined
  for (const line of lines.slice(aboutCount)) {
    const [, constant] = /^export const (\w+)/.exec(line) ?? []
    const [, readonly, field] = /^ {2}(readonly )?(\w+): /.exec(line) ?? []
    const { rows } = sections.at(-1)!
    if (line.startsWith('//')) sections.push({ title: textOf(line), rows: [] })
    else if (/^\s*(\/\*\*|\*|\/\/)/.test(line)) comment = `${comment} ${textOf(line)}`.trim()
    else {
      if (constant !== undefined && isTable(values[constant])) table = values[constant]
      else if (constant !== undefined) rows.push({ name: constant, value: show(constant, values[constant]), comment })
      else if (field !== undefined && readonly !== undefined) ofFields.set(field, comment)
      else if (field !== undefined && table !== undefined && field in table)
        rows.push({ name: field, value: show(field, table[field]), comment: comment || (ofFields.get(field) ?? '') })
      comment = ''
    }
  }
  return { path, about, sections: sections.filter(({ rows }) => rows.length > 0) }
}

/** of a line of a comment */
function textOf(line: string): string {
  return line.replace(/^\s*(\/\*\*|\*\/|\*|\/\/( -{4,})?) ?/, '').replace(/ ?\*\/$/, '')
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

// -------------------------------------------------------------------------------------------------- printing

/** The unit is a part of the name: bytes as KiB or MiB, long times as seconds, `xPerY` as it reads. */
function show(name: string, value: unknown): string {
  if (typeof value !== 'number' && typeof value !== 'bigint') throw new Error(`${name} is no number`)
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toUpperCase()
    .split('_')
  const per = words.indexOf('PER')
  if (per > 0) {
    const rest = words.slice(per).filter(word => !['MAX', 'MIN', 'ASSUMED'].includes(word))
    const rate = rest.map(word => (word === 'IP' ? word : word.toLowerCase())).join(' ')
    const what = words[per - 1]!
    return `${what === 'BYTES' ? bytes(Number(value)) : `${digits(value)} ${what.toLowerCase()}`} ${rate}`
  }
  const unit = words.findLast(word => word === 'BYTES' || word in UNITS)
  if (unit === 'BYTES') return bytes(Number(value))
  if (unit === 'MS' && value >= 1_000) return `${digits(Number(value) / 1_000)} s`
  return unit === undefined ? digits(value) : `${digits(value)} ${UNITS[unit]}`
}

function digits(value: number | bigint): string {
  return value.toLocaleString('en')
}

function bytes(value: number): string {
  if (value >= 1024 ** 2 && value % 1024 ** 2 === 0) return `${digits(value / 1024 ** 2)} MiB`
  if (value >= 1024 && value % 1024 === 0) return `${digits(value / 1024)} KiB`
  return `${digits(value)} bytes`
}

function printRoom({ path, about, sections }: Room): string {
  const name = path
    .replace('/src/', ' ')
    .replace(/ ?limits\.ts$/, '')
    .replace(/\/$/, '')
  const head = about.replace(/ LIMITS\.md lists them\./, '')
  return `## ${name}\n${head} ([${path}](${path}))\n${sections.map(printSection).join('')}`
}

function printSection({ title, rows }: Section): string {
  const heading = title === '' ? '' : `\n### ${title[0]!.toUpperCase()}${title.slice(1)}\n`
  const cells = rows.map(
    ({ name, value, comment }) => `| \`${name}\` | ${value} | ${comment.replaceAll('|', '\\|')} |\n`,
  )
  return `${heading}\n| name | value | |\n| --- | --- | --- |\n${cells.join('')}`
}
