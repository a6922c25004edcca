// The state trie and the settled state on LevelDB: the cost of an update, compared with a library that does the same.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMPT } from '@ethereumjs/mpt'
import {
  type Address,
  createSeededRandom,
  equalBytes,
  fromHex,
  type Hash,
  keccak256,
  type Random,
  randomBelow,
  randomBytesFrom,
  toHex,
} from '@tan/primitives'
import {
  type AccountWrite,
  EMPTY_ACCOUNT,
  EMPTY_CODE_HASH,
  EMPTY_ROOT,
  encodeAccount,
  NodeChanges,
  NodeTable,
  openStore,
  StateStore,
  type StateWrites,
  type TrieChange,
  updateTrie,
} from '@tan/storage'

const BATCH = 1_000
const RUNS = 12
const WARM_UP_RUNS = 4
const SIZES = { '100k': 100_000, '1m': 1_000_000 }

export const bench = {
  name: 'trie',
  description: `batches of ${BATCH} account updates and the root: only the trie, and settled on LevelDB`,
  async run(): Promise<{ metrics: Record<string, number>; ratios: Record<string, number> }> {
    const metrics: Record<string, number> = {}
    const ratios: Record<string, number> = {}
    for (const [label, size] of Object.entries(SIZES)) {
      const { ours, peer, peerSameKeccak } = await compareTries(size)
      metrics[`trie_${label}_updates_per_s`] = rate(ours)
      metrics[`trie_${label}_spread_percent`] = spread(ours)
      metrics[`mpt_${label}_updates_per_s`] = rate(peer)
      metrics[`mpt_same_keccak_${label}_updates_per_s`] = rate(peerSameKeccak)
      ratios[`vs_ethereumjs_mpt_${label}`] = median(peer) / median(ours)
      ratios[`vs_ethereumjs_mpt_same_keccak_${label}`] = median(peerSameKeccak) / median(ours)
      const { applied, settled } = await settleOnLevel(size)
      metrics[`state_${label}_apply_updates_per_s`] = rate(applied)
      metrics[`state_${label}_apply_and_settle_updates_per_s`] = rate(applied.map((time, i) => time + settled[i]!))
      metrics[`state_${label}_settle_latency_ms`] = Math.round(median(settled) * 10) / 10
      metrics[`state_${label}_settle_spread_percent`] = spread(settled)
    }
    return { metrics, ratios }
  },
}

/**
 * Milliseconds of each run: ours, the peer library as it comes, and the peer with our keccak, in turn, over the same nodes
 * in memory and with the same changes.
 */
async function compareTries(size: number): Promise<Record<'ours' | 'peer' | 'peerSameKeccak', number[]>> {
  const random = createSeededRandom(1)
  const keys = Array.from({ length: size }, (_, i) => keccak256(addressBytes(i)))
  const nodes = new NodeTable()
  let root = EMPTY_ROOT
  for (let at = 0; at < size; at += 10_000) {
    const changes = keys.slice(at, at + 10_000).map(key => ({ key, value: accountBytes(random) }))
    root = updateInto(nodes, root, changes)
  }
  const common = { db: peerDatabase(nodes), root: fromHex(root), valueEncoding: 'view' } as const
  const peers = {
    peer: await createMPT(common),
    peerSameKeccak: await createMPT({ ...common, common: { customCrypto: { keccak256 } } }),
  }
  const times = { ours: [] as number[], peer: [] as number[], peerSameKeccak: [] as number[] }
  for (let run = 0; run < WARM_UP_RUNS + RUNS; run++) {
    const values = new Map(
      Array.from({ length: BATCH }, () => [randomBelow(random, size), accountBytes(random)] as const),
    )
    const batch = [...values].map(([i, value]) => ({ key: keys[i]!, value }))
    const start = performance.now()
    root = updateInto(nodes, root, batch)
    times.ours.push(performance.now() - start)
    for (const name of ['peer', 'peerSameKeccak'] as const) {
      const start = performance.now()
      for (const { key, value } of batch) await peers[name].put(key, value)
      times[name].push(performance.now() - start)
      if (!equalBytes(peers[name].root(), fromHex(root))) throw new Error('the peer library has another root')
    }
  }
  for (const list of Object.values(times)) list.splice(0, WARM_UP_RUNS)
  return times
}

