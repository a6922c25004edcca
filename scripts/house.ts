// Checks the rules between rooms (ARCHITECTURE.md): who may import whom, browser-safe rooms free of Node, and the real
// clock, randomness, sockets and disks only in the rooms that may touch them. Prints each breach; exit code 1 if any.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Each room, and the rooms that it may import. Order: lower rooms first. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  'packages/primitives': [],
  'packages/protocol': ['primitives'],
  'packages/storage': ['primitives'],
  'packages/evm': ['primitives'],
  'packages/ledger': ['primitives', 'protocol', 'storage', 'evm'],
  'packages/consensus': ['primitives', 'protocol'],
  'packages/delivery': ['primitives', 'protocol'],
  'packages/network': ['primitives', 'protocol'],
  'packages/node': ['primitives', 'protocol', 'storage', 'ledger', 'consensus', 'network'],
  'packages/peer': ['primitives', 'protocol', 'storage', 'delivery'],
  'packages/viewer': ['primitives', 'protocol', 'delivery', 'peer'],
  'packages/tracker': ['primitives', 'protocol', 'delivery'],
  'packages/origin': ['primitives', 'protocol', 'delivery'],
  'packages/edge': ['primitives', 'protocol', 'storage', 'delivery', 'peer'],
  'packages/simulator': ['primitives', 'protocol', 'storage', 'ledger', 'consensus', 'delivery'],
  'apps/web': ['primitives', 'protocol', 'viewer'],
  'apps/cli': [
    'primitives',
    'protocol',
    'storage',
    'evm',
    'ledger',
    'consensus',
    'delivery',
    'network',
    'node',
    'peer',
    'viewer',
    'tracker',
    'origin',
    'edge',
    'simulator',
  ],
}

/** No `node:*` but in files named `*.node.ts`, which conditional exports keep from browsers. */
const BROWSER_SAFE = [
  'packages/primitives',
  'packages/protocol',
  'packages/delivery',
  'packages/peer',
  'packages/viewer',
  'apps/web',
]
/** The same, for parts of a room. */
const BROWSER_SAFE_FILES = [/^packages\/storage\/src\/(trie|proofs?)(\/|\.|-)/]

/** Rooms that may touch the real clock, randomness, sockets and disks. */
const MAY_TOUCH_THE_WORLD = [
  'packages/node',
  'packages/network',
  'packages/edge',
  'packages/tracker',
  'packages/origin',
  'packages/viewer',
  'apps/web',
  'apps/cli',
]
const WORLD: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/, 'reads the real clock'],
  [/\bMath\.random\(/, 'uses Math.random'],
  [/\bset(?:Timeout|Interval|Immediate)\(/, 'sets a real timer'],
  [
    /from 'node:(?:net|dgram|http|https|http2|tls)'|\bnew WebSocket\(|(?:await|=|=>|globalThis\.) ?fetch\(/,
    'opens a socket',
  ],
]
/**
 * Storage's engines are where the real disk is touched below the node; a peer's world is what browsers and Node have in
 * common; the simulator's command line reports real time.
 */
const EXCEPTIONS = [
  /\.(browser|node)\.ts$/,
  /^packages\/storage\/src\/engines?\//,
  /^packages\/peer\/src\/world\.ts$/,
  /^packages\/simulator\/src\/(.*-)?(main|worker)\.ts$/,
]

const breaches: string[] = []

function walk(folder: string): string[] {
  return readdirSync(folder).flatMap(name => {
    const path = join(folder, name)
    if (name === 'node_modules' || name === 'dist' || name.startsWith('.') || name === 'assembly') return []
    if (statSync(path).isDirectory()) return walk(path)
    return /\.tsx?$/.test(name) ? [path] : []
  })
}

for (const [room, below] of Object.entries(ROOMS)) {
  let files: string[]
  try {
    files = walk(join(root, room, 'src'))
  } catch {
    continue
  }
  for (const path of files) {
    const file = relative(root, path)
    const isTest = /\.test\.tsx?$/.test(file) || /\/test(ing|s)?\//.test(file)
    const text = readFileSync(path, 'utf8')
    const breach = (what: string): number => breaches.push(`${file}: ${what}`)
    for (const match of text.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)) {
      const name = match[1]!
      const other = /^@tan\/([a-z]+)/.exec(name)?.[1]
      if (other !== undefined && !below.includes(other) && !isTest)
        breach(`imports @tan/${other}, which is not below it`)
      if (name.startsWith('.') && relative(join(root, room), join(path, '..', name)).startsWith('..'))
        breach(`reaches into another room by ${name}`)
      const isBrowserSafe = BROWSER_SAFE.includes(room) || BROWSER_SAFE_FILES.some(pattern => pattern.test(file))
      if (isBrowserSafe && name.startsWith('node:') && !isTest && !file.endsWith('.node.ts'))
        breach(`imports ${name}, in a room that browsers load`)
    }
    if (isTest || MAY_TOUCH_THE_WORLD.includes(room) || EXCEPTIONS.some(pattern => pattern.test(file))) continue
    for (const [pattern, what] of WORLD)
      if (pattern.test(text)) breach(`${what}; time and chance come in from outside here`)
  }
}

for (const line of breaches) process.stderr.write(`house: ${line}\n`)
if (breaches.length > 0) process.exitCode = 1
else process.stdout.write('house: imports, browser-safe rooms and ports are in order\n')
