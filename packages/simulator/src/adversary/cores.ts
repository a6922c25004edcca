// Byzantine nodes that run the production code, with their own messages bent: twins, which are two nodes with one key, and
// nodes that withhold what they should send, or send it late.
import { Draw } from '../world/draw.ts'
import type { LinkFault, NodeMessage } from '../world/network.ts'
import type { World } from '../world/world.ts'

/** Each twin speaks and listens to its own part of the others, and sometimes to all; the parts change. */
export function createTwinLinks(world: World, pairs: readonly (readonly [number, number])[]): LinkFault {
  const draw = new Draw(world.randomFor('twins'))
  const twinOf = new Map(pairs.flatMap(([a, b]) => [[a, b] as const, [b, a] as const]))
  const firsts = new Set(pairs.map(([a]) => a))
  const { timeoutBaseMs } = world.config.timing
  let sides: number[] = []
  let nextMs = 0
  return {
    judge(from, to) {
      if (world.queue.nowMs >= nextMs) {
        nextMs = world.queue.nowMs + draw.between(timeoutBaseMs, 6 * timeoutBaseMs)
        sides = world.nodes.map(() => draw.between(0, 2))
      }
      const twin = twinOf.has(from) ? from : twinOf.has(to) ? to : undefined
      if (twin === undefined) return 0
      const other = twin === from ? to : from
      if (other === twinOf.get(twin)) return 'lost'
      world.journal.count('twins')
      const side = sides[other]!
      return side === 0 || (side === 1) === firsts.has(twin) ? 0 : 'lost'
    },
  }
}

/** A node whose messages go to a changing few, or come late: each kind for itself. */
export function createWithholding(world: World, node: number): LinkFault {
  const draw = new Draw(world.randomFor(`withholding ${node}`))
  const { timeoutBaseMs } = world.config.timing
  const moods = new Map<string, { readonly untilMs: number; readonly lateMs: number | 'lost' }>()
  return {
    judge(from, to, message) {
      if (from !== node) return 0
      const topic = `${kindOf(message)}/${to}`
      let mood = moods.get(topic)
      if (mood === undefined || world.queue.nowMs >= mood.untilMs) {
        const untilMs = world.queue.nowMs + draw.between(0, 6 * timeoutBaseMs)
        const lateMs = draw.chance(40) ? 0 : draw.chance(50) ? 'lost' : draw.between(1, 6 * timeoutBaseMs)
        mood = { untilMs, lateMs }
        moods.set(topic, mood)
      }
      if (mood.lateMs !== 0) world.journal.count(mood.lateMs === 'lost' ? 'withheld' : 'delayed-release')
      return mood.lateMs
    },
  }
}

function kindOf(message: NodeMessage): string {
  return message.type === 'settlement' || message.type === 'finality' ? message.message.type : message.type
}
