// One case of the differential test: a world and some transactions from a seed, run by the engine and by the oracle. Whatever
// differs is a finding.
import {
  createSeededRandom,
  fromHex,
  type Hash,
  type Random,
  randomBelow,
  randomBytesFrom,
  toHex,
} from '@tan/primitives'
import { createEngine } from '../create-engine.ts'
import type { Engine } from '../engine.ts'
import { FORKS, type Fork, isFrom } from '../forks.ts'
import type { Environment, ExecutionResult, Message } from '../message.ts'
import { execute } from '../run.ts'
import type { Oracle, OracleResult } from './oracle.ts'
import {
  ABSENT,
  COINBASE,
  CONTRACTS,
  chance,
  DELEGATING,
  DESCENDING,
  HOLLOW,
  largeCode,
  PLAIN,
  PRECOMPILES,
  pick,
  randomProgram,
  SENDER,
  slotKey,
} from './program.ts'
import { World } from './world.ts'

export interface Finding {
  readonly seed: number
  readonly fork: Fork
  /** which transaction of the case */
  readonly index: number
  readonly difference: string
}

export const environmentOf = (fork: Fork): Environment => ({
  fork,
  chainId: 1n,
  number: 1000n,
  timestamp: 1_700_000_000n,
  coinbase: COINBASE,
  gasLimit: 30_000_000n,
  baseFee: isFrom(fork, 'london') ? 7n : 0n,
  prevRandao: `0x${'5eed'.padStart(64, '0')}`,
  blobBaseFee: 1n,
})

/** An engine whose tables put almost everything in one place: what they hold must be told apart there. */
export function createCrowdedEngine(module?: WebAssembly.Module): Engine {
  return createEngine(module, { secret: new Uint8Array(48) })
}

/** The fork of a seed; the newest one half of the time. */
export function forkOf(seed: number): Fork {
  return seed % 2 === 0 ? 'osaka' : FORKS[Math.floor(seed / 2) % FORKS.length]!
}

const ENOUGH = 400_000
const BLOB_HASHES: readonly Hash[] = [1, 2, 3].map(i => `0x01${`${i}`.repeat(62)}` as const)

export interface CaseResult {
  readonly programs: number
  readonly finding: Finding | undefined
  /** what came of each transaction, and the world at the end */
  readonly transcript: readonly string[]
}

/** Runs the case of the seed, up to the first difference. Without an oracle there is none. */
export async function runCase(
  engine: Engine,
  oracle: Oracle | undefined,
  environment: Environment,
  seed: number,
): Promise<CaseResult> {
  const random = createSeededRandom(seed)
  const { fork } = environment
  const world = randomWorld(random, fork)
  const oracleWorld = world.clone()
  const transcript: string[] = []
  let used = 0
  // now and then about as much as SSTORE asks to be left
  let message = randomMessage(random, fork, chance(random, 12) ? 2304 + randomBelow(random, 5) : ENOUGH)
  if (chance(random, 60))
    message = { ...message, to: undefined, isStatic: false, input: largeCode(random), gas: 6_000_000n }
  else if (chance(random, 300)) {
    for (const each of [world, oracleWorld]) each.put(CONTRACTS[0]!, { nonce: 1n, code: DESCENDING })
    message = { ...message, to: CONTRACTS[0]!, isStatic: false, gas: 10n ** 12n }
  }
  // The same message with enough gas and then with just too little finds what is charged at the wrong place.
  const rounds = 1 + randomBelow(random, 3)
  for (let index = 0; index < rounds; index++) {
    if (index > 0) {
      const gas = nextGas(random, used)
      message = chance(random, 3) ? randomMessage(random, fork, gas) : { ...message, gas: BigInt(gas) }
    }
    const result = execute(engine, message, environment, world)
    world.apply(result.changes)
    transcript.push(...describe(result))
    if (oracle !== undefined) {
      const expected = await oracle.run(message, environment, oracleWorld)
      if (expected === undefined) return { programs: index + 1, finding: undefined, transcript }
      const difference = compare(result, expected) ?? compareWorlds(world, oracleWorld)
      if (difference !== undefined)
        return { programs: index + 1, finding: { seed, fork, index, difference }, transcript }
    }
    used = Number(message.gas - result.gasLeft)
  }
  return { programs: rounds, finding: undefined, transcript: [...transcript, ...world.describe()] }
}

