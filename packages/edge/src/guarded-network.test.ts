import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGuardedNetwork, isPublicAddress } from './guarded-network.ts'

let server: Server
let port: number

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/away') response.writeHead(302, { location: 'http://10.0.0.1/' }).end()
    else response.end(`range ${request.headers.range}`)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => void server.close())

const signal = new AbortController().signal

async function textOf(url: string, allowsLoopback: boolean): Promise<string> {
  const { status, body } = await createGuardedNetwork(allowsLoopback).get(url, { range: [3, 9], signal })
  let text = `${status} `
  for await (const chunk of body) text += Buffer.from(chunk).toString()
  return text
}

describe('an edge', () => {
  it('goes to public addresses alone, whatever clothes others wear', () => {
    const forbidden = [
      ...['10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0'],
      ...['224.0.0.1', '255.255.255.255', '192.0.0.8', '198.18.0.1'],
      ...['::', 'fc00::1', 'fd12::1', 'fe80::1', 'ff02::1', '64:ff9b::a00:1', '2002:a00:1::'],
      ...['::ffff:10.0.0.1', '::ffff:a9fe:a9fe', 'not an address', ''],
    ]
    for (const address of forbidden) {
      expect(isPublicAddress(address, false), address).toBe(false)
      expect(isPublicAddress(address, true), address).toBe(false)
    }
    for (const address of ['127.0.0.1', '127.255.0.1', '::1', '::ffff:127.0.0.1']) {
      expect(isPublicAddress(address, false), address).toBe(false)
      expect(isPublicAddress(address, true), address).toBe(true)
    }
    for (const address of ['1.1.1.1', '172.15.0.1', '172.32.0.1', '2606:4700::1111'])
      expect(isPublicAddress(address, false), address).toBe(true)
  })

  it('asks nothing of a private address, by number or by name', async () => {
    const hosts = [`127.0.0.1:${port}`, `localhost:${port}`, `[::ffff:127.0.0.1]:${port}`, '2130706433', '0x7f.1']
    for (const host of hosts)
      await expect(textOf(`http://${host}/`, false), host).rejects.toMatchObject({ code: 'edge/private-address' })
    await expect(textOf('http://169.254.169.254/latest/', true)).rejects.toMatchObject({ code: 'edge/private-address' })
    expect(() => createGuardedNetwork(false).openSocket(`ws://127.0.0.1:${port}/`, 'x')).toThrow(/127\.0\.0\.1/)
  })

  it('reaches loopback on a devnet, with ranges, and follows nobody elsewhere', async () => {
    expect(await textOf(`http://127.0.0.1:${port}/x`, true)).toBe('200 range bytes=3-9')
    expect(await textOf(`http://localhost:${port}/x`, true)).toBe('200 range bytes=3-9')
    expect(await textOf(`http://127.0.0.1:${port}/away`, true)).toBe('302 ')
  })
})
