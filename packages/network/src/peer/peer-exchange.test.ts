import { CodedError, encodeRlp } from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { peerIdOfKey } from '../identity.ts'
import { LIMITS } from '../limits.ts'
import { keyOf } from '../testing/kit.ts'
import { readTcpAddress } from '../wire/libp2p/multiaddrs.ts'
import {
  decodeAddresses,
  decodeGreeting,
  encodeAddresses,
  encodeGreeting,
  PEERS,
  usableAddresses,
} from './peer-exchange.ts'

const PEER = await peerIdOfKey(keyOf('somebody'))
const LONGEST = 'x'.repeat(LIMITS.addressSizeMaxBytes)
const wire = { readAddress: readTcpAddress }

describe('the exchange of addresses', () => {
  test('what was encoded is decoded, cut to what may be told', () => {
    const addresses = Array.from({ length: 2 * LIMITS.addressesPerExchangeMax }, () => LONGEST)
    expect(decodeGreeting(encodeGreeting(addresses))).toEqual(addresses.slice(0, LIMITS.addressesPerPeerMax))
    expect(decodeAddresses(encodeAddresses(addresses))).toEqual(addresses.slice(0, LIMITS.addressesPerExchangeMax))
    expect(encodeGreeting(addresses).length).toBeLessThanOrEqual(PEERS.messageSizeMaxBytes)
    expect(encodeAddresses(addresses).length).toBeLessThanOrEqual(PEERS.responseSizeMaxBytes)
  })

  test('anything else is refused with a code', () => {
    const texts = (count: number, size: number) =>
      encodeRlp(Array.from({ length: count }, () => new Uint8Array(size).fill(65)))
    for (const bytes of [
      new Uint8Array(0),
      texts(LIMITS.addressesPerExchangeMax + 1, 1),
      texts(1, LIMITS.addressSizeMaxBytes + 1),
      encodeRlp([Uint8Array.of(0xff, 0xfe)]),
      encodeRlp([[]]),
    ])
      expect(() => decodeAddresses(bytes)).toThrow(CodedError)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        for (const decode of [decodeGreeting, decodeAddresses]) {
          try {
            for (const text of decode(bytes)) readTcpAddress(text)
          } catch (error) {
            expect(error).toBeInstanceOf(CodedError)
          }
        }
      }),
    )
  })

  test('of what strangers tell, only addresses that name their peer and need no resolving are used', () => {
    const told = [
      `/ip4/93.184.216.34/tcp/1/p2p/${PEER}`,
      `/ip4/127.0.0.1/tcp/1/p2p/${PEER}`,
      `/dns4/node.example/tcp/1/p2p/${PEER}`,
      '/ip4/93.184.216.34/tcp/1',
      'nonsense',
    ]
    expect(usableAddresses(wire, told, false)).toEqual(new Map([[PEER, [told[0]]]]))
    expect(usableAddresses(wire, told, true)).toEqual(new Map([[PEER, [told[0], told[1]]]]))
  })

  test('no peer has more addresses than it may', () => {
    const told = Array.from({ length: 100 }, (_, i) => `/ip4/93.184.216.34/tcp/${i + 1}/p2p/${PEER}`)
    expect(usableAddresses(wire, told, false).get(PEER)).toEqual(told.slice(0, LIMITS.addressesPerPeerMax))
  })
})
