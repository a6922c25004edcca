// Faults of links that last a while: partitions, slow nodes, and nodes that are deaf to one kind of message.
import type { Journal } from '../world/journal.ts'
import type { LinkFault, NodeMessage } from '../world/network.ts'

/** Nothing passes between nodes of different sides. */
export function createPartition(journal: Journal, sides: readonly number[]): LinkFault {
  return {
    judge(from, to) {
      if (sides[from] === sides[to]) return 0
      journal.count('partition')
      return 'lost'
    },
  }
}

/** All that one node sends and gets is late. */
export function createSlowNode(journal: Journal, node: number, lateMs: number): LinkFault {
  return {
    judge(from, to) {
      if (from !== node && to !== node) return 0
      journal.count('slow-node')
      return lateMs
    },
  }
}

export const SENSES = ['proposals', 'votes', 'certificates', 'epoch-changes', 'finality', 'blocks'] as const
export type Sense = (typeof SENSES)[number]

/** One node gets no messages of a kind. */
export function createDeafNode(journal: Journal, node: number, sense: Sense): LinkFault {
  return {
    judge(_, to, message) {
      if (to !== node || senseOf(message) !== sense) return 0
      journal.count('deaf-node')
      return 'lost'
    },
  }
}

function senseOf(message: NodeMessage): Sense {
  if (message.type === 'finality') return 'finality'
  if (message.type !== 'settlement') return 'blocks'
  switch (message.message.type) {
    case 'proposal':
      return 'proposals'
    case 'vote':
      return 'votes'
    case 'certificate':
      return 'certificates'
    case 'epoch-change':
    case 'epoch-change-certificate':
      return 'epoch-changes'
  }
}
