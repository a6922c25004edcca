// A page that plays in a test's network: built as a site would build it, funded by whoever has money, asked what it did.

import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TestNetwork } from '@tan/edge/testing'
import type { Page } from 'playwright-core'
import { build } from 'vite'

/** Builds the page into the folder that the network's origin serves. */
export async function buildPage(network: TestNetwork): Promise<void> {
  const folder = join(network.folder, 'public', 'page')
  mkdirSync(folder, { recursive: true })
  await build({
    configFile: false,
    logLevel: 'error',
    root: new URL('.', import.meta.url).pathname,
    build: {
      target: 'es2023',
      outDir: folder,
      emptyOutDir: false,
      minify: false,
      rollupOptions: {
        input: new URL('viewer-page.ts', import.meta.url).pathname,
        output: { entryFileNames: 'page.js', chunkFileNames: '[name].js' },
      },
    },
  })
  writeFileSync(join(folder, 'index.html'), '<!doctype html><body><script type="module" src="page.js"></script>')
  writeFileSync(join(folder, 'anchor.json'), JSON.stringify(network.anchor))
}

/** Gives TANGam to whoever asks. */
export async function startFaucet(network: TestNetwork): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((request, response) => {
    const query = new URL(request.url!, 'http://x').searchParams
    network.fund(query.get('to') as `0x${string}`, BigInt(query.get('wei')!)).then(
      () => response.writeHead(200, { 'access-control-allow-origin': '*' }).end('ok'),
      error => response.writeHead(500, { 'access-control-allow-origin': '*' }).end(String(error)),
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

export function pageUrl(network: TestNetwork, faucetUrl: string, rate: number): string {
  const url = new URL('page/index.html', network.origin.url)
  url.searchParams.set('manifest', network.manifestUrl)
  url.searchParams.set('rpc', network.rpcUrl)
  url.searchParams.set('anchor', new URL('page/anchor.json', network.origin.url).href)
  url.searchParams.set('faucet', faucetUrl)
  url.searchParams.set('rate', String(rate))
  return url.href
}

export interface PageReport {
  readonly events: readonly string[]
  readonly problems: readonly string[]
  readonly ended: boolean
  readonly timeS: number
  readonly height: number
  readonly bufferedS: number
  readonly stats: {
    readonly originBytes: number
    readonly peerBytes: number
    readonly servedBytes: number
    readonly offload: number
    readonly pool?: { readonly poolId: string; readonly spentWei: string }
    readonly peers: readonly { readonly address: string; readonly receivedBytes: number; readonly role?: string }[]
    readonly earnedWei: string
  }
}

/** Undefined until the page's viewer runs. */
export function reportOf(page: Page): Promise<PageReport | undefined> {
  return page.evaluate(() => (globalThis as { tanPage?: () => unknown }).tanPage?.()) as Promise<PageReport | undefined>
}
