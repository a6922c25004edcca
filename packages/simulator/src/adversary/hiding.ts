// The network as an adversary: what a certificate of one epoch says reaches only a few nodes at first, and with it all
// that would give it away. The others time out, and go on without it. Everything is released in the end: to a protocol
// that must be safe in any order of messages this is only delay.
import { Draw } from '../world/draw.ts'
import type { LinkFault, NodeMessage } from '../world/network.ts'
import type { World } from '../world/world.ts'

export interface HidingHabits {
  /** of epochs with an honest leader whose certificate is hidden, and of those with a Byzantine one */
  readonly honestPercent: number
  readonly byzantinePercent: number
  /** nodes that see it at once, at most */
  readonly audienceMax: number
  /** how long others wait, in epoch timeouts */
  readonly timeoutsMax: number
  /** of held messages that never come: what they say is sent again and again */
  readonly dropPercent: number
}

interface Secret {
  readonly audience: ReadonlySet<number>
  readonly releaseMs: number
}

export function createHiding(world: World, habits: HidingHabits): LinkFault {
  const draw = new Draw(world.randomFor('hiding'))
  const secrets = new Map<number, Secret | undefined>()
  const all = world.nodes.map(node => node.id)
  const { timeoutBaseMs } = world.config.timing

  const secretOf = (epoch: number): Secret | undefined => {
    if (!secrets.has(epoch)) {
      const isByzantine = world.config.byzantine.has(world.leaderOf(epoch))
      const secret: Secret | undefined = draw.chance(isByzantine ? habits.byzantinePercent : habits.honestPercent)
        ? {
            audience: new Set(draw.sample(all, draw.between(0, habits.audienceMax))),
            releaseMs: world.queue.nowMs + draw.between(timeoutBaseMs, habits.timeoutsMax * timeoutBaseMs),
          }
        : undefined
      if (secret !== undefined)
        world.journal.note('hiding', () => `hides e${epoch} from all but ${[...secret.audience].join(' ')}`)
      secrets.set(epoch, secret)
    }
    return secrets.get(epoch)
  }

  return {
    judge(_, to, message) {
      const epoch = revealedEpoch(message)
      const secret = epoch === undefined || epoch === 0 ? undefined : secretOf(epoch)
      if (secret === undefined || secret.audience.has(to) || world.queue.nowMs >= secret.releaseMs) return 0
      world.journal.count('hidden-certificate')
      return draw.chance(habits.dropPercent) ? 'lost' : secret.releaseMs - world.queue.nowMs
    },
  }
}

/** The highest epoch whose certificate a message shows, or helps to make. */
function revealedEpoch(message: NodeMessage): number | undefined {
  if (message.type === 'blocks')
    return message.proposals.reduce((highest, { block }) => Math.max(highest, block.record.justify.epoch), 0)
  if (message.type !== 'settlement') return undefined
  switch (message.message.type) {
    case 'proposal':
      return message.message.proposal.block.record.justify.epoch
    case 'vote':
      return message.message.vote.epoch
    case 'certificate':
    case 'epoch-change':
    case 'epoch-change-certificate':
      return message.message.certificate.epoch
  }
}
