// What a person sees who follows the README: `npm start`, the page that it names in a real Chromium, the sample video
// played to its end through paid edges, and what they earned on the chain. Pictures of it lie in test-results/.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EdgeStatusJson } from '@tan/cli/devnet'
import type { Address } from '@tan/primitives'
import { PAYMENT_POOLS_ABI, SYSTEM_ADDRESSES } from '@tan/protocol'
import type { Browser, Page } from 'playwright-core'
import { createPublicClient, http, type PublicClient, parseAbi } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../e2e/eventually.ts'
import { launchChromium } from './chromium.ts'

interface Settings {
  readonly rpcUrl: string
  readonly edges: readonly { readonly name: string; readonly statusUrl: string; readonly address: Address }[]
  readonly video: { readonly manifestUrl: string }
}

interface Manifest {
  readonly piecePriceWei: string
  readonly renditions: readonly {
    readonly name: string
    readonly segments: readonly { readonly uri: string; readonly durationMs: number; readonly sizeBytes: number }[]
  }[]
}

interface Status {
  readonly settled: { readonly height: number }
  readonly finalized: { readonly height: number }
}

/** from which on peers must do nearly all of it */
const SETTLED_IN_MS = 10_000
const FROM_PEERS_MIN = 0.8

const root = fileURLToPath(new URL('../..', import.meta.url))
const pictures = join(root, 'test-results')
const folder = mkdtempSync(join(tmpdir(), 'tan-app-'))
let network: ChildProcess
let said = ''
let url: string
let settings: Settings
let manifest: Manifest
let chain: PublicClient
let browser: Browser
let page: Page
/** what the page wrote to its console, and errors that nobody caught */
const complaints: string[] = []

beforeAll(async () => {
  network = spawn('npm', ['start', '--', '--data', folder, '--port', '0'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  for (const stream of [network.stdout!, network.stderr!])
    stream.on('data', (text: Buffer) => {
      said += text.toString()
    })
  await eventually('npm start names an address', () => {
    if (network.exitCode !== null) throw new Error(`npm start ended:\n${said}`)
    return addressIn(said) !== undefined
  })
  url = addressIn(said)!
  settings = (await (await fetch(`${url}/devnet.json`)).json()) as Settings
  manifest = (await (await fetch(settings.video.manifestUrl)).json()) as Manifest
  chain = createPublicClient({ transport: http(settings.rpcUrl) })
  browser = await launchChromium()
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  page.on('console', message => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', error => complaints.push(error.message))
})

afterAll(async () => {
  await browser?.close()
  // as Ctrl-C does: the whole group is told
  process.kill(-network.pid!, 'SIGINT')
  await eventually('npm start ends when it is asked to', () => network.exitCode !== null || network.signalCode !== null)
  rmSync(folder, { recursive: true, force: true })
})

function addressIn(text: string): string | undefined {
  return /Open (http:\S+)/.exec(text)?.[1]
}

function statuses(): Promise<EdgeStatusJson[]> {
  return Promise.all(
    settings.edges.map(async ({ statusUrl }) => (await fetch(statusUrl)).json() as Promise<EdgeStatusJson>),
  )
}

function balances(): Promise<bigint[]> {
  return Promise.all(settings.edges.map(({ address }) => chain.getBalance({ address })))
}

async function status(): Promise<Status> {
  return chain.request({ method: 'tan_status', params: [] } as never)
}

/** Writes down what any video of the page goes through, from before its first frame on. */
function watchVideos(): void {
  const events: string[] = []
  let hasFrame = false
  const note = (event: Event) => {
    const video = event.target
    if (!(video instanceof HTMLVideoElement)) return
    if (event.type === 'playing') hasFrame = true
    else if (event.type !== 'waiting' || hasFrame) events.push(`${event.type} at ${video.currentTime.toFixed(2)} s`)
  }
  for (const type of ['playing', 'waiting', 'error', 'ended']) document.addEventListener(type, note, true)
  Object.assign(globalThis, { videoEvents: events })
}

function videoEvents(): Promise<string[]> {
  return page.evaluate(() => (globalThis as unknown as { videoEvents: string[] }).videoEvents)
}

/** For whoever has to find out why it does not play. */
function playerState(): Promise<string> {
  return page.evaluate(() => {
    const video = document.querySelector('video')
    if (video === null) return 'there is no video'
    const { currentTime, paused, readyState, networkState, error, buffered } = video
    const bufferedS = Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)])
    return JSON.stringify({ currentTime, paused, readyState, networkState, error: error?.message, bufferedS })
  })
}

interface Media {
  readonly startMs: number
  readonly sizeBytes: number
}

/** Media files by path: each is one segment. */
function mediaFiles(): Map<string, Media> {
  const files = new Map<string, Media>()
  for (const { segments } of manifest.renditions) {
    let startMs = 0
    for (const { uri, durationMs, sizeBytes } of segments) {
      files.set(new URL(uri, settings.video.manifestUrl).pathname, { startMs, sizeBytes })
      startMs += durationMs
    }
  }
  return files
}

