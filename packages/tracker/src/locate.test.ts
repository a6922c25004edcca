import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadLocate } from './locate.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tan-locate-'))
})
afterAll(() => rm(folder, { recursive: true }))

let files = 0
async function table(...rows: string[]): Promise<string> {
  const path = join(folder, `${++files}.csv`)
  await writeFile(path, rows.join('\n'))
  return path
}

const dotted = (value: number) => [24, 16, 8, 0].map(shift => (value >>> shift) & 255).join('.')

describe('tables of addresses', () => {
  it('give the network and the position, of both versions, as text or as numbers', async () => {
    const locate = await loadLocate({
      networks: [
        await table('1.0.0.0,1.0.0.255,13335,"Cloudflare, Inc."', '1.0.4.0,1.0.7.255,38803,Gtelecom Pty Ltd', ''),
        await table(
          '42540488161975842760550356425300246528,42540488241204005274814694018844196863,6939,Hurricane Electric',
        ),
      ],
      positions: [
        await table(
          '16777216,16777471,VN,Hanoi,"Ba, ""Dinh""",Hanoi,100000,21.0285,105.8542,Asia/Bangkok',
          '16778240,16778500,AU,,,,,,,',
        ),
      ],
    })
    expect(locate('1.0.0.7')).toEqual({ asn: 13335, position: { latitude: 21.0285, longitude: 105.8542 } })
    expect(locate('::ffff:1.0.0.7')).toEqual(locate('1.0.0.7'))
    expect(locate('1.0.4.0')).toEqual({ asn: 38803, position: undefined })
    expect(locate('2001::1')).toEqual({ asn: 6939, position: undefined })
    for (const ip of ['0.255.255.255', '1.0.1.0', '1.0.3.255', '1.0.8.0', '2002::', 'no address'])
      expect(locate(ip)).toBeUndefined()
  })

  it('find the row that a walk over all rows finds', async () => {
    const bounds = fc.uniqueArray(fc.nat({ max: 0xffffffff }), { minLength: 2, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(bounds, fc.array(fc.nat({ max: 0xffffffff })), async (numbers, probes) => {
        const sorted = numbers.sort((a, b) => a - b)
        const ranges: [number, number][] = []
        for (let i = 0; i + 1 < sorted.length; i += 2) ranges.push([sorted[i]!, sorted[i + 1]!])
        const locate = await loadLocate({
          networks: [await table(...ranges.map(([from, to], i) => `${dotted(from)},${dotted(to)},${i + 1},x`))],
        })
        const near = sorted
          .flatMap(value => [value - 1, value, value + 1])
          .filter(value => value >= 0 && value < 2 ** 32)
        for (const probe of [...probes, ...near]) {
          const row = ranges.findIndex(([from, to]) => from <= probe && probe <= to)
          expect(locate(dotted(probe))?.asn).toBe(row < 0 ? undefined : row + 1)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('give what rows overlap in to the first of them', async () => {
    const locate = await loadLocate({
      networks: [
        await table('1.0.0.0,1.0.0.10,1,a', '1.0.0.5,1.0.0.20,2,b', '1.0.0.6,1.0.0.7,3,c'),
        await table('2001:db8::,2001:db8::ff,4,d', '2001:db8::100,2001:db8:0:1::,5,e'),
      ],
    })
    expect(['1.0.0.5', '1.0.0.10', '1.0.0.11', '1.0.0.20', '1.0.0.21'].map(ip => locate(ip)?.asn)).toEqual([
      1,
      1,
      2,
      2,
      undefined,
    ])
    expect(['2001:db8::1', '2001:db8:0:1::1'].map(ip => locate(ip)?.asn)).toEqual([4, 5])
  })

  it.each([
    ['locate/row', ['hello,world,1']],
    ['locate/row', ['1.0.0.0']],
    ['locate/row', ['1.0.0.0,2001::,1,x']],
    ['locate/row', ['1.0.0.0,1.0.0.1,1,x', '2001::,2001::1,1,x']],
    ['locate/order', ['1.0.0.9,1.0.0.1,1,x']],
    ['locate/order', ['2.0.0.0,2.0.0.1,1,x', '1.0.0.0,1.0.0.1,1,x']],
  ])('are refused with %s: %j', async (code, rows) => {
    const path = await table(...rows)
    await expect(loadLocate({ networks: [path] })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`row ${rows.length}`),
    })
  })

  it('that are not there are named', async () => {
    const path = join(folder, 'nowhere.csv')
    await expect(loadLocate({ positions: [path] })).rejects.toMatchObject({
      code: 'locate/read',
      message: expect.stringContaining(path),
    })
  })
})
