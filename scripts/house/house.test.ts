import { AGAINST_RULES } from '@tan/primitives'
import { describe, expect, test } from 'vitest'
import { checkCircles, findCircles } from './circles.ts'
import { type Codes, checkCodes, codesOf } from './codes.ts'
import { printErrors } from './errors-page.ts'
import { checkBrowsers, checkHelpers, checkImports, checkUnusedRooms } from './imports.ts'
import { checkCitations, findCitations, rulesOf } from './rules.ts'
import { parseSource, splitComments } from './sources.ts'
import { checkWorld } from './world.ts'

const ROOMS = {
  'packages/primitives': [],
  'packages/storage': ['primitives'],
  'packages/node': ['primitives', 'storage'],
}
const storage = (text: string, name = 'a.ts') => parseSource(`packages/storage/src/${name}`, text)

/** a template within a template, with an object and what looks like comments */
const TEMPLATE = '`$' + '{a ? `/*$' + '{1}*/` : {}} // no`'

describe('sources', () => {
  test('comments are apart from code, whatever texts, templates and patterns hold', () => {
    for (const [text, code, comments] of [
      ['a // b\nc', 'a  \nc', ['b']],
      ['/** one\n * two */ a', '  a', ['one two']],
      ["const s = '// no' // yes", "const s = '// no'  ", ['yes']],
      [`${TEMPLATE} /* yes */`, `${TEMPLATE}  `, ['yes']],
      ["/'\\/[/'] no/.test(a) / 2 // yes", "/'\\/[/'] no/.test(a) / 2  ", ['yes']],
      ['return /"/ // yes', 'return /"/  ', ['yes']],
      ['// a sentence that\n  // goes on\n\n// another', ' \n   \n\n ', ['a sentence that goes on', 'another']],
    ] as const)
      expect(splitComments(text)).toEqual({ code, comments })
  })

  test('imports of any form are seen, and whether they are of types', () => {
    const { imports } = storage(
      "import a, { type B } from './a.ts'\nimport type {\n  C,\n} from 'c'\nexport * from 'd'\nimport 'e'\nawait import('f')\n// import 'g'",
    )
    expect(imports.map(({ name, isTypeOnly }) => [name, isTypeOnly])).toEqual([
      ['./a.ts', false],
      ['c', true],
      ['d', false],
      ['e', false],
      ['f', false],
    ])
  })
})

describe('imports', () => {
  test('a room imports those below it, and no other room’s files; tests import any room', () => {
    const up = "import '@tan/node'"
    expect(checkImports([storage(up)], ROOMS)).toEqual([
      'packages/storage/src/a.ts: imports @tan/node, which is not below it',
    ])
    expect(checkImports([storage(up, 'a.test.ts'), storage("import '@tan/primitives'")], ROOMS)).toEqual([])
    expect(checkImports([storage("import '../../node/src/a.ts'")], ROOMS)).toHaveLength(1)
  })

  test('a room that may be imported and is not is a breach, even where a test imports it', () => {
    const breaches = checkUnusedRooms(
      [storage("import '@tan/primitives'"), parseSource('packages/node/src/a.test.ts', "import '@tan/storage'")],
      ROOMS,
    )
    expect(breaches.map(line => line.split(':')[0])).toEqual(['packages/node', 'packages/node'])
  })

  test('helpers of tests lie in testing/, and production does not import them', () => {
    const place = (name: string) => checkHelpers([storage('', name)], [])
    for (const wrong of ['trie-for-tests.ts', 'state/test-world.ts', 'tests/world.ts', 'test/world.ts'])
      expect(place(wrong), wrong).toHaveLength(1)
    for (const right of ['testing/world.ts', 'testing/test-world.ts', 'latest-state.ts', 'test-world.test.ts'])
      expect(place(right), right).toEqual([])
    const text = "import { a } from './testing/world.ts'"
    expect(checkHelpers([storage(text)], [])).toEqual([
      'packages/storage/src/a.ts: imports ./testing/world.ts, a helper of tests',
    ])
    expect(checkHelpers([storage(text, 'a.test.ts')], [])).toEqual([])
    expect(checkHelpers([storage("import '@tan/evm/testing'")], [])).toHaveLength(1)
    expect(checkHelpers([], ['packages/storage/src/gone/'])).toHaveLength(1)
  })

  test('browsers load nothing of Node, by whatever way a door leads to it', () => {
    const door = storage("import './far.ts'", 'door.ts')
    const far = storage("import 'node:fs'", 'far.ts')
    const check = (...sources: Parameters<typeof checkBrowsers>[0]) =>
      checkBrowsers(sources, ['packages/storage/src/door.ts'])
    expect(check(door, far)).toEqual(['packages/storage/src/far.ts: imports node:fs, where browsers load it'])
    expect(check(door, storage("import type { Stats } from 'node:fs'", 'far.ts'))).toEqual([])
    expect(check(storage("import './fast.node.ts'", 'door.ts'))).toHaveLength(1)
    expect(check(far)).toHaveLength(1)
  })
})

