import { encodeRlp, type RlpItem } from '@tan/primitives'
import { describe, expect, it } from 'vitest'
import { BLOCKS_OF_RESPONSE_ITEMS_MAX } from '../limits.ts'
import { decodeFromPeer } from './decode.ts'
import { blocksResponseCodec, transactionsCodec } from './messages.ts'

describe('messages that are nothing but empty items', () => {
  it.each([
    ['a response of blocks', blocksResponseCodec, BLOCKS_OF_RESPONSE_ITEMS_MAX],
    ['a list of transactions', transactionsCodec, transactionsCodec.itemsMax],
  ])('are not taken apart: %s', (_, of, itemsMax) => {
    const items: RlpItem = Array.from({ length: itemsMax + 1 }, () => new Uint8Array(0))
    const decoded = decodeFromPeer<unknown>(of, encodeRlp(items))
    expect(decoded).toMatchObject({ ok: false, rejection: { code: 'rlp/invalid' } })
  })
})
