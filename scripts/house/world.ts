// Where the real world is touched: only where a permission says so, and no permission is there without use.
import { PERMISSIONS, type Permission, type World } from './rooms.ts'
import type { Source } from './sources.ts'

const CODE: Readonly<Record<World, RegExp | undefined>> = {
  clock: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bprocess\.hrtime\b/,
  chance: /\bMath\.random\(|\bgetRandomValues\(|\brandomUUID\(/,
  timers: /\bset(?:Timeout|Interval|Immediate)\(/,
  sockets: /\bnew WebSocket\(|\bnew RTCPeerConnection\(|(?:await|=|=>|\(|globalThis\.) ?fetch\(/,
  disk: /\bindexedDB\b/,
  processes: undefined,
}
const MODULES: Readonly<Record<World, RegExp | undefined>> = {
  clock: undefined,
  chance: undefined,
  timers: /^node:timers/,
  sockets: /^node:(?:net|dgram|dns|http|https|http2|tls)$|^ws$|^@libp2p\/tcp$|^node-datachannel/,
  disk: /^node:fs(?:\/promises)?$|^classic-level$/,
  processes: /^node:(?:child_process|worker_threads|cluster)$/,
}
const DOES: Readonly<Record<World, string>> = {
  clock: 'reads the real clock',
  chance: 'draws real random numbers',
  timers: 'sets a real timer',
  sockets: 'opens a socket',
  disk: 'touches the disk',
  processes: 'starts a process or a thread',
}

export function touches({ code, imports }: Source): World[] {
  const modules = imports.filter(({ isTypeOnly }) => !isTypeOnly).map(({ name }) => name)
  return (Object.keys(CODE) as World[]).filter(
    world => CODE[world]?.test(code) || modules.some(name => MODULES[world]?.test(name)),
  )
}

export function checkWorld(sources: readonly Source[], permissions: readonly Permission[] = PERMISSIONS): string[] {
  const breaches: string[] = []
  const used = new Set<string>()
  for (const source of sources) {
    if (source.room === undefined || source.isTest) continue
    for (const world of touches(source)) {
      // the narrowest permission is the one that is used
      const granted = permissions
        .filter(({ where, may }) => source.path.startsWith(where) && may.includes(world))
        .sort((a, b) => b.where.length - a.where.length)[0]
      if (granted === undefined) breaches.push(`${source.path}: ${DOES[world]}; that comes in from outside here`)
      else used.add(`${granted.where} ${world}`)
    }
  }
  for (const { where, may } of permissions)
    for (const world of may)
      if (!used.has(`${where} ${world}`))
        breaches.push(`${where}: a permission (${world}) that no file uses: take it out of scripts/house/rooms.ts`)
  return breaches
}
