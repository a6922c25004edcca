// Who may import whom: rooms below, no other room's files, no helpers of tests, and nothing of Node where browsers go.
import { posix } from 'node:path'
import { BROWSER_SAFE, HELPERS_ELSEWHERE, ROOMS } from './rooms.ts'
import type { Source } from './sources.ts'

const ROOM_OF_IMPORT = /^@tan\/([a-z]+)/

export function checkImports(sources: readonly Source[], rooms = ROOMS): string[] {
  const breaches: string[] = []
  for (const { path, room, isTest, imports } of sources) {
    if (room === undefined) continue
    const below = rooms[room] ?? []
    for (const { name } of imports) {
      const other = ROOM_OF_IMPORT.exec(name)?.[1]
      if (other !== undefined && `packages/${other}` !== room && !isTest && !below.includes(other))
        breaches.push(`${path}: imports @tan/${other}, which is not below it`)
      const target = targetOf(path, name)
      if (target !== undefined && !target.startsWith(`${room}/`))
        breaches.push(`${path}: reaches into another room by ${name}`)
    }
  }
  return breaches
}

/** What a room may import and does not. */
export function checkUnusedRooms(sources: readonly Source[], rooms = ROOMS): string[] {
  const used = new Set<string>()
  for (const { room, isTest, imports } of sources)
    for (const { name } of isTest ? [] : imports) used.add(`${room} ${ROOM_OF_IMPORT.exec(name)?.[1]}`)
  return Object.entries(rooms).flatMap(([room, below]) =>
    below
      .filter(other => !used.has(`${room} ${other}`))
      .map(other => `${room}: may import @tan/${other} and does not: take that out of scripts/house/rooms.ts`),
  )
}

/** Helpers of tests lie in `src/testing/` of their room, and no production file imports them. */
export function checkHelpers(sources: readonly Source[], elsewhere = HELPERS_ELSEWHERE): string[] {
  const breaches: string[] = []
  for (const { path, room, isTest, imports } of sources) {
    if (room === undefined) continue
    const isNamedHelper = /(?:-for-tests|\/test-[^/]*)\.tsx?$/.test(path) || /\/src\/(?:.*\/)?tests?\//.test(path)
    if (
      isNamedHelper &&
      !/\.test\.tsx?$/.test(path) &&
      !path.includes('/src/testing/') &&
      !elsewhere.some(helper => path.startsWith(helper))
    )
      breaches.push(`${path}: a helper of tests lies in ${room}/src/testing/`)
    if (isTest) continue
    for (const { name } of imports)
      if (/(?:^|\/)testing(?:\/|$)/.test(name) || isElsewhere(targetOf(path, name), elsewhere))
        breaches.push(`${path}: imports ${name}, a helper of tests`)
  }
  for (const helper of elsewhere)
    if (!sources.some(({ path }) => path.startsWith(helper)))
      breaches.push(`${helper}: is not there any more: take it out of scripts/house/rooms.ts`)
  return breaches
}

function isElsewhere(target: string | undefined, elsewhere: readonly string[]): boolean {
  return target !== undefined && elsewhere.some(helper => target.startsWith(helper))
}

/** Whatever a browser loads imports no `node:*`, but by a conditional export. */
export function checkBrowsers(sources: readonly Source[], safe = BROWSER_SAFE): string[] {
  const byPath = new Map(sources.map(source => [source.path, source]))
  const breaches: string[] = []
  const seen = new Set<string>()
  const visit = (source: Source): void => {
    if (seen.has(source.path) || source.isTest || source.path.endsWith('.node.ts')) return
    seen.add(source.path)
    for (const { name, isTypeOnly } of source.imports) {
      const target = targetOf(source.path, name)
      if (name.startsWith('node:') && !isTypeOnly)
        breaches.push(`${source.path}: imports ${name}, where browsers load it`)
      else if (target?.endsWith('.node.ts'))
        breaches.push(`${source.path}: imports ${name} by its name: browsers would load it too`)
      const next = target === undefined ? undefined : byPath.get(target)
      if (next !== undefined) visit(next)
    }
  }
  for (const place of safe) {
    const within = sources.filter(({ path, room }) => room !== undefined && path.startsWith(place))
    if (within.length === 0) breaches.push(`${place}: there is no such file for browsers: see scripts/house/rooms.ts`)
    for (const source of within) visit(source)
  }
  return breaches
}

/** The path of a file that is imported by a relative name. */
export function targetOf(from: string, name: string): string | undefined {
  if (!name.startsWith('.')) return undefined
  const path = posix.join(posix.dirname(from), name)
  // the engine's own sources are imported without an ending
  return /\.[a-z]+$/.test(name) ? path : `${path}.ts`
}
