// Random swarms: a seed says who is there, how good their lines are, who is hostile and who goes away. Judged by what must
// hold in every one of them.
import { paymentLimits } from '@tan/payments'
import { assert } from '@tan/primitives'
import type { JournalLine } from '../world/journal.ts'
import { PRICE_WEI } from './film.ts'
import { type Conditions, HONEST } from './manner.ts'
import { HOSTILE_SERVERS, HOSTILE_VIEWERS } from './manners.ts'
import { SimulatedPeer } from './peer.ts'
import { Player } from './player.ts'
import { SwarmWorld } from './world.ts'

const { LOST_MAX, LOST_PART, PREPAID_MAX } = paymentLimits

const END_MS = 600_000
/** how often players and cores look at the time */
const GRAIN_MS = 250

export interface Verdict {
  readonly stalledMs: readonly number[]
  readonly fromPeers: number
  readonly fromOrigin: number
}

/** Throws what is violated. */
export function runScenario(seed: number, print?: (line: JournalLine) => void): Verdict {
  const world = new SwarmWorld(seed, { segments: 20, bytesPerMs: [60, 160, 600, 2_500][seed % 4]! }, print)
  const { draw } = world
  const plan = planOf(world)
  const alone = plan.viewers.map(conditions =>
    playAlone(seed, world.catalog.manifest.renditions[0]!.bandwidth, conditions),
  )

  const edges = plan.edges.map(conditions => new SimulatedPeer(world, conditions))
  const hostile = plan.hostileServers.map((name, i) => {
    const manner = HOSTILE_SERVERS[name]!(seed + i)
    return new SimulatedPeer(world, plan.edges[0] ?? plan.viewers[0]!, manner)
  })
  for (const peer of [...edges, ...hostile]) peer.holdAll()
  const honest = plan.viewers.map(conditions => new SimulatedPeer(world, conditions))
  const thieves = plan.hostileViewers.map(
    (name, i) => new SimulatedPeer(world, plan.viewers[0]!, HOSTILE_VIEWERS[name]!(seed + i)),
  )
  const players = honest.map(peer => new Player(peer))
  for (const peer of thieves) new Player(peer)
  const kind = draw.between(0, 2) === 0 ? 'strict' : 'credit'
  for (const peer of [...honest, ...thieves]) peer.fund(plan.depositWei, kind, draw.between(500, 5_000))

  const breaks: Breaks = new Map()
  let isOver = false
  const everyone = [...edges, ...hostile, ...honest, ...thieves]
  everyone.forEach((peer, i) => {
    for (const other of everyone.slice(i + 1)) {
      if (draw.between(0, 9) === 0) continue
      const meet = (delayMs: number) =>
        world.after(delayMs, () => {
          if (peer.isAlive && other.isAlive) other.connect(peer, draw.between(1, 150))
        })
      meet(draw.between(50, 4_000))
      if (draw.between(0, 2) > 0) continue
      // a line that does not hold
      const part = () =>
        world.after(draw.between(1_000, 15_000), () => {
          if (isOver) return
          other.breakFrom(peer)
          breaks.set(peer, (breaks.get(peer) ?? 0) + 1)
          breaks.set(other, (breaks.get(other) ?? 0) + 1)
          meet(draw.between(100, 3_000))
          part()
        })
      part()
    }
  })
  for (const edge of edges) if (draw.between(0, 3) === 0) world.after(draw.between(3_000, 40_000), () => edge.kill())
  world.run(END_MS, () => players.every(player => player.isDone))
  isOver = true
  // what is under way is delivered and paid
  const lastMs = world.nowMs + 20_000
  for (const peer of honest) peer.step({ type: 'wanted', wanted: [] })
  world.run(lastMs, () => false)

  players.forEach((player, i) => {
    assert(player.isDone, `seed ${seed}: viewer ${i} did not play to the end`)
    const limitMs = alone[i]!.stalledMs + GRAIN_MS
    assert(
      player.stalledMs <= limitMs,
      `seed ${seed}: viewer ${i} waited ${player.stalledMs} ms, alone ${alone[i]!.stalledMs}`,
    )
    const startMs = alone[i]!.startUpMs! + GRAIN_MS
    assert(
      player.startUpMs! <= startMs,
      `seed ${seed}: viewer ${i} started after ${player.startUpMs} ms, alone ${startMs}`,
    )
  })
  for (const payer of honest) checkPayer(seed, payer, everyone)
  for (const payee of [...edges, ...honest]) checkPayee(seed, payee, honest, breaks)
  const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0)
  return {
    stalledMs: players.map(player => player.stalledMs),
    fromPeers: sum(honest.flatMap(peer => [...peer.peerBytes.values()])),
    fromOrigin: sum(honest.map(peer => peer.originBytes)),
  }
}

