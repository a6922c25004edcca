// The network as a patient adversary: it splits the honest into two camps that hear nothing of each other, and a few in the
// middle who vote with both. With the Byzantine votes each camp and the middle are a quorum, so both settle what they can,
// as far as the rules let them. After a while all is told to all, and new camps are drawn.
import type { Hash } from '@tan/primitives'
import { type Block, hashBlock } from '@tan/protocol'
import { Draw } from '../world/draw.ts'
import type { LinkFault, NodeMessage } from '../world/network.ts'
import type { World } from '../world/world.ts'

export interface CampHabits {
  /** how long camps last, in epoch timeouts */
  readonly timeoutsMax: number
  /** how often the middle is shown what it missed as soon as it has given up that epoch */
  readonly latePercent: number
  /** how often a node of the middle crashes for a moment when it has given up an epoch */
  readonly crashPercent: number
}

type Side = 'left' | 'right'

/** A certificate that a message shows, or a vote that helps to make it. */
interface Shown {
  readonly epoch: number
  readonly blockHash: Hash
}

interface Camps {
  readonly untilMs: number
  /** of nodes; those in the middle have none. All are in the middle while there are no camps */
  readonly sides: ReadonlyMap<number, Side>
  /** of blocks: each belongs to the camp whose certificate justifies it, or else to its leader's */
  readonly blocks: Map<Hash, Side>
  /** are blocks shown to a node of the middle once it cannot vote for them any more? */
  readonly isLate: boolean
  /** the highest epoch that each camp has a certificate of, as far as it told anybody */
  readonly tops: Map<Side, number>
}

export function createCamps(world: World, habits: CampHabits): LinkFault {
  const draw = new Draw(world.randomFor('camps'))
  const { timeoutBaseMs } = world.config.timing
  const { signers } = world.identities.era.committee
  const hashes = new WeakMap<Block, Hash>()
  let camps: Camps = { untilMs: 0, sides: new Map(), isLate: false, blocks: new Map(), tops: new Map() }
  /** the epoch that each node wants to enter */
  const wanted = new Map<number, number>()

  const drawCamps = (): Camps => {
    const wereSplit = camps.sides.size > 0
    const timeouts = wereSplit ? draw.between(1, 3) : draw.between(habits.timeoutsMax >> 1, habits.timeoutsMax)
    const untilMs = world.queue.nowMs + timeoutBaseMs * timeouts
    if (wereSplit) return { untilMs, sides: new Map(), isLate: false, blocks: new Map(), tops: new Map() }
    const validators = world.honestNodes.filter(node => node.identity < signers.length).map(node => node.id)
    const campSize = Math.floor((signers.length - 1) / 3)
    const camped = draw.sample(validators, 2 * campSize)
    const left = new Set(draw.sample(camped, campSize))
    const sides = new Map(camped.map(id => [id, left.has(id) ? 'left' : 'right'] as const))
    world.journal.note('camps', () => [...sides].map(([id, side]) => `node ${id} ${side}`).join(', '))
    return { untilMs, sides, isLate: draw.chance(habits.latePercent), blocks: new Map(), tops: new Map() }
  }

  const sideOfBlock = (block: Block): Side => {
    const hash = hashes.get(block) ?? hashBlock(block)
    hashes.set(block, hash)
    const known = camps.blocks.get(hash)
    if (known !== undefined) return known
    const { epoch, justify } = block.record
    const either = draw.pick(['left', 'right'] as const)
    const side = camps.blocks.get(justify.blockHash) ?? camps.sides.get(world.leaderOf(epoch)) ?? either
    camps.blocks.set(hash, side)
    return side
  }

  const topOf = (side: Side): number => camps.tops.get(side) ?? 0

  /** Is a certificate news to a node that must not have it yet? */
  const isNews = (to: number, { epoch, blockHash }: Shown): boolean => {
    const side = camps.sides.get(to)
    const owner = camps.blocks.get(blockHash)
    if (owner === undefined || owner === side) return false
    // the middle must learn of nothing newer than what the other camp can still outbid
    return epoch > topOf(side ?? otherSide(owner))
  }

  const isHiddenBlock = (to: number, block: Block): boolean => {
    const side = camps.sides.get(to)
    const owner = sideOfBlock(block)
    if (side !== undefined) return owner !== side || isNews(to, block.record.justify)
    if (camps.isLate && (wanted.get(to) ?? 0) > block.record.epoch) return false
    return block.record.justify.epoch > topOf(otherSide(owner))
  }

  const noteGivenUp = (node: number, epoch: number): void => {
    if (camps.sides.has(node) || epoch <= (wanted.get(node) ?? 0)) return
    wanted.set(node, epoch)
    if (!draw.chance(habits.crashPercent)) return
    const downMs = draw.between(1, timeoutBaseMs >> 3)
    world.queue.schedule(draw.between(1, 20), () => world.nodes[node]!.crashFor(downMs))
  }

  return {
    judge(from, to, message) {
      if (world.queue.nowMs >= camps.untilMs) camps = drawCamps()
      if (camps.sides.size === 0) return 0
      if (message.type === 'settlement' && message.message.type === 'epoch-change')
        noteGivenUp(from, message.message.epochChange.epoch)
      const shown = shownBy(message)
      const fromSide = camps.sides.get(from)
      if (fromSide !== undefined && shown !== undefined && camps.blocks.get(shown.blockHash) === fromSide)
        camps.tops.set(fromSide, Math.max(topOf(fromSide), shown.epoch))
      const isHidden =
        proposedIn(message).some(block => isHiddenBlock(to, block)) || (shown !== undefined && isNews(to, shown))
      if (!isHidden) return 0
      world.journal.count('hidden-certificate')
      return 'lost'
    },
  }
}

function otherSide(side: Side): Side {
  return side === 'left' ? 'right' : 'left'
}

function proposedIn(message: NodeMessage): readonly Block[] {
  if (message.type === 'blocks') return message.proposals.map(({ block }) => block)
  if (message.type !== 'settlement' || message.message.type !== 'proposal') return []
  return [message.message.proposal.block]
}

function shownBy(message: NodeMessage): Shown | undefined {
  if (message.type !== 'settlement') return undefined
  switch (message.message.type) {
    case 'proposal':
      return undefined
    case 'vote':
      return message.message.vote
    case 'certificate':
    case 'epoch-change':
    case 'epoch-change-certificate':
      return message.message.certificate
  }
}