function updateInto(nodes: NodeTable, root: Hash, changes: readonly TrieChange[]): Hash {
  const report = new NodeChanges()
  const next = updateTrie(hash => nodes.get(hash), root, changes, report)
  for (const { hash, encoding } of report.inserted.entries()) nodes.add(hash, encoding)
  return next
}

/** Milliseconds of each run: the new state in memory, and until it is on disk. */
async function settleOnLevel(size: number): Promise<{ applied: number[]; settled: number[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'tan-bench-'))
  const store = await openStore(`level:${folder}`)
  try {
    const random = createSeededRandom(2)
    const addresses = Array.from({ length: size }, (_, i) => toHex(addressBytes(i)))
    const states = await StateStore.open(store)
    for (let at = 0; at < size; at += 10_000)
      await states.settle(states.apply(states.settled, writesOf(addresses.slice(at, at + 10_000), random)))
    const times = { applied: [] as number[], settled: [] as number[] }
    for (let run = 0; run < 5 * (WARM_UP_RUNS + RUNS); run++) {
      const chosen = new Set(Array.from({ length: BATCH }, () => addresses[randomBelow(random, size)]!))
      // A block has read what it changes.
      for (const address of chosen) states.settled.account(address)
      const writes = writesOf(chosen, random)
      const start = performance.now()
      const state = states.apply(states.settled, writes)
      times.applied.push(performance.now() - start)
      const applied = performance.now()
      await states.settle(state)
      times.settled.push(performance.now() - applied)
    }
    for (const list of Object.values(times)) list.splice(0, 5 * WARM_UP_RUNS)
    return times
  } finally {
    await store.close()
    await rm(folder, { recursive: true })
  }
}

function writesOf(addresses: Iterable<Address>, random: Random): StateWrites {
  const accounts = new Map<Address, AccountWrite>()
  for (const address of addresses)
    accounts.set(address, {
      nonce: BigInt(randomBelow(random, 1_000)),
      balance: BigInt(random.uint32()) << 32n,
      codeHash: EMPTY_CODE_HASH,
    })
  return { accounts, storage: new Map(), codes: new Map() }
}

function addressBytes(index: number): Uint8Array {
  return randomBytesFrom(createSeededRandom(index), 20)
}

function accountBytes(random: Random): Uint8Array {
  return encodeAccount({ ...EMPTY_ACCOUNT, nonce: 1n, balance: BigInt(random.uint32()) << 32n })
}

type PeerDatabase = NonNullable<NonNullable<Parameters<typeof createMPT>[0]>['db']>

/** The peer's database: the nodes that we made, and in a map those that it adds. */
function peerDatabase(nodes: NodeTable): PeerDatabase {
  const own = new Map<string, string | Uint8Array>()
  const database: PeerDatabase = {
    get: async key => own.get(key) ?? nodes.get(fromHex(`0x${key}`)),
    async put(key, value) {
      own.set(key, value)
    },
    async del() {},
    async batch(operations) {
      for (const operation of operations) if (operation.type === 'put') own.set(operation.key, operation.value)
    },
    shallowCopy: () => database,
    async open() {},
  }
  return database
}

function rate(timesMs: readonly number[]): number {
  return Math.round((BATCH / median(timesMs)) * 1_000)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}

/** From the first to the third quartile, over the median. */
function spread(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Math.round(((sorted[(3 * sorted.length) >> 2]! - sorted[sorted.length >> 2]!) / median(values)) * 100)
}
