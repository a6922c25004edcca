import { mkdtempSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSeededRandom, randomBelow } from '@tan/primitives'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createTestChain, createTestNode, eventually } from '../devnet-for-tests.ts'
import { RPC_BATCH_MOST, RPC_REQUEST_BYTES_MOST } from '../limits.ts'
import type { Node } from '../node.ts'

let node: Node
let url: string

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tan-rpc-'))
  node = await createTestNode(createTestChain(1), 0, { storeUrl: `level:${folder}`, rpc: true })
  await node.start()
  url = node.rpcUrl!
  await eventually('a block is settled', () => node.chain.settled.header.height > 2)
})
afterAll(() => node?.stop())

interface Answer {
  readonly status: number
  readonly body: string
}

function post(body: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', headers: { 'content-type': 'application/json', ...headers } },
      response => {
        let text = ''
        response.on('data', chunk => {
          text += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode!, body: text }))
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

async function rpc(
  method: unknown,
  params: unknown = [],
): Promise<{ result?: unknown; error?: { code: number; message: string } }> {
  return JSON.parse((await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))).body)
}

describe('the JSON-RPC server', () => {
  it('answers malformed requests with the codes of the specification', async () => {
    const code = async (body: string): Promise<number> => JSON.parse((await post(body)).body).error.code
    expect(await code('{')).toBe(-32700)
    for (const body of [
      '1',
      'null',
      '"x"',
      '[]',
      '{}',
      '{"method":1}',
      '{"method":"net_version","params":{}}',
      '{"method":"net_version","id":{}}',
    ])
      expect(await code(body)).toBe(-32600)
    expect((await rpc('no_such_method')).error?.code).toBe(-32601)
    expect((await rpc('toString')).error?.code).toBe(-32601)
    expect((await rpc('eth_subscribe', ['newHeads'])).error?.code).toBe(-32601)
    const many = JSON.stringify(
      Array.from({ length: RPC_BATCH_MOST + 1 }, () => ({ jsonrpc: '2.0', id: 1, method: 'net_version' })),
    )
    expect(await code(many)).toBe(-32600)
  })

  it('answers wrong parameters with what is wrong', async () => {
    for (const [method, params] of [
      ['eth_getBalance', []],
      ['eth_getBalance', ['0x12']],
      ['eth_getBalance', ['0x00000000000000000000000000000000000000aa', 'yesterday']],
      ['eth_getBlockByNumber', [{ blockNumber: -1 }]],
      ['eth_getBlockByNumber', ['0x1', 'yes']],
      ['eth_getTransactionByHash', [7]],
      ['eth_getLogs', [{ fromBlock: '0x5', toBlock: '0x1' }]],
      ['eth_getLogs', [{ topics: ['0x12'] }]],
      ['eth_call', [null]],
      ['eth_call', [{ data: '0x123' }]],
      ['eth_feeHistory', ['0x1', 'latest', [90, 10]]],
      ['eth_getProof', ['0x00000000000000000000000000000000000000aa', ['zz'], 'latest']],
      ['eth_sendRawTransaction', ['0xzz']],
      ['eth_sendRawTransaction', [`0x02${'ff'.repeat(40)}`]],
      ['tan_poolProof', ['0x12', '0x34']],
      ['tan_pools', [{ limit: 1e9 }]],
    ] as const) {
      const { error } = await rpc(method, params)
      expect([method, error?.code]).toEqual([method, -32602])
      expect(error?.message).not.toMatch(/\n|at .*\.ts/)
    }
    expect((await rpc('eth_getBalance', ['0x00000000000000000000000000000000000000aa', '0xffffff'])).error?.code).toBe(
      -32002,
    )
    expect((await rpc('eth_sendRawTransaction', ['0x'])).error?.code).toBe(-32000)
    expect((await rpc('eth_getBlockByNumber', ['0xffffff'])).result).toBeNull()
  })

  it('takes batches, and notifications without an answer', async () => {
    const batch = [
      { jsonrpc: '2.0', id: 'a', method: 'eth_chainId' },
      { jsonrpc: '2.0', method: 'eth_chainId' },
      { jsonrpc: '2.0', id: 2, method: 'none' },
      3,
    ]
    const answers = JSON.parse((await post(JSON.stringify(batch))).body)
    expect(answers.map((answer: { id: unknown }) => answer.id)).toEqual(['a', 2, null])
  })

  it('lets in only its own names and the origins that are allowed', async () => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId' })
    expect((await post(body, { host: 'evil.example' })).status).toBe(403)
    expect((await post(body, { origin: 'https://evil.example' })).status).toBe(403)
    expect((await post(body, { host: 'localhost:1' })).status).toBe(200)
    expect((await post(body, { origin: 'chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn' })).status).toBe(200)
    expect((await post(body, { origin: 'https://chrome-extension.example' })).status).toBe(403)
    const refused = await new Promise(resolve => {
      const socket = new WebSocket(url.replace('http', 'ws'), { origin: 'https://evil.example' })
      socket.on('error', error => resolve(error.message))
      socket.on('open', () => resolve('open'))
    })
    expect(refused).toMatch(/403/)
  })

  it('refuses requests that are too large, and other HTTP methods', async () => {
    expect((await post('x'.repeat(RPC_REQUEST_BYTES_MOST + 1))).status).toBe(413)
    expect((await fetch(url, { method: 'PUT' })).status).toBe(405)
    expect((await fetch(`${url}/health`)).status).toBe(200)
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('tan_rpc_requests_total')
  })

  it('survives anything on a WebSocket', async () => {
    const random = createSeededRandom(5)
    const socket = new WebSocket(url.replace('http', 'ws'))
    await new Promise(resolve => socket.on('open', resolve))
    const words = [
      '{',
      '}',
      '[',
      ']',
      '"id"',
      ':',
      ',',
      '1',
      '"method"',
      '"eth_subscribe"',
      '"params"',
      '"logs"',
      'null',
      '{"address":5}',
    ]
    for (let i = 0; i < 500; i++)
      socket.send(
        Array.from({ length: randomBelow(random, 12) }, () => words[randomBelow(random, words.length)]).join(''),
      )
    const answer = new Promise(resolve =>
      socket.on('message', data => String(data).includes('"last"') && resolve(String(data))),
    )
    socket.send('{"jsonrpc":"2.0","id":"last","method":"net_version","params":[]}')
    expect(await answer).toContain('"result"')
    socket.terminate()
    expect((await rpc('net_version')).result).toBe('7001')
  })
})
