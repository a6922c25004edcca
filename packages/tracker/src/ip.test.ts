import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { customerOf, parseIp, siteOf } from './ip.ts'

describe('addresses', () => {
  it.each([
    ['0.0.0.0', 0],
    ['1.2.3.4', 0x01020304],
    ['255.255.255.255', 0xffffffff],
    ['::ffff:1.2.3.4', 0x01020304],
    ['::ffff:102:304', 0x01020304],
  ])('of version 4: %s', (text, value) => {
    expect(parseIp(text)).toEqual({ version: 4, value })
  })

  it.each([
    ['::', 0n],
    ['::1', 0n],
    ['2001:db8::', 0x2001_0db8_0000_0000n],
    ['2001:DB8:1:2:3:4:5:6', 0x2001_0db8_0001_0002n],
    ['fe80::1%eth0', 0xfe80_0000_0000_0000n],
    ['1:2:3:4:5:6:1.2.3.4', 0x0001_0002_0003_0004n],
    ['1:2:3:4:5:6:7::', 0x0001_0002_0003_0004n],
  ])('of version 6: %s', (text, high) => {
    expect(parseIp(text)).toEqual({ version: 6, high })
  })

  it.each([
    '',
    'x',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4.5',
    ':::',
    '1::2::3',
    '12345::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1.2.3.4::',
    ':1:2',
  ])('are not read from %j', text => {
    expect(parseIp(text)).toBeUndefined()
  })

  it('are read back from their numbers, and never throw', () => {
    fc.assert(
      fc.property(fc.ipV4(), text => {
        const value = text.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)
        expect(parseIp(text)).toEqual({ version: 4, value })
      }),
    )
    fc.assert(
      fc.property(fc.ipV6(), text => {
        const ends = (text.includes('.') ? text.replace(/[\d.]+$/, '0:0') : text).split('::')
        const before = ends[0]! === '' ? [] : ends[0]!.split(':')
        const after = ends[1] === undefined || ends[1] === '' ? [] : ends[1].split(':')
        const zeros = Array<string>(8 - before.length - after.length).fill('0')
        const words = [...before, ...zeros, ...after].map(word => Number.parseInt(word, 16))
        fc.pre(!(words.slice(0, 5).every(word => word === 0) && words[5] === 0xffff))
        const high = words.slice(0, 4).reduce((sum, word) => (sum << 16n) + BigInt(word), 0n)
        expect(parseIp(text)).toEqual({ version: 6, high })
      }),
    )
    fc.assert(
      fc.property(fc.string(), text => {
        parseIp(text)
      }),
    )
  })

  it('of one machine are told from its neighbours, those of one site are not', () => {
    expect(customerOf('1.2.3.4')).toBe(customerOf('::ffff:1.2.3.4'))
    expect(customerOf('1.2.3.4')).not.toBe(customerOf('1.2.3.5'))
    expect(customerOf('2001:db8:1:2::3')).toBe(customerOf('2001:db8:1:2:ffff::'))
    expect(customerOf('2001:db8:1:2::')).not.toBe(customerOf('2001:db8:1:3::'))
    expect(siteOf('1.2.3.4')).toBe(siteOf('1.2.3.200'))
    expect(siteOf('1.2.3.4')).not.toBe(siteOf('1.2.4.4'))
    expect(siteOf('2001:db8:1:2::')).toBe(siteOf('2001:db8:1:ff::'))
    expect(siteOf('2001:db8:1::')).not.toBe(siteOf('2001:db8:2::'))
  })
})
