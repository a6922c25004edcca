import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startWebServer } from './web-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'tan-web-'))
const app = join(folder, 'app')
let server: Server

beforeAll(async () => {
  mkdirSync(join(app, 'assets'), { recursive: true })
  writeFileSync(join(app, 'index.html'), 'the app')
  writeFileSync(join(app, 'assets', 'a.js'), 'a script')
  writeFileSync(join(folder, 'secret.txt'), 'a secret')
  server = await startWebServer({
    host: '127.0.0.1',
    port: 0,
    folder: app,
    settings: { rpcUrl: 'http://x' },
    faucet: async () => {
      throw new Error('empty')
    },
  })
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

/** The path goes out as it is written: `fetch` would tidy it. */
function ask(path: string, method = 'GET', body?: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo
    const headers = { 'content-type': 'application/json' }
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, response => {
      let text = ''
      response.on('data', chunk => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode!, text }))
    })
    sent.setTimeout(5_000, () => sent.destroy(new Error(`no answer to ${path}`)))
    sent.on('error', reject)
    sent.end(body)
  })
}

test('serves the app, its files, its pages and its settings', async () => {
  expect((await ask('/')).text).toBe('the app')
  expect((await ask('/assets/a.js?v=1')).text).toBe('a script')
  expect((await ask('/chain/12?from=here')).text).toBe('the app')
  expect((await ask('/devnet.json?x=1')).text).toBe('{"rpcUrl":"http://x"}')
})

test.each([
  '//',
  '//?',
  'http://',
  '/%00',
  '/%',
  '/..%2fsecret.txt',
  '/../secret.txt',
  '//../secret.txt',
  '/assets/',
  '/missing.js',
])('%s is answered, and gives nothing away', async path => {
  const { text } = await ask(path)
  expect(text).not.toContain('secret')
  expect((await ask('/')).text).toBe('the app')
})

test('what the faucet does not understand is refused', async () => {
  for (const body of ['', 'null', '[]', '{"address":7}', '{"address":"0x12"}'])
    expect((await ask('/faucet', 'POST', body)).status).toBe(400)
  expect((await ask('/faucet', 'POST', 'x'.repeat(2_000))).status).toBe(413)
  expect((await ask('/faucet', 'POST', JSON.stringify({ address: `0x${'00'.repeat(20)}` }))).status).toBe(503)
  expect((await ask('/faucet')).status).toBe(405)
})
