import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSeededRandom, randomBytesFrom } from '@tan/primitives'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AccessEntry } from './access-log.ts'
import { parseRange } from './range.ts'
import { createOriginServer, type OriginServer } from './server.ts'

const work = mkdtempSync(join(tmpdir(), 'tan-origin-'))
const folder = join(work, 'public')
const accessLogFile = join(work, 'log/access.jsonl')
const clock = { nowMs: () => Date.now() }
const content = randomBytesFrom(createSeededRandom(1), 300_000)
let origin: OriginServer

beforeAll(async () => {
  mkdirSync(join(folder, 'deep er'), { recursive: true })
  writeFileSync(join(folder, 'film.m4s'), content)
  writeFileSync(join(folder, 'master.m3u8'), '#EXTM3U\n')
  writeFileSync(join(folder, 'deep er/é.bin'), 'e')
  writeFileSync(join(folder, '.hidden'), 'no')
  writeFileSync(join(folder, 'empty'), '')
  writeFileSync(join(work, 'secret'), 'no')
  symlinkSync(join(work, 'secret'), join(folder, 'link'))
  symlinkSync(join(folder, 'film.m4s'), join(folder, 'alias'))
  origin = createOriginServer({ folder, port: 0, accessLogFile, clock })
  await origin.start()
})

afterAll(async () => {
  await origin.stop()
  rmSync(work, { recursive: true })
})

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(new URL(path, origin.url), { headers, method })

/** Sends a request line as it is, which fetch would tidy up. */
function raw(head: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(Number(new URL(origin.url).port), '127.0.0.1', () => socket.write(head))
    socket.on('data', chunk => {
      text += chunk
      if (text.includes('\r\n\r\n')) socket.end()
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}

describe('an origin', () => {
  it('serves files whole and in ranges, to pages of any site', async () => {
    const whole = await get('film.m4s')
    expect(whole.status).toBe(200)
    expect(whole.headers.get('content-type')).toBe('video/iso.segment')
    expect(whole.headers.get('access-control-allow-origin')).toBe('*')
    expect(whole.headers.get('accept-ranges')).toBe('bytes')
    expect(Buffer.from(await whole.arrayBuffer()).equals(content)).toBe(true)
    const cases: [string, number, number][] = [
      ['bytes=0-0', 0, 1],
      ['bytes=100-299', 100, 300],
      ['bytes=299999-', 299_999, 300_000],
      ['bytes=-5', 299_995, 300_000],
      ['bytes=10-9999999', 10, 300_000],
    ]
    for (const [range, from, to] of cases) {
      const part = await get('film.m4s', { range })
      expect(part.status, range).toBe(206)
      expect(part.headers.get('content-range')).toBe(`bytes ${from}-${to - 1}/300000`)
      expect(Buffer.from(await part.arrayBuffer()).equals(content.subarray(from, to))).toBe(true)
    }
    const beyond = await get('film.m4s', { range: 'bytes=300000-' })
    expect(beyond.status).toBe(416)
    expect(beyond.headers.get('content-range')).toBe('bytes */300000')
    expect((await get('empty')).status).toBe(200)
  })

  it('answers HEAD, preflights and revalidation', async () => {
    const head = await get('film.m4s', {}, 'HEAD')
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '300000'])
    const tag = head.headers.get('etag')!
    expect((await get('film.m4s', { 'if-none-match': tag })).status).toBe(304)
    expect((await get('film.m4s', { range: 'bytes=0-9', 'if-range': '"other"' })).status).toBe(200)
    const preflight = await get('film.m4s', { 'access-control-request-method': 'GET', origin: 'https://x' }, 'OPTIONS')
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-headers')).toContain('range')
    expect((await get('master.m3u8')).headers.get('cache-control')).toBe('no-cache')
    expect((await get('film.m4s', {}, 'POST')).status).toBe(405)
  })

  it('serves names with spaces and accents, and links that stay inside', async () => {
    expect(await (await get('deep%20er/%C3%A9.bin')).text()).toBe('e')
    expect((await get('alias')).status).toBe(200)
  })

  it('serves nothing else', async () => {
    for (const path of ['link', '.hidden', 'nothing', 'deep%20er', ''])
      expect((await get(path)).status, path).toBeGreaterThanOrEqual(400)
    const paths = [
      '/../secret',
      '/deep er/../../secret',
      '/%2e%2e/secret',
      '/..%2fsecret',
      '/%2e%2e%5csecret',
      '/film.m4s%00.html',
      '/%zz',
      '/%c0%ae%c0%ae/secret',
      '//etc/passwd',
      'secret',
      `/${'a'.repeat(10_000)}`,
      'http://x/../secret',
    ]
    for (const path of paths) {
      const answer = await raw(`GET ${path.replaceAll(' ', '%20')} HTTP/1.1\r\nHost: x\r\n\r\n`)
      expect(answer, path).toMatch(/^HTTP\/1\.1 4\d\d /)
      expect(answer).not.toContain('no\n')
    }
    expect(await raw('NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
    // and it still serves
    expect((await get('film.m4s', {}, 'HEAD')).status).toBe(200)
  })

  it('writes down what it sent to whom', async () => {
    const before = origin.stats()
    await (await get('film.m4s?client=viewer')).arrayBuffer()
    await (await get('film.m4s', { range: 'bytes=0-99', 'tan-client': 'edge' })).arrayBuffer()
    await (await get('film.m4s?client=%00<script>', {}, 'HEAD')).arrayBuffer()
    // a client that leaves early is counted by what went out
    const controller = new AbortController()
    const response = await fetch(new URL('film.m4s?client=leaver', origin.url), { signal: controller.signal })
    await response.body!.getReader().read()
    controller.abort()
    await expect.poll(() => origin.stats().requests - before.requests, { timeout: 10_000 }).toBe(4)
    const { clients } = origin.stats()
    expect(clients.viewer).toEqual({ requests: 1, bytes: 300_000 })
    expect(clients.edge).toEqual({ requests: 1, bytes: 100 })
    expect(clients.leaver!.bytes).toBeLessThanOrEqual(300_000)
    const stats = (await (await get('stats')).json()) as { bytes: number }
    expect(stats.bytes).toBeGreaterThanOrEqual(300_100)
    await origin.stop()
    const lines = readFileSync(accessLogFile, 'utf8').trimEnd().split('\n')
    const entries = lines.map(line => JSON.parse(line) as AccessEntry)
    expect(entries.find(entry => entry.client === 'edge')).toMatchObject({
      method: 'GET',
      path: '/film.m4s',
      range: 'bytes=0-99',
      status: 206,
      bytes: 100,
    })
    await origin.start()
  })

  it('says which port is taken, and which folder is missing', async () => {
    const port = Number(new URL(origin.url).port)
    await expect(createOriginServer({ folder, port, clock }).start()).rejects.toMatchObject({ code: 'origin/port' })
    expect(() => createOriginServer({ folder: join(work, 'none'), port: 0, clock })).toThrow(/no folder/)
  })
})

describe('a range', () => {
  it('lies in the file, whatever was asked', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), fc.nat(5_000), (text, size) => {
        for (const header of [text, `bytes=${text}`, text.replace(/\D/g, '-')]) {
          const range = parseRange(header, size)
          if (typeof range === 'string') continue
          expect(range.firstByte).toBeGreaterThanOrEqual(0)
          expect(range.lastByte).toBeGreaterThanOrEqual(range.firstByte)
          expect(range.lastByte).toBeLessThan(size)
        }
      }),
    )
  })
})
