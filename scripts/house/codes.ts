// The codes of rejections and errors: those that the sources use, held to those that the rooms' `codes.ts` declare.
// Whatever text in a production file looks like a code (`area/what`, and no path, type of content, or name of a module) is one.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ErrorTable, RejectionTable } from '@tan/primitives'
import { CODES_EXEMPT, ROOMS } from './rooms.ts'
import type { Source } from './sources.ts'

export interface Codes {
  readonly rejections: RejectionTable
  readonly errors: ErrorTable
}

/** By room, in the order of the rooms. */
export async function readCodes(root: string, rooms = ROOMS): Promise<Map<string, Codes>> {
  const tables = new Map<string, Codes>()
  for (const room of Object.keys(rooms)) {
    const path = join(root, room, 'src/codes.ts')
    if (!existsSync(path)) continue
    const { REJECTIONS = {}, ERRORS = {} } = (await import(path)) as {
      REJECTIONS?: RejectionTable
      ERRORS?: ErrorTable
    }
    tables.set(room, { rejections: REJECTIONS, errors: ERRORS })
  }
  return tables
}

export interface CodeBreaches {
  readonly breaches: string[]
  /** the same of rooms that are exempt */
  readonly told: string[]
}

export function checkCodes(
  sources: readonly Source[],
  tables: ReadonlyMap<string, Codes>,
  rooms = ROOMS,
  exempt = CODES_EXEMPT,
): CodeBreaches {
  const breaches: string[] = []
  const told: string[] = []
  const say = (room: string, what: string): number => (exempt.includes(room) ? told : breaches).push(what)
  const usedIn = new Map<string, Set<string>>()
  for (const source of sources) {
    const { room, path, isTest } = source
    if (room === undefined || isTest || path === `${room}/src/codes.ts`) continue
    const used = usedIn.get(room) ?? new Set()
    usedIn.set(room, used)
    for (const code of codesOf(source)) {
      used.add(code)
      if (![...below(room, rooms)].some(other => declares(tables.get(other), code)))
        say(room, `${path}: uses the code ${code}, which ${room}/src/codes.ts does not declare`)
    }
  }
  for (const [room, { rejections, errors }] of tables)
    for (const code of [...Object.keys(rejections), ...Object.keys(errors)])
      if (!usedIn.get(room)?.has(code)) say(room, `${room}/src/codes.ts: declares ${code}, which nothing there uses`)
  for (const room of exempt)
    if (!(room in rooms)) breaches.push(`${room}: is no room: take it out of scripts/house/rooms.ts`)
  return { breaches, told }
}

/** The room itself, and all that it stands on: what those refuse with passes through it. */
function below(room: string, rooms: typeof ROOMS, found: Set<string> = new Set([room])): Set<string> {
  for (const other of (rooms[room] ?? []).map(name => `packages/${name}`))
    if (!found.has(other)) below(other, rooms, found.add(other))
  return found
}

function declares(table: Codes | undefined, code: string): boolean {
  return table !== undefined && (code in table.rejections || code in table.errors)
}

const LITERAL = /(?<![\w'])'([a-z][a-z0-9-]*\/[a-z0-9-]+)'(?!\])/g
const NO_CODE = /^(?:application|audio|font|image|text|video|apps|packages|node_modules)\//

export function codesOf({ code, imports }: Source): Set<string> {
  const modules = new Set(imports.map(({ name }) => name))
  return new Set(
    [...code.matchAll(LITERAL)].map(([, name]) => name!).filter(name => !NO_CODE.test(name) && !modules.has(name)),
  )
}
