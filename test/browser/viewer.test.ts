import type { Server } from 'node:http'
import type { Edge } from '@tan/edge'
import { eventually, TestNetwork } from '@tan/edge/testing'
import { addressOfSecretKey } from '@tan/primitives'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from './chromium.ts'
import { buildPage, type PageReport, pageUrl, reportOf, startFaucet } from './viewer-page-host.ts'

let network: TestNetwork
let browser: Browser
let faucet: { readonly server: Server; readonly url: string }
let edges: readonly Edge[]

async function open(page: Page, rate: number): Promise<void> {
  await page.goto(pageUrl(network, faucet.url, rate))
  await eventually('the page has a viewer', async () => (await reportOf(page)) !== undefined)
}

async function playToTheEnd(page: Page): Promise<PageReport> {
  await eventually('the video has ended', async () => (await reportOf(page))?.ended === true, 90_000)
  return (await reportOf(page))!
}

describe('a browser', () => {
  beforeAll(async () => {
    network = await TestNetwork.start()
    await buildPage(network)
    faucet = await startFaucet(network)
    browser = await launchChromium()
    const keys = [network.key(), network.key()]
    for (const key of keys) await network.fund(addressOfSecretKey(key), 10n ** 18n)
    edges = await Promise.all(keys.map(key => network.edge(key)))
    await eventually('both edges hold the video', () => edges.every(edge => edge.status().resources[0]?.have === 1))
  })
  afterAll(async () => {
    await browser?.close()
    faucet?.server.close()
    await network?.stop()
  })

  it('plays the sample through paid edges, comes back with its session, and serves the next one', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await open(page, 4)
    const report = await playToTheEnd(page)
    expect(report.events).toEqual(['ended'])
    expect(report.problems).toEqual([])
    expect(report.height).toBe(720)
    expect(report.stats.offload).toBeGreaterThan(0.5)
    const pieceWei = network.manifest.piecePriceWei
    for (const edge of edges) expect(edge.status().earnedWei).toBe(BigInt(edge.status().servedPieces) * pieceWei)
    const paidWei = edges.reduce((sum, edge) => sum + edge.status().earnedWei, 0n)
    expect(BigInt(report.stats.pool!.spentWei)).toBe(paidWei)

    // another tab takes a session of its own, since two writers of one would promise the same money twice
    const other = await context.newPage()
    await open(other, 1)
    await eventually('the other tab has a pool', async () => (await reportOf(other))?.stats.pool !== undefined)
    expect((await reportOf(other))!.stats.pool!.poolId).not.toBe(report.stats.pool!.poolId)
    await other.close()

    // the same tab, loaded anew, goes on with its pool and what it has promised
    await open(page, 4)
    await eventually('the pool is back', async () => (await reportOf(page))?.stats.pool !== undefined)
    expect((await reportOf(page))!.stats.pool!.poolId).toBe(report.stats.pool!.poolId)
    await eventually('all of it is buffered', async () => ((await reportOf(page))?.bufferedS ?? 0) > 59)

    // without any edge the next viewer is served by this one, and pays it
    for (const edge of edges) await edge.stop()
    const next = await (await browser.newContext()).newPage()
    await open(next, 2)
    await eventually('it has paid for pieces', async () => {
      const { stats } = (await reportOf(next))!
      return stats.peerBytes > 1_000_000 && stats.peers.length === 1
    })
    await eventually('both agree on what was earned', async () => {
      const [first, second] = [(await reportOf(page))!, (await reportOf(next))!]
      return BigInt(first.stats.earnedWei) > 0n && first.stats.earnedWei === second.stats.pool!.spentWei
    })
    expect((await reportOf(next))!.events).toEqual([])
  })
})
