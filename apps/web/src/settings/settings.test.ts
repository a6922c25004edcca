import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { loadSettings, saveSettings } from './settings.ts'

const nothingSaved = { getItem: () => null }
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** A static host: the page's address. Without `devnet` it answers any path with a page, as many hosts do. */
async function host(devnet?: unknown): Promise<string> {
  const server = createServer((request, response) => {
    const isDevnet = devnet !== undefined && request.url === '/app/devnet.json'
    response.end(isDevnet ? JSON.stringify(devnet) : '<!doctype html>')
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/app/index.html`
}

const devnet = {
  wsUrl: 'ws://127.0.0.1:8545',
  rpcUrl: 'http://127.0.0.1:8545',
  edges: [{ name: 'Lisbon', statusUrl: 'http://127.0.0.1:7001/status' }],
  video: { manifestUrl: 'http://127.0.0.1:7000/a.tan.json', title: 'A video' },
  genesis: { committee: [1, 2] },
}

test('a devnet says where it is', async () => {
  const page = await host(devnet)
  expect(await loadSettings(`${page}#/chain`, nothingSaved)).toEqual({
    kind: 'ready',
    from: 'devnet',
    settings: devnet,
  })
})

test("the page's address goes before the file", async () => {
  const page = await host(devnet)
  const result = await loadSettings(
    `${page}?ws=wss://node.example/&manifest=https://cdn.example/b.tan.json`,
    nothingSaved,
  )
  expect(result).toMatchObject({
    settings: {
      wsUrl: 'wss://node.example/',
      video: { manifestUrl: 'https://cdn.example/b.tan.json', title: 'Video' },
    },
  })
})

test('without either, what was saved counts', async () => {
  const page = await host()
  expect(await loadSettings(page, nothingSaved)).toEqual({ kind: 'missing' })
  const kept = new Map<string, string>()
  saveSettings({ wsUrl: 'ws://saved.example' }, { setItem: (key, value) => kept.set(key, value) })
  const saved = { getItem: (key: string) => kept.get(key) ?? null }
  expect(await loadSettings(page, saved)).toMatchObject({ from: 'saved', settings: { wsUrl: 'ws://saved.example' } })
  expect(await loadSettings(page, { getItem: () => '{broken' })).toEqual({ kind: 'missing' })
})

test('what is wrong is named', async () => {
  expect(await loadSettings(`${await host()}?ws=http://x`, nothingSaved)).toMatchObject({
    kind: 'wrong',
    from: 'address',
    rejection: { code: 'settings/url', message: expect.stringContaining('settings.wsUrl') },
  })
  expect(await loadSettings(await host({ ...devnet, edges: 7 }), nothingSaved)).toMatchObject({
    kind: 'wrong',
    rejection: { message: expect.stringContaining('settings.edges') },
  })
})
