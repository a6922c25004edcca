// Faults of a world without malice: weather, partitions, crashes, slow and deaf nodes, wrong clocks. Drawn before the
// world begins, and carried out until it heals.
import type { Draw } from '../world/draw.ts'
import type { LinkFault, Weather } from '../world/network.ts'
import { FAIR_WEATHER } from '../world/network.ts'
import type { World } from '../world/world.ts'
import { createDeafNode, createPartition, createSlowNode, SENSES, type Sense } from './links.ts'

interface Lasting {
  readonly atMs: number
  readonly lengthMs: number
}

export interface Chaos {
  readonly weather: Weather
  readonly partitions: readonly (Lasting & { readonly sides: readonly number[] })[]
  readonly slow: readonly (Lasting & { readonly node: number; readonly lateMs: number })[]
  readonly deaf: readonly (Lasting & { readonly node: number; readonly sense: Sense })[]
  readonly crashes: readonly { readonly node: number; readonly atMs: number; readonly downMs: number }[]
  /** all nodes at once, each down for as long as it draws */
  readonly blackouts: readonly { readonly atMs: number; readonly downMs: readonly number[] }[]
  /** of durable writes that a node crashes at */
  readonly writeCrashPercent: number
  readonly writeCrashDownMaxMs: number
  /** of each node's clock against true time */
  readonly skewsMs: readonly number[]
  readonly clockSteps: readonly { readonly node: number; readonly atMs: number; readonly byMs: number }[]
}

/** How much of each: 0 for none. Numbers are counts in the whole time, percents, or milliseconds at most. */
export interface ChaosLevels {
  readonly lossPercent: number
  readonly duplicatePercent: number
  readonly spikePercent: number
  readonly partitions: number
  readonly slow: number
  readonly deaf: number
  readonly deafToFinality: number
  readonly crashes: number
  readonly blackouts: number
  readonly writeCrashPercent: number
  readonly skewMaxMs: number
  readonly clockSteps: number
}

export interface ChaosPlace {
  readonly nodes: number
  readonly lengthMs: number
  readonly timeoutBaseMs: number
  readonly latency: Pick<Weather, 'latencyMinMs' | 'latencyMeanMs'>
}

export function drawChaos(
  draw: Draw,
  levels: ChaosLevels,
  { nodes, lengthMs, timeoutBaseMs, latency }: ChaosPlace,
): Chaos {
  const all = Array.from({ length: nodes }, (_, i) => i)
  const many = <T>(most: number, make: () => T): T[] =>
    Array.from({ length: most === 0 ? 0 : draw.between(1, most) }, make)
  const lasting = (): Lasting => ({
    atMs: draw.between(0, lengthMs),
    lengthMs: draw.between(timeoutBaseMs, Math.max(timeoutBaseMs, Math.floor(lengthMs / 2))),
  })
  return {
    weather: {
      ...latency,
      lossPercent: levels.lossPercent,
      duplicatePercent: levels.duplicatePercent,
      spikePercent: levels.spikePercent,
      spikeMs: 4 * timeoutBaseMs,
    },
    partitions: drawPartitions(draw, draw.between(0, levels.partitions), all, lengthMs),
    slow: many(levels.slow, () => ({
      ...lasting(),
      node: draw.pick(all),
      lateMs: draw.between(1, 2 * timeoutBaseMs),
    })),
    deaf: [
      ...many(levels.deaf, () => ({ ...lasting(), node: draw.pick(all), sense: draw.pick(SENSES) })),
      ...many(levels.deafToFinality, () => ({ ...lasting(), node: draw.pick(all), sense: 'finality' as const })),
    ],
    crashes: many(levels.crashes, () => ({
      node: draw.pick(all),
      atMs: draw.between(0, lengthMs),
      downMs: draw.between(1, 4 * timeoutBaseMs),
    })),
    blackouts: many(levels.blackouts, () => ({
      atMs: draw.between(0, lengthMs),
      downMs: all.map(() => draw.between(1, 2 * timeoutBaseMs)),
    })),
    writeCrashPercent: levels.writeCrashPercent,
    writeCrashDownMaxMs: 2 * timeoutBaseMs,
    skewsMs: all.map(() => draw.between(-levels.skewMaxMs, levels.skewMaxMs)),
    clockSteps: many(levels.clockSteps, () => ({
      node: draw.pick(all),
      atMs: draw.between(0, lengthMs),
      byMs: draw.between(-3_600_000, 3_600_000),
    })),
  }
}

