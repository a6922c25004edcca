import { createCatalog } from '@tan/delivery'
import type { Manifest } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { Demand } from './demand.ts'

const root = `0x${'00'.repeat(32)}` as const
const manifest: Manifest = {
  chainId: 1,
  publisher: `0x${'00'.repeat(20)}`,
  title: 'a film',
  entry: 'film.mp4',
  renditions: [
    {
      name: 'only',
      bandwidth: 1,
      codecs: '',
      playlist: '',
      pieces: 'only.pieces',
      segments: Array.from({ length: 100 }, (_, i) => ({
        ...{ uri: 'film.mp4', offsetBytes: 100 * i, sizeBytes: 100, durationMs: 4_000, root },
      })),
    },
  ],
  piecePriceWei: 0n,
  openingWei: 0n,
  licencePriceWei: 0n,
  origins: [],
  trackers: [],
  licence: '',
}

function createDemand() {
  const demand = new Demand(createCatalog(manifest))
  return { demand, wanted: (nowMs = 0) => demand.wanted(nowMs).map(({ segment }) => segment) }
}

describe('what a viewer needs', () => {
  it('is nothing before anybody asks', () => {
    expect(createDemand().wanted()).toEqual([])
  })

  it('is what somebody waits for, at once, until nobody does', () => {
    const { demand, wanted } = createDemand()
    const [one, other] = [demand.request(0, 7, 500), demand.request(0, 7, 900)]
    expect(demand.wanted(1_000)).toEqual([{ rendition: 0, segment: 7, deadlineMs: 500 }])
    one()
    expect(wanted()).toEqual([7])
    other()
    expect(wanted()).toEqual([])
  })

  it('is what comes next on the timeline, and what is asked for elsewhere on it', () => {
    const { demand, wanted } = createDemand()
    demand.setPlayhead({ rendition: 0, segment: 3, positionMs: 12_000, rate: 1, atMs: 0 })
    const played = wanted()
    expect(played.slice(0, 3)).toEqual([3, 4, 5])
    expect(played).not.toContain(60)
    const [near, far] = [demand.request(0, 4, 0), demand.request(0, 60, 0)]
    // the one that is played anyway keeps its own deadline
    expect(wanted()).toEqual([...played, 60])
    near()
    far()
    expect(wanted()).toEqual(played)
  })

  it('is no segment that there is none of', () => {
    const { demand } = createDemand()
    expect(() => demand.request(0, 100, 0)).toThrowError(expect.objectContaining({ code: 'viewer/segment' }))
    expect(() => demand.request(1, 0, 0)).toThrowError(expect.objectContaining({ code: 'viewer/segment' }))
  })
})