describe('the world', () => {
  const clock = storage('const now = Date.now()')
  const disk = storage("import { readFileSync } from 'node:fs'", 'engines/disk.ts')

  test('is touched where a permission says so, and nowhere else', () => {
    const may = [{ where: 'packages/storage/src/engines/', may: ['disk'] as const }]
    expect(checkWorld([disk], may)).toEqual([])
    expect(checkWorld([disk, clock], may)).toEqual([
      'packages/storage/src/a.ts: reads the real clock; that comes in from outside here',
    ])
    expect(checkWorld([disk, storage('// Date.now() is not called'), storage('Date.now()', 'a.test.ts')], may)).toEqual(
      [],
    )
  })

  test('a permission without use is a breach, and so is one that a narrower one makes needless', () => {
    const wide = { where: 'packages/storage/', may: ['disk', 'clock'] as const }
    const narrow = { where: 'packages/storage/src/engines/', may: ['disk'] as const }
    expect(checkWorld([disk, clock], [wide])).toEqual([])
    expect(checkWorld([disk, clock], [wide, narrow])).toHaveLength(1)
  })

  test('timers, sockets, chance, threads are told from what only looks like them', () => {
    const does = (text: string) => checkWorld([storage(text)], []).map(line => line.split(': ')[1]!.split(';')[0])
    expect(does('setTimeout(f, 1)')).toEqual(['sets a real timer'])
    expect(does('const a = await fetch(url)')).toEqual(['opens a socket'])
    expect(does('this.fetch(url); prefetch(url)')).toEqual([])
    expect(does('crypto.getRandomValues(a)')).toEqual(['draws real random numbers'])
    expect(does("import { Worker } from 'node:worker_threads'")).toEqual(['starts a process or a thread'])
  })
})

describe('circles', () => {
  test('are the strongly connected components', () => {
    const edges = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', ['a']],
      ['d', ['e']],
      ['e', ['d']],
      ['f', ['a', 'f']],
      ['g', ['a']],
    ])
    expect(findCircles(edges)).toEqual([['a', 'b', 'c'], ['d', 'e'], ['f']])
  })

  test('of types count too; an allowance is for one folder, and goes when its circle does', () => {
    const circle = [storage("import type { B } from './b.ts'"), storage("import './a.ts'", 'b.ts')]
    expect(checkCircles(circle, [])).toHaveLength(1)
    const allowed = [{ where: 'packages/storage/', because: 'it is a test' }]
    expect(checkCircles(circle, allowed)).toEqual([])
    expect(checkCircles(circle.slice(1), allowed)).toHaveLength(1)
  })
})

describe('rules of spec/', () => {
  const rules = new Set(
    rulesOf('- **S-VOTE** for a block.\n- **S-ENTER** on a certificate; **not a rule**. **D-ONE** piece.'),
  )

  test('are cited in one form, over line ends, alone or in a list', () => {
    expect([...rules]).toEqual(['S-VOTE', 'S-ENTER', 'D-ONE'])
    const { inCode, inTests, breaches } = findCitations(
      [storage('// as spec S-VOTE and\n// S-ENTER say'), storage('/** (spec D-ONE, S-VOTE) */', 'a.test.ts')],
      rules,
    )
    expect([...inCode]).toEqual(['S-VOTE', 'S-ENTER'])
    expect([...inTests]).toEqual(['D-ONE', 'S-VOTE'])
    expect(breaches).toEqual([])
  })

  test('what no file or no test cites, what is no rule, and other forms are breaches', () => {
    const citations = findCitations(
      [storage('// spec S-VOTE, X-GONE (S-ENTER)'), storage('const a = "spec D-ONE"')],
      rules,
    )
    expect(citations.breaches).toEqual([
      'packages/storage/src/a.ts: cites X-GONE, which is no rule of spec/',
      'packages/storage/src/a.ts: names S-ENTER; cite it as `spec S-ENTER`',
    ])
    expect(checkCitations(citations)).toEqual([
      'spec: no production file and no test cites D-ONE',
      'spec: no production file and no test cites S-ENTER',
      'spec: no test cites S-VOTE',
    ])
  })
})

describe('codes', () => {
  const table: Codes = {
    rejections: { 'block/bad': [AGAINST_RULES, 'A bad | block.'] },
    errors: { 'disk/full': 'Full.' },
  }
  const tables = new Map<string, Codes>([['packages/storage', table]])

  test('are told from types of content, modules and paths', () => {
    const text =
      "import '@tan/x'\nimport 'hls/light'\nf('disk/full', 'text/plain', './a/b', 'packages/node', 'a/b.ts', `x/y`, 'x/y/z')"
    expect([...codesOf(storage(text))]).toEqual(['disk/full'])
  })

  test('that are used are declared in the room or below it, and those that are declared are used there', () => {
    const check = (text: string, path = 'packages/storage/src/a.ts', exempt: string[] = []) =>
      checkCodes([parseSource(path, text)], tables, ROOMS, exempt)
    expect(check("f('block/bad', 'disk/full')").breaches).toEqual([])
    expect(check("f('block/bad')").breaches).toEqual([
      'packages/storage/src/codes.ts: declares disk/full, which nothing there uses',
    ])
    expect(check("f('block/bad', 'disk/full', 'disk/gone')").breaches).toEqual([
      'packages/storage/src/a.ts: uses the code disk/gone, which packages/storage/src/codes.ts does not declare',
    ])
    expect(check("f('disk/gone')", undefined, ['packages/storage'])).toMatchObject({
      breaches: [],
      told: { length: 3 },
    })
    expect(check("f('disk/full')", 'packages/node/src/a.ts').breaches).toHaveLength(2)
    expect(check("f('disk/full')", 'packages/primitives/src/a.ts').breaches).toHaveLength(3)
  })

  test('are printed by room with blame and meaning', () => {
    const page = printErrors(new Map([...tables, ['packages/node', { rejections: {}, errors: {} }]]))
    expect(page).toContain('## storage\n')
    expect(page).not.toContain('## node')
    expect(page).toContain('| `block/bad` | author | yes | nobody | A bad \\| block. |\n')
    expect(page).toContain('| `disk/full` | Full. |\n')
  })
})
