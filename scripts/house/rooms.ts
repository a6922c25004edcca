// The rooms and what each may do: the rules that scripts/house.ts holds the code to. ARCHITECTURE.md says why.

/** Each room, and the rooms that it may import. Lower rooms first. */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  'packages/primitives': [],
  'packages/protocol': ['primitives'],
  'packages/storage': ['primitives'],
  'packages/evm': ['primitives'],
  'packages/ledger': ['primitives', 'protocol', 'storage', 'evm'],
  'packages/consensus': ['primitives', 'protocol'],
  'packages/payments': ['primitives', 'protocol'],
  'packages/delivery': ['primitives', 'protocol', 'payments'],
  'packages/network': ['primitives'],
  'packages/node': ['primitives', 'protocol', 'storage', 'ledger', 'consensus', 'network'],
  'packages/peer': ['primitives', 'protocol', 'storage', 'payments', 'delivery'],
  'packages/viewer': ['primitives', 'protocol', 'payments', 'delivery', 'peer'],
  'packages/tracker': ['primitives', 'protocol'],
  'packages/origin': ['primitives', 'protocol'],
  'packages/edge': ['primitives', 'protocol', 'storage', 'payments', 'delivery', 'peer'],
  'packages/simulator': ['primitives', 'protocol', 'consensus', 'payments', 'delivery'],
  'apps/web': ['primitives', 'protocol', 'viewer'],
  'apps/cli': ['primitives', 'protocol', 'ledger', 'network', 'node', 'peer', 'viewer', 'tracker', 'origin', 'edge'],
}

/**
 * What browsers load: whole rooms, or what a door of a room leads to. No `node:*` there, but in files named `*.node.ts`,
 * which conditional exports keep from browsers.
 */
export const BROWSER_SAFE: readonly string[] = [
  'packages/primitives/',
  'packages/protocol/',
  'packages/storage/src/proofs.ts',
  'packages/delivery/',
  'packages/payments/',
  'packages/peer/',
  'packages/viewer/',
  'apps/web/',
]

/** What comes in from outside everywhere else: real time, chance, timers, sockets, disks, and processes and threads. */
export type World = 'clock' | 'chance' | 'timers' | 'sockets' | 'disk' | 'processes'

export interface Permission {
  /** what the paths of its files begin with */
  readonly where: string
  readonly may: readonly World[]
}

export const PERMISSIONS: readonly Permission[] = [
  { where: 'packages/primitives/src/crypto.', may: ['chance'] },
  { where: 'packages/storage/src/engines/', may: ['disk'] },
  { where: 'packages/evm/src/engine-bytes.node.ts', may: ['disk'] },
  { where: 'packages/evm/src/engine-bytes.browser.ts', may: ['sockets'] },
  { where: 'packages/network/', may: ['timers', 'sockets'] },
  { where: 'packages/node/', may: ['clock', 'timers', 'sockets', 'processes'] },
  { where: 'packages/node/src/keys/', may: ['chance'] },
  // what browsers and Node have in common
  { where: 'packages/peer/src/world.ts', may: ['clock', 'timers', 'sockets'] },
  { where: 'packages/viewer/', may: ['clock', 'timers', 'sockets'] },
  { where: 'packages/viewer/src/browser/', may: ['chance', 'disk'] },
  { where: 'packages/tracker/', may: ['timers', 'sockets'] },
  { where: 'packages/tracker/src/locate.ts', may: ['disk'] },
  { where: 'packages/origin/', may: ['sockets', 'disk', 'processes'] },
  { where: 'packages/edge/', may: ['sockets', 'disk'] },
  // what starts the simulator: it reports real time, and reads the sources that it mutates
  { where: 'packages/simulator/src/main.ts', may: ['clock'] },
  { where: 'packages/simulator/src/mutations-main.ts', may: ['clock'] },
  { where: 'packages/simulator/src/mutate.ts', may: ['processes'] },
  { where: 'packages/simulator/src/mutation-worker.ts', may: ['disk'] },
  { where: 'packages/simulator/src/seeds.ts', may: ['processes'] },
  { where: 'packages/simulator/src/worker.ts', may: ['processes'] },
  { where: 'apps/web/', may: ['clock', 'chance', 'timers', 'sockets'] },
  { where: 'apps/cli/', may: ['clock', 'chance', 'timers', 'sockets', 'disk', 'processes'] },
]

/** Folders whose files may import each other in circles for now, and why. Nothing else may. */
export const CIRCLES_ALLOWED: readonly { readonly where: string; readonly because: string }[] = []

/** Helpers of tests that do not lie in `src/testing/` yet. They count as tests. */
export const HELPERS_ELSEWHERE: readonly string[] = []

/** Rooms whose `codes.ts` does not hold all of their codes yet: what is missing there is told, and no breach. */
export const CODES_EXEMPT: readonly string[] = []

/** Does a rule of `spec/` that no file, or no test, cites count as a breach? Otherwise it is only counted. */
export const ARE_RULES_HELD = true
