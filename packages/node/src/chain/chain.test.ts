import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createTestChain, createTestNode, eventually } from '../devnet-for-tests.ts'
import type { Node } from '../node.ts'

const running: Node[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map(node => node.stop()))
})

describe('executed blocks', () => {
  it('that consensus took no more are forgotten when their height is settled', async () => {
    const storeUrl = `level:${mkdtempSync(join(tmpdir(), 'tan-node-'))}`
    const node = await createTestNode(createTestChain(1), 0, { storeUrl })
    running.push(node)
    await node.start()
    const { chain } = node
    await eventually('blocks are settled', () => chain.settled.header.height >= 2)
    // as when a build takes longer than its epoch: made, and of no use any more
    const { hash, block, header } = chain.head
    const late = (await chain.build(hash, block.record, header.beneficiary, () => false)).hash
    const height = header.height + 1
    await eventually('that height is settled', () => chain.settled.header.height >= height)
    expect(await chain.store.hashAt(height)).not.toBe(late)
    expect(chain.unsettled(late)).toBeUndefined()
    expect(chain.unsettled(chain.settled.hash)).toBeDefined()
  })
})
