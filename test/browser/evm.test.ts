// The engine in a real browser: the same results to the byte as in Node, where an oracle checks them, and the public state
// tests once more.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashesOfCases } from '@tan/evm/testing'
import type { Browser, Page } from 'playwright-core'
import { build, type Plugin } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { areThere, hint, stateFiles, stateGroups } from '../vectors/state-files.ts'
import { addUp, type runStateTests, type StateReport } from '../vectors/state-tests.ts'
import { launchChromium } from './chromium.ts'

const CASES = 400
const TYPES: Readonly<Record<string, string>> = { js: 'text/javascript', wasm: 'application/wasm', html: 'text/html' }
const folder = mkdtempSync(join(tmpdir(), 'tan-evm-browser-'))
let server: Server
let browser: Browser
let page: Page

/** What the page has beside a page's own. */
type Bench = typeof globalThis & {
  readonly hashesOfCases: typeof hashesOfCases
  readonly runStateTests: typeof runStateTests
}

/** A page has no disk: states lie in its memory. */
const withoutDisk: Plugin = {
  name: 'without-disk',
  enforce: 'pre',
  resolveId: id => (id.endsWith('/level-store.ts') ? '\0no-disk' : undefined),
  load: id =>
    id === '\0no-disk' ? "export const openLevelStore = () => Promise.reject(new Error('no disk'))" : undefined,
}

beforeAll(async () => {
  await build({
    configFile: false,
    logLevel: 'error',
    root: import.meta.dirname,
    plugins: [withoutDisk],
    build: {
      ...{ outDir: folder, target: 'esnext', assetsInlineLimit: 0, minify: false },
      rolldownOptions: {
        input: join(import.meta.dirname, 'evm-page.ts'),
        output: { entryFileNames: 'entry.js' },
      },
    },
  })
  server = createServer((request, response) => {
    const path = join(folder, new URL(request.url ?? '/', 'http://localhost').pathname)
    const type = TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'text/html'
    response.setHeader('content-type', type)
    response.end(
      path.includes('.') && existsSync(path) ? readFileSync(path) : '<script type="module" src="/entry.js"></script>',
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  browser = await launchChromium()
  page = await browser.newPage()
  const errors: string[] = []
  page.on('pageerror', error => errors.push(error.message))
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  await page
    .waitForFunction(() => 'hashesOfCases' in globalThis, undefined, { timeout: 60_000 })
    .catch(() => {
      throw new Error(`the page did not start: ${errors.join('; ')}`)
    })
})

afterAll(async () => {
  await browser?.close()
  server?.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('the engine in Chromium', () => {
  it('ends random programs as in Node', async () => {
    const there = await page.evaluate(count => (globalThis as Bench).hashesOfCases(count), CASES)
    expect(there).toEqual(await hashesOfCases(CASES))
  })

  it.skipIf(!areThere)(`passes the state tests${hint}`, async () => {
    const reports: StateReport[] = []
    for (const group of stateGroups())
      for (const vectors of stateFiles(group))
        reports.push(await page.evaluate(tests => (globalThis as Bench).runStateTests(tests), vectors))
    const { run, passed, failures } = addUp(reports)
    console.log(`state tests in Chromium: ${run} run, ${passed} passed`)
    expect(failures).toEqual([])
    expect(run).toBeGreaterThan(6_000)
  })
})