/** One after the other, mostly into halves. */
function drawPartitions(draw: Draw, count: number, all: readonly number[], lengthMs: number): Chaos['partitions'] {
  const slotMs = Math.floor(lengthMs / Math.max(1, count))
  return Array.from({ length: count }, (_, i) => {
    const atMs = i * slotMs + draw.between(0, slotMs >> 2)
    const half = new Set(draw.sample(all, all.length >> 1))
    const sides = draw.chance(70) ? all.map(node => (half.has(node) ? 1 : 2)) : all.map(() => draw.between(1, 3))
    return { atMs, lengthMs: (i + 1) * slotMs - atMs, sides }
  })
}

/**
 * Starts the faults. The returned function ends them: fair weather, intact links, correct clocks, and no more crashes.
 */
export function unleash(world: World, chaos: Chaos, draw: Draw): () => void {
  const { queue, network, journal, nodes } = world
  const active = new Set<LinkFault>()
  let isOver = false
  const at = (atMs: number, act: () => void): void => {
    queue.schedule(atMs, () => {
      if (!isOver) act()
    })
  }
  const during = ({ atMs, lengthMs }: Lasting, name: string, fault: LinkFault): void => {
    at(atMs, () => {
      journal.note('chaos', () => `${name} begins`)
      active.add(fault)
      network.faults.add(fault)
    })
    at(atMs + lengthMs, () => {
      journal.note('chaos', () => `${name} ends`)
      network.faults.delete(fault)
    })
  }

  network.setWeather(chaos.weather)
  for (const partition of chaos.partitions)
    during(partition, `partition ${partition.sides.join('')}`, createPartition(journal, partition.sides))
  for (const slow of chaos.slow)
    during(
      slow,
      `node ${slow.node} is slow by ${slow.lateMs} ms: this`,
      createSlowNode(journal, slow.node, slow.lateMs),
    )
  for (const deaf of chaos.deaf)
    during(deaf, `node ${deaf.node} is deaf to ${deaf.sense}: this`, createDeafNode(journal, deaf.node, deaf.sense))
  for (const { node, atMs, downMs } of chaos.crashes) at(atMs, () => nodes[node]!.crashFor(downMs))
  for (const { atMs, downMs } of chaos.blackouts)
    at(atMs, () => {
      journal.count('blackout')
      nodes.forEach((node, i) => {
        node.crashFor(downMs[i]!)
      })
    })
  chaos.skewsMs.forEach((skewMs, i) => {
    if (skewMs === 0) return
    journal.count('clock-skew')
    nodes[i]!.setSkew(skewMs)
  })
  for (const { node, atMs, byMs } of chaos.clockSteps)
    at(atMs, () => {
      journal.count('clock-step')
      journal.note('chaos', () => `clock of node ${node} steps by ${byMs} ms`)
      nodes[node]!.setSkew(byMs)
    })
  if (chaos.writeCrashPercent > 0)
    world.crashAt = () => {
      if (isOver || !draw.chance(chaos.writeCrashPercent)) return undefined
      return { when: draw.pick(['before', 'after']), downMs: draw.between(1, chaos.writeCrashDownMaxMs) }
    }

  return () => {
    isOver = true
    network.setWeather({ ...chaos.weather, ...FAIR_WEATHER })
    for (const fault of active) network.faults.delete(fault)
    for (const node of nodes) node.setSkew(0)
  }
}
