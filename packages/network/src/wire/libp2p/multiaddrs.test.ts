import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { peerIdOfKey } from '../../identity.ts'
import { expectCode, keyOf } from '../../testing/kit.ts'
import { readTcpAddress } from './multiaddrs.ts'

const PEER = await peerIdOfKey(keyOf('somebody'))

describe('addresses', () => {
  test.each([
    ['/ip4/127.0.0.1/tcp/30303', { peer: undefined, host: '127.0.0.1', scope: 'private' }],
    [`/ip4/127.0.0.1/tcp/30303/p2p/${PEER}`, { peer: PEER, host: '127.0.0.1', scope: 'private' }],
    ['/ip4/192.168.1.7/tcp/1', { peer: undefined, host: '192.168.1.7', scope: 'private' }],
    ['/ip4/93.184.216.34/tcp/1', { peer: undefined, host: '93.184.216.34', scope: 'public' }],
    ['/ip6/::1/tcp/1', { peer: undefined, host: '::1', scope: 'private' }],
    ['/dns4/node.example/tcp/1', { peer: undefined, host: 'node.example', scope: 'name' }],
  ])('%s is read', (address, expected) => {
    expect(readTcpAddress(address)).toEqual(expected)
  })

  test.each([
    '',
    'nonsense',
    '/',
    '/ip4/127.0.0.1',
    '/ip4/127.0.0.1/udp/30303',
    '/ip4/127.0.0.1/tcp/99999',
    '/ip4/300.0.0.1/tcp/1',
    '/ip4/127.0.0.1/tcp/1/ws',
    '/ip4/127.0.0.1/tcp/1/p2p/nobody',
    `/ip4/127.0.0.1/tcp/1/p2p/${PEER}/p2p-circuit/p2p/${PEER}`,
    '/unix/%2Ftmp%2Fsocket',
    `/dns4/${'a'.repeat(300)}/tcp/1`,
  ])('%s is none', address => {
    expect(readTcpAddress(address)).toBeUndefined()
  })

  test('text of any kind never throws', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), text => {
        readTcpAddress(text)
        readTcpAddress(`/ip4/${text}`)
        readTcpAddress(`/ip4/1.2.3.4/tcp/1/p2p/${text}`)
      }),
    )
  })

  test('a key of another length is refused', async () => {
    await expectCode(peerIdOfKey(new Uint8Array(31)), 'network/key')
    expect(PEER).toBe(await peerIdOfKey(keyOf('somebody')))
    expect(PEER).toMatch(/^12D3KooW/)
  })
})
