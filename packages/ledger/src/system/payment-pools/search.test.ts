// A search for profitable cheating, on the contract itself. The payer, his second identity and a proposer are one player:
// his calls come first in a block, he orders the payees' calls and keeps them out of a whole block now and then. Payees
// serve by their rule, from the last block's state, and redeem in time. Small games are searched to their last schedule.
import { type Address, createSeededRandom, type Hash, randomBelow } from '@tan/primitives'
import {
  type PoolState,
  type PoolTarget,
  poolSlots,
  poolTargetSlot,
  SYSTEM_ADDRESSES,
  unpackPool,
  unpackTarget,
} from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { testAccount, testGenesis } from '../../testing/chain.ts'
import { PoolWorld, payer } from '../../testing/pools.ts'
import { encodeCall } from '../../testing/world.ts'

const PRICE = 4n
const sybil = testAccount('sybil').address
const payees = [testAccount('payee 1').address, testAccount('payee 2').address]
const genesis = testGenesis([payer, testAccount('rest')], { redeemGraceBlocks: 2 })

interface Game {
  readonly isStrict: boolean
  /** that the payer wants: what he takes beyond them is worth nothing to him */
  readonly pieces: number
  readonly durationBlocks: number
  /** blocks that he can keep payees out of; below the grace */
  readonly censored: number
}

interface Position {
  readonly world: PoolWorld
  readonly owed: readonly bigint[]
  readonly censored: number
  /** the pool as the last block left it */
  readonly seen: Seen
}

interface Seen {
  readonly pool: PoolState
  readonly targets: readonly PoolTarget[]
}

class Search {
  readonly #game: Game
  readonly #id: Hash
  readonly #put: bigint
  readonly #collateral: bigint
  readonly #start: PoolWorld
  readonly #expiry: number
  readonly #slots: { readonly pool: readonly Hash[]; readonly targets: readonly Hash[] }
  readonly #calls = new Map<string, Uint8Array>()

