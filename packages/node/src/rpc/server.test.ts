import { mkdtempSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressOfSecretKey, createSeededRandom, randomBelow, toHex } from '@tan/primitives'
import { encodeTransaction, SYSTEM_ADDRESSES, signTransaction } from '@tan/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createTestChain, createTestNode, eventually } from '../devnet-for-tests.ts'
import { RPC_BATCH_MAX, RPC_REQUEST_MAX_BYTES } from '../limits.ts'
import type { Node } from '../node.ts'

const chain = createTestChain(1)
const creation = encodeTransaction(
  signTransaction(
    {
      type: 'eip1559',
      ...{ chainId: BigInt(chain.genesis.chainId), nonce: 0n, gasLimit: 1_000_000n, to: undefined, value: 0n },
      ...{ data: new Uint8Array([0]), accessList: [], maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 0n },
    },
    chain.rich,
  ),
)
let node: Node
let url: string

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tan-rpc-'))
  node = await createTestNode(chain, 0, { storeUrl: `level:${folder}`, rpc: true })
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

/** Sends a request line as it is, which HTTP clients would mend. */
function rawStatus(port: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`))
    let text = ''
    socket.on('data', chunk => {
      text += chunk.toString()
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(Number(text.split(' ')[1])))
  })
}

async function rpc(
  method: unknown,
  params: unknown = [],
): Promise<{ result?: unknown; error?: { code: number; message: string } }> {
  return JSON.parse((await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))).body)
}

describe('the JSON-RPC server', () => {
  it('survives paths that are none, and says no to them', async () => {
    const { port } = new URL(url)
    for (const path of ['//', '/\\', '//x:y', '/%', '*'])
      expect([path, await rawStatus(Number(port), path)]).toEqual([path, 405])
    expect((await rpc('eth_chainId')).result).toBeDefined()
  })

  it('does not answer another question than the one that was asked', async () => {
    const head = Number((await rpc('eth_blockNumber')).result)
    const future = { fromBlock: `0x${(head + 50).toString(16)}`, toBlock: `0x${(head + 60).toString(16)}` }
    expect((await rpc('eth_getLogs', [future])).result).toEqual([])
    const call = { to: SYSTEM_ADDRESSES.tanToken, data: '0x18160ddd' }
    const supply = (await rpc('eth_call', [call, 'latest'])).result
    expect(supply).toBeDefined()
    for (const method of ['eth_call', 'eth_estimateGas'])
      expect(
        (await rpc(method, [call, 'latest', { [SYSTEM_ADDRESSES.tanToken]: { balance: '0x1' } }])).error?.code,
      ).toBe(-32602)
    // as clients write it
    const lavish = { ...call, gas: '0xffffffff', from: null, value: null, accessList: null }
    expect((await rpc('eth_call', [lavish, 'latest', null])).result).toBe(supply)
  })

  it('tells a client the id of a subscription before it pushes to it', async () => {
    const socket = new WebSocket(url.replace('http', 'ws'))
    const heard: { id?: number; result?: string; params?: { subscription: string } }[] = []
    socket.on('message', data => heard.push(JSON.parse(data.toString())))
    socket.on('open', () => {
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params: ['tanStatus'] }))
    })
    await eventually('it was told the status', () => heard.some(({ params }) => params !== undefined))
    expect(heard[0]!.id).toBe(1)
    expect(heard[1]!.params?.subscription).toBe(heard[0]!.result)
    socket.close()
  })

  it('takes a transaction that creates a contract', async () => {
    const sent = await rpc('eth_sendRawTransaction', [toHex(creation)])
    expect(sent.error).toBeUndefined()
    const sender = addressOfSecretKey(chain.rich)
    expect((await rpc('eth_getTransactionCount', [sender, 'pending'])).result).toBe('0x1')
  })

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
      Array.from({ length: RPC_BATCH_MAX + 1 }, () => ({ jsonrpc: '2.0', id: 1, method: 'net_version' })),
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
    expect((await post('x'.repeat(RPC_REQUEST_MAX_BYTES + 1))).status).toBe(413)
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