/** An honest payer promises nothing that its pool does not hold, and risks a bounded number of pieces with each payee. */
function checkPayer(seed: number, payer: SimulatedPeer, everyone: readonly SimulatedPeer[]): void {
  const promises = payer.disk.payments?.promises ?? []
  const totalWei = promises.reduce((sum, { promisedWei }) => sum + promisedWei, 0n)
  const depositWei = payer.poolId === undefined ? 0n : payer.world.pools.state(payer.poolId)!.deposit
  assert(totalWei <= depositWei, `seed ${seed}: ${totalWei} wei promised of ${depositWei}`)
  for (const { target, promisedWei, receivedWei } of promises) {
    assert(
      promisedWei - receivedWei <= BigInt(LOST_MAX) * PRICE_WEI + receivedWei / BigInt(LOST_PART),
      `seed ${seed}: ${promisedWei} wei for ${receivedWei}`,
    )
    const payee = everyone.find(peer => peer.address === target)!
    if (payee.manner === HONEST) assert(!payer.banned.has(target), `seed ${seed}: an honest peer was banned`)
  }
}

/** An honest payee gets what an honest payer owes, and never refuses its payments. */
function checkPayee(seed: number, payee: SimulatedPeer, payers: readonly SimulatedPeer[], breaks: Breaks): void {
  for (const payer of payers) {
    const codes = payee.closed.get(payer.address) ?? []
    assert(
      !codes.some(code => code.startsWith('payment/')),
      `seed ${seed}: an honest payer was refused: ${codes.join()}`,
    )
    if (!payee.isAlive) continue
    const served = payee.served.get(payer.address) ?? 0
    if (served === 0 || payer === payee) continue
    const shownWei = payee.shownWei(payer)
    // What was paid ahead for requests that were then called off, or never arrived, stays to the payer's credit. A piece
    // that came so late that it was given up is not paid: that is the one piece which a payee risks.
    const creditWei = shownWei - BigInt(served) * PRICE_WEI
    const calledOff = (payer.calledOff.get(payee.address) ?? 0) + PREPAID_MAX * (breaks.get(payer) ?? 0)
    assert(
      creditWei >= -PRICE_WEI && creditWei <= BigInt(calledOff) * PRICE_WEI,
      `seed ${seed}: ${served} pieces to an honest payer were paid with ${shownWei} wei, ${calledOff} called off`,
    )
  }
}

/** how often the lines of each broke */
type Breaks = Map<SimulatedPeer, number>

interface Plan {
  readonly viewers: readonly Conditions[]
  readonly edges: readonly Conditions[]
  readonly hostileServers: readonly string[]
  readonly hostileViewers: readonly string[]
  readonly depositWei: bigint
}

function planOf({ draw, catalog }: SwarmWorld): Plan {
  const rate = catalog.manifest.renditions[0]!.bandwidth / 8_000
  const many = <T>(most: number, make: () => T): T[] => Array.from({ length: draw.between(0, most) }, make)
  const conditions = (): Conditions => ({
    uplinkBytesPerMs: Math.max(10, (rate * draw.between(2, 100)) / 10),
    originLatencyMs: draw.between(5, 250),
    originBytesPerMs: (rate * draw.between(14, 300)) / 10,
    originBurst: draw.between(1, 3) === 1 ? draw.between(2, 12) : 1,
    diskMs: draw.between(0, 30),
  })
  const viewers = [conditions(), ...many(2, conditions)]
  return {
    viewers,
    edges: many(3, conditions),
    hostileServers: many(3, () => draw.pick(Object.keys(HOSTILE_SERVERS))),
    hostileViewers: many(2, () => draw.pick(Object.keys(HOSTILE_VIEWERS))),
    // sometimes less than the film costs
    depositWei: PRICE_WEI * BigInt(draw.between(20, 3_000)),
  }
}

/** The same film over the same line, without any peer. */
function playAlone(seed: number, bandwidth: number, conditions: Conditions): Player {
  const world = new SwarmWorld(seed, { segments: 20, bytesPerMs: bandwidth / 8_000 })
  const player = new Player(new SimulatedPeer(world, conditions))
  world.run(END_MS, () => player.isDone)
  return player
}