function nextGas(random: Random, used: number): number {
  if (chance(random, 3)) return ENOUGH
  if (used === 0) return randomBelow(random, 3000)
  return Math.max(0, used - 1 - randomBelow(random, chance(random, 2) ? 40 : used))
}

function randomWorld(random: Random, fork: Fork): World {
  const world = new World()
  world.put(SENDER, { nonce: 5n, balance: 10n ** 18n })
  for (const address of CONTRACTS)
    world.put(address, {
      nonce: chance(random, 12) ? 2n ** 64n - 1n - BigInt(randomBelow(random, 2)) : 1n,
      balance: BigInt(randomBelow(random, 3)),
      code: randomProgram(random, { fork, nesting: 2, items: 14 }),
      storage: randomStorage(random),
    })
  world.put(PLAIN, { balance: 1n })
  world.put(HOLLOW, {})
  if (isFrom(fork, 'prague'))
    world.put(DELEGATING, {
      nonce: 1n,
      balance: 2n,
      code: fromHex(
        `0xef0100${pick(random, [...CONTRACTS, PLAIN, ABSENT, DELEGATING, ...PRECOMPILES.slice(1, 4)]).slice(2)}`,
      ),
      storage: randomStorage(random),
    })
  return world
}

function randomStorage(random: Random): Map<Hash, bigint> {
  const storage = new Map<Hash, bigint>()
  for (let i = randomBelow(random, 4); i > 0; i--) storage.set(slotKey(random), BigInt(1 + randomBelow(random, 2)))
  return storage
}

function randomMessage(random: Random, fork: Fork, gas: number): Message {
  const isCreation = chance(random, 6)
  const isStatic = !isCreation && chance(random, 12)
  return {
    caller: SENDER,
    to: isCreation ? undefined : pick(random, [...CONTRACTS, ...(isFrom(fork, 'prague') ? [DELEGATING] : [])]),
    value: !isStatic && chance(random, 3) ? 1n : 0n,
    isStatic,
    input: isCreation
      ? randomProgram(random, { fork, nesting: 2, items: 14 })
      : randomBytesFrom(random, pick(random, [0, 4, 36, 68, 100])),
    gas: BigInt(gas),
    gasPrice: 10n,
    ...(chance(random, 6) ? { origin: PLAIN } : {}),
    blobHashes: isFrom(fork, 'cancun') ? BLOB_HASHES.slice(0, randomBelow(random, 4)) : [],
    accessList: chance(random, 4) ? [{ address: pick(random, CONTRACTS), slots: [slotKey(random)] }] : [],
  }
}

function compare(result: ExecutionResult, expected: OracleResult): string | undefined {
  const ours = describe(result)
  const theirs = describe(expected)
  for (const [i, line] of ours.entries())
    if (line !== theirs[i]) return `${line}, the oracle has ${theirs[i]} (${result.haltReason})`
  return undefined
}

function describe(result: OracleResult): string[] {
  return [
    `status ${result.status}`,
    `gas left ${result.gasLeft}`,
    `refund ${result.refund}`,
    `output ${toHex(result.returnData)}`,
    `created ${result.created}`,
    `logs ${result.logs.map(log => `${log.address} ${log.topics} ${toHex(log.data)}`).join('; ')}`,
  ]
}

function compareWorlds(world: World, expected: World): string | undefined {
  const ours = world.describe()
  const theirs = expected.describe()
  const has = new Set(ours)
  const should = new Set(theirs)
  const more = ours.find(line => !should.has(line))
  const less = theirs.find(line => !has.has(line))
  return more === undefined && less === undefined ? undefined : `state has ${more}, the oracle has ${less}`
}
