// The engine in a real browser gives the same results to the byte as here, where the oracle checks them.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hashesOfCases } from '@tan/evm/testing'
import { build } from 'vite'
import { expect, test } from 'vitest'
import { launchChromium } from './chromium.ts'

const CASES = 400
const TYPES: Readonly<Record<string, string>> = { js: 'text/javascript', wasm: 'application/wasm', html: 'text/html' }

test('random programs end the same in Chromium', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tan-evm-browser-'))
  await build({
    configFile: false,
    logLevel: 'error',
    root: import.meta.dirname,
    build: {
      ...{ outDir: folder, target: 'esnext', assetsInlineLimit: 0, minify: false },
      rolldownOptions: {
        input: fileURLToPath(import.meta.resolve('@tan/evm/testing')),
        output: { entryFileNames: 'entry.js' },
      },
    },
  })
  const server = createServer((request, response) => {
    const path = join(folder, new URL(request.url ?? '/', 'http://localhost').pathname)
    const type = TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'text/html'
    response.setHeader('content-type', type)
    response.end(
      path.includes('.') && existsSync(path) ? readFileSync(path) : '<script type="module" src="/entry.js"></script>',
    )
  })
  const browser = await launchChromium()
  try {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const page = await browser.newPage()
    const errors: string[] = []
    page.on('pageerror', error => errors.push(error.message))
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    await page
      .waitForFunction(() => 'hashesOfCases' in globalThis, undefined, { timeout: 60_000 })
      .catch(() => {
        throw new Error(`the page did not start: ${errors.join('; ')}`)
      })
    const there = await page.evaluate(
      count => (globalThis as unknown as { hashesOfCases(count: number): Promise<string[]> }).hashesOfCases(count),
      CASES,
    )
    expect(there).toEqual(await hashesOfCases(CASES))
  } finally {
    await browser.close()
    server.close()
    rmSync(folder, { recursive: true })
  }
})
