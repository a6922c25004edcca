import { addressOfSecretKey } from '@tan/primitives'
import { commonWorld, playHeadless } from '@tan/viewer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, TestNetwork } from './testing/network.ts'

const { clock, timers } = commonWorld()
let network: TestNetwork

beforeAll(async () => {
  network = await TestNetwork.start()
})
afterAll(() => network.stop())

describe('a network', () => {
  it('plays a video through paid edges, who redeem what they earned', async () => {
    const keys = [network.key(), network.key()]
    for (const key of keys) await network.fund(addressOfSecretKey(key), 10n ** 18n)
    const edges = await Promise.all(keys.map(key => network.edge(key)))
    await eventually('both edges hold the video', () => edges.every(edge => edge.status().resources[0]?.have === 1))
    const before = await Promise.all(edges.map(edge => network.chain.balanceWei(edge.address)))
    const viewer = await network.viewer('viewer')
    viewer.on(event => {
      if (!['piece', 'payment', 'served'].includes(event.type)) console.log(event)
    })
    const report = await playHeadless({ viewer, clock, timers, rate: 5 })
    console.log(
      report,
      viewer.stats(),
      edges.map(edge => edge.status()),
    )
    expect(report.stalls).toBe(0)
    await Promise.all(edges.map(edge => edge.redeem()))
    console.log(edges.map(edge => edge.status()))
    const after = await Promise.all(edges.map(edge => network.chain.balanceWei(edge.address)))
    edges.forEach((edge, i) => {
      const { servedPieces, gasWei } = edge.status()
      expect(after[i]! - before[i]!).toBe(BigInt(servedPieces) * network.manifest.piecePriceWei - gasWei)
    })
  })
})
