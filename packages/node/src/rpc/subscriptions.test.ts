import type { Hash } from '@tan/primitives'
import { describe, expect, it } from 'vitest'
import type { ChainBlock } from '../chain/chain.ts'
import { moveOf } from './subscriptions.ts'

type Block = Pick<ChainBlock, 'hash' | 'header'>
const block = (height: number, branch = 'a'): Block => ({
  hash: `0x${branch}${height}` as Hash,
  header: { height } as Block['header'],
})
const names = (blocks: readonly Block[]): string[] => blocks.map(({ hash }) => hash.slice(2))

function move(before: readonly Block[], after: readonly Block[]) {
  const { removed, added } = moveOf(before, after)
  return { removed: names(removed), added: names(added) }
}

describe('where the head moves', () => {
  it('every block on the way is new, the oldest first', () => {
    expect(move([block(1)], [block(1), block(2), block(3)])).toEqual({ removed: [], added: ['a2', 'a3'] })
  })

  it('every block of the branch that lost is lost, the newest first', () => {
    const lost = [block(2), block(3, 'b'), block(4, 'b')]
    expect(move(lost, [block(2), block(3, 'c')])).toEqual({ removed: ['b4', 'b3'], added: ['c3'] })
  })

  it('what was settled meanwhile is not lost, and nothing is told twice', () => {
    expect(move([block(1), block(2), block(3)], [block(3), block(4)])).toEqual({ removed: [], added: ['a4'] })
    expect(move([block(1), block(2)], [])).toEqual({ removed: [], added: [] })
  })

  it('a block that was settled before it was head is new, too', () => {
    expect(move([block(1)], [block(2), block(3)])).toEqual({ removed: [], added: ['a2', 'a3'] })
  })
})