  constructor(game: Game) {
    this.#game = game
    const world = new PoolWorld(genesis)
    // gas is free, which favours the attacker: every wei of a net return is then one of the pool's
    world.baseFeePerGas = 0n
    const deposit = PRICE * BigInt(game.pieces)
    const collateral = game.isStrict ? 0n : 2n * deposit
    this.#put = deposit + collateral
    this.#collateral = collateral
    this.#id = world.open({ deposit, collateral, durationBlocks: game.durationBlocks })
    this.#slots = {
      pool: poolSlots(this.#id),
      targets: [...payees, sybil].map(target => poolTargetSlot(this.#id, target)),
    }
    this.#start = world
    this.#expiry = world.height + game.durationBlocks
  }

  start(): Position {
    const { censored } = this.#game
    return { world: this.#start, owed: payees.map(() => 0n), censored, seen: this.#see(this.#start) }
  }

  isOver({ world }: Position): boolean {
    return world.height >= this.#expiry + genesis.parameters.redeemGraceBlocks
  }

  /** Every move, to be made or not. */
  *moves(at: Position): Generator<() => Position> {
    const { isStrict, pieces } = this.#game
    const { world, owed, seen } = at
    const deposit = PRICE * BigInt(pieces)
    const act = (action: (fork: PoolWorld) => void) => (): Position => {
      const fork = world.fork()
      action(fork)
      return { ...at, world: fork }
    }
    for (const [i, target] of payees.entries()) {
      if (this.#serves(at, i) && owed[i]! < deposit) yield () => ({ ...at, owed: owed.with(i, owed[i]! + PRICE) })
      if (owed[i]! > PRICE) yield act(fork => this.#pay(fork, target, owed[i]! - PRICE))
      if (isStrict) {
        const { reserved, nonce } = seen.targets[i]!
        yield act(fork => this.#reserve(fork, target, reserved + PRICE, nonce + 1n))
      }
    }
    if (isStrict) yield act(fork => this.#reserve(fork, sybil, PRICE, 1n))
    for (const amount of [PRICE, deposit, deposit + 1n]) yield act(fork => this.#pay(fork, sybil, amount))

    const due = payees.map((_, i) => i).filter(i => this.#redeems(at, i))
    const tick = (order: readonly number[]) => (): Position => {
      const fork = world.fork()
      for (const i of order) this.#pay(fork, payees[i]!, owed[i]!)
      fork.height++
      return { ...at, world: fork, seen: this.#see(fork) }
    }
    yield tick(due)
    if (due.length > 1) yield tick([...due].reverse())
    if (due.length > 0 && at.censored > 0) yield () => ({ ...tick([])(), censored: at.censored - 1 })
  }

  /** At the end everything is paid back, and nothing may be missing. */
  judge({ world, owed }: Position): { net: bigint; losses: bigint[]; isFrozen: boolean } {
    const isFrozen = this.#see(world).pool.status === 'frozen'
    const before = world.balance(payer.address)
    const fork = world.fork()
    fork.call(sybil, 'pools', 'close', [this.#id])
    const back = fork.balance(payer.address) - before
    const paid = payees.map(target => fork.balance(target))
    const burned = isFrozen ? this.#collateral : 0n
    expect(fork.held()).toBe(0n)
    expect(sum(paid) + fork.balance(sybil) + burned + back).toBe(this.#put)
    const taken = sum(owed)
    const wanted = PRICE * BigInt(this.#game.pieces)
    const value = taken < wanted ? taken : wanted
    return { net: value + fork.balance(sybil) + back - this.#put, losses: owed.map((o, i) => o - paid[i]!), isFrozen }
  }

  key({ world, owed, censored, seen }: Position): string {
    const now = this.#see(world)
    return JSON.stringify([world.height, owed, censored, seen, now], (_, value) =>
      typeof value === 'bigint' ? `${value}` : value,
    )
  }

  #pay(world: PoolWorld, target: Address, amount: bigint): void {
    const redemption = () => world.voucher(this.#id, { target, amount })
    world.send(
      target,
      'pools',
      this.#encoded(`pay ${target} ${amount}`, 'redeem', () => [[redemption()]]),
    )
  }

  #reserve(world: PoolWorld, target: Address, amount: bigint, nonce: bigint): void {
    const args = () => world.reserveArgs(this.#id, target, amount, nonce)
    world.send(target, 'pools', this.#encoded(`reserve ${target} ${amount} ${nonce}`, 'reserve', args))
  }

  #encoded(what: string, functionName: string, args: () => readonly unknown[]): Uint8Array {
    const known = this.#calls.get(what)
    if (known !== undefined) return known
    const data = encodeCall('pools', functionName, args())
    this.#calls.set(what, data)
    return data
  }

  #see(world: PoolWorld): Seen {
    const read = (slot: Hash) => world.slot(SYSTEM_ADDRESSES.paymentPools, slot)
    const { pool, targets } = this.#slots
    return { pool: unpackPool(pool.map(read))!, targets: targets.map(slot => unpackTarget(read(slot))) }
  }

  #serves({ world, owed, seen }: Position, i: number): boolean {
    const next = owed[i]! + PRICE
    const target = seen.targets[i]!
    if (world.height >= this.#expiry || seen.pool.status !== 'open') return false
    if (this.#game.isStrict) return next <= target.reserved
    const others = seen.pool.claims - (target.paid > target.reserved ? target.paid : target.reserved)
    return next <= seen.pool.deposit - others
  }

  #redeems({ world, owed, seen }: Position, i: number): boolean {
    return owed[i]! > seen.targets[i]!.paid && world.height >= this.#expiry - 1
  }
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => a + b, 0n)
}

interface Found {
  positions: number
  ends: number
  frozen: number
  unpaid: number
  /** the payer's best net return, and its best one where a payee was cheated */
  bestNet: bigint
  bestCheat: bigint
  mostEarned: bigint
}

function nothing(): Found {
  return {
    positions: 0,
    ends: 0,
    frozen: 0,
    unpaid: 0,
    bestNet: -(10n ** 18n),
    bestCheat: -(10n ** 18n),
    mostEarned: 0n,
  }
}

function note(found: Found, search: Search, end: Position): void {
  const { net, losses, isFrozen } = search.judge(end)
  const isCheated = losses.some(loss => loss > 0n)
  found.ends++
  if (isFrozen) found.frozen++
  if (isCheated) found.unpaid++
  if (net > found.bestNet) found.bestNet = net
  if (isCheated && net > found.bestCheat) found.bestCheat = net
  const earned = sum(end.owed) - sum(losses)
  if (earned > found.mostEarned) found.mostEarned = earned
}

/** Every schedule. */
function searchAll(game: Game): Found {
  const search = new Search(game)
  const found = nothing()
  const known = new Set<string>()
  const stack = [search.start()]
  while (stack.length > 0) {
    const at = stack.pop()!
    const key = search.key(at)
    if (known.has(key)) continue
    known.add(key)
    if (search.isOver(at)) note(found, search, at)
    else for (const move of search.moves(at)) stack.push(move())
  }
  found.positions = known.size
  return found
}

/** Some schedules of a larger game. */
function searchSome(game: Game, runs: number): Found {
  const search = new Search(game)
  const found = nothing()
  const random = createSeededRandom(11)
  for (let run = 0; run < runs; run++) {
    let at = search.start()
    while (!search.isOver(at)) {
      const moves = [...search.moves(at)]
      at = moves[randomBelow(random, moves.length)]!()
    }
    note(found, search, at)
  }
  return found
}

describe('a strict pool', () => {
  it.each([
    ['every schedule of a small game', () => searchAll({ isStrict: true, pieces: 2, durationBlocks: 2, censored: 1 })],
    ['many of a larger one', () => searchSome({ isStrict: true, pieces: 6, durationBlocks: 6, censored: 1 }, 60)],
  ])('leaves no payee unpaid and no payer ahead: %s', (_, search) => {
    const found = search()
    expect(found.unpaid).toBe(0)
    expect(found.frozen).toBe(0)
    expect(found.bestNet).toBeLessThanOrEqual(0n)
    // and it was used
    expect(found.mostEarned).toBeGreaterThanOrEqual(2n * PRICE)
    expect(found.ends).toBeGreaterThan(30)
  })

  it('can lose to a censor who holds payees back for the whole grace: that is what the grace must outlast', () => {
    const found = searchAll({ isStrict: true, pieces: 1, durationBlocks: 2, censored: 3 })
    expect(found.unpaid).toBeGreaterThan(0)
  })
})

describe('a credit pool', () => {
  it.each([
    ['every schedule of a small game', () => searchAll({ isStrict: false, pieces: 2, durationBlocks: 2, censored: 1 })],
    ['many of a larger one', () => searchSome({ isStrict: false, pieces: 6, durationBlocks: 6, censored: 1 }, 60)],
  ])('costs the payer more than it brings where a payee goes unpaid: %s', (_, search) => {
    const found = search()
    expect(found.bestNet).toBeLessThanOrEqual(0n)
    // payees can be cheated, and are: the deposit at least is what it costs
    expect(found.unpaid).toBeGreaterThan(0)
    expect(found.bestCheat).toBeLessThanOrEqual(-2n * PRICE)
    expect(found.frozen).toBeGreaterThanOrEqual(found.unpaid)
    expect(found.mostEarned).toBeGreaterThanOrEqual(2n * PRICE)
  })
})