describe('npm start', () => {
  let before: bigint[]

  it('plays the sample video to its end in a browser without waiting, nearly all of it from paid edges', async () => {
    before = await balances()
    await page.addInitScript(watchVideos)
    await page.goto(url)
    await eventually('the video plays', () =>
      page.evaluate(() => (document.querySelector('video')?.currentTime ?? 0) > 20),
    ).catch(async error => {
      await page.screenshot({ path: join(pictures, 'watch-failed.png'), fullPage: true })
      throw new Error(`the video does not play: ${await playerState()}; ${complaints.join('; ')}`, { cause: error })
    })
    await page.screenshot({ path: join(pictures, 'watch.png') })
    await eventually('the video has ended', async () => (await videoEvents()).some(event => event.startsWith('ended')))
    expect(await videoEvents()).toEqual([expect.stringMatching(/^ended at (59|60)/)])
    expect(await page.evaluate(() => document.querySelector('video')?.videoHeight)).toBe(720)

    // by the origin's own log, and by what the edges count
    const media = mediaFiles()
    const log = readFileSync(join(folder, 'logs', 'origin-access.log'), 'utf8')
      .trimEnd()
      .split('\n')
    const lines = log.map(line => JSON.parse(line) as { client: string; path: string; bytes: number })
    const isLate = (file: Media | undefined): file is Media => file !== undefined && file.startMs >= SETTLED_IN_MS
    const fromOrigin = lines
      .filter(({ client, path }) => client === 'viewer' && isLate(media.get(path)))
      .reduce((sum, { bytes }) => sum + bytes, 0)
    const served = (await statuses()).reduce((sum, { servedBytes }) => sum + servedBytes, 0)
    // as if the edges had served all of the beginning, in every rendition
    const early = [...media.values()].filter(file => !isLate(file)).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    const fromPeers = served - early
    expect(fromPeers / (fromPeers + fromOrigin)).toBeGreaterThanOrEqual(FROM_PEERS_MIN)
  })

  it('pays each edge exactly for what it served, in blocks that settle and finalize', async () => {
    const priceWei = BigInt(manifest.piecePriceWei)
    const isPaid = ({ earnedWei, servedPieces }: EdgeStatusJson) =>
      BigInt(earnedWei) === BigInt(servedPieces) * priceWei
    await eventually('every piece is paid', async () => (await statuses()).every(isPaid))
    for (const { statusUrl } of settings.edges) {
      const answer = await fetch(new URL('redeem', statusUrl), { method: 'POST' })
      expect(answer.status).toBe(200)
    }
    const edges = await statuses()
    const after = await balances()
    for (const [i, { servedPieces, gasWei }] of edges.entries()) {
      expect(servedPieces).toBeGreaterThan(0)
      expect(after[i]! - before[i]!).toBe(BigInt(servedPieces) * priceWei - BigInt(gasWei))
    }

    const redeemed = await chain.getContractEvents({
      address: SYSTEM_ADDRESSES.paymentPools,
      abi: parseAbi(PAYMENT_POOLS_ABI),
      eventName: 'Redeemed',
      fromBlock: 0n,
      strict: true,
    })
    for (const [i, { address }] of settings.edges.entries()) {
      const own = redeemed.filter(({ args }) => args.target.toLowerCase() === address)
      expect(own.reduce((sum, { args }) => sum + args.paid, 0n)).toBe(BigInt(edges[i]!.servedPieces) * priceWei)
    }
    const height = Math.max(...redeemed.map(({ blockNumber }) => Number(blockNumber)))
    await eventually('they are settled', async () => (await status()).settled.height >= height)
    await eventually('they are finalized', async () => (await status()).finalized.height >= height)
  })

  it('shows what happened on the chain, on the map and on a phone, without an error', async () => {
    const errors: string[] = []
    page.on('pageerror', error => errors.push(error.message))
    for (const name of ['Network', 'Chain']) {
      await page.getByRole('link', { name, exact: true }).first().click()
      await page.getByRole('heading', { level: 1 }).first().waitFor()
      await page.screenshot({ path: join(pictures, `${name.toLowerCase()}.png`), fullPage: true })
    }
    for (const name of ['Watch', 'Network', 'Watch'])
      await page.getByRole('link', { name, exact: true }).first().click()
    await eventually('the video plays for whoever comes back in a hurry', () =>
      page.evaluate(() => (document.querySelector('video')?.currentTime ?? 0) > 1),
    )
    await page.getByRole('link', { name: 'Chain', exact: true }).first().click()
    await page.getByRole('heading', { level: 1 }).first().waitFor()
    await page.setViewportSize({ width: 360, height: 740 })
    await eventually('nothing is wider than the phone', () =>
      page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth),
    )
    await page.screenshot({ path: join(pictures, 'chain-phone.png') })
    expect(errors).toEqual([])
  })
})
