import { mkdtempSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tanBalanceSlot } from '@tan/ledger'
import {
  addressOfSecretKey,
  createSeededRandom,
  fromHex,
  type Hex,
  randomBelow,
  randomBytesFrom,
  toHex,
} from '@tan/primitives'
import {
  encodeTransaction,
  hashTransaction,
  SYSTEM_ADDRESSES,
  signTransaction,
  tanToken,
  type UnsignedTransaction,
} from '@tan/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { RPC_BATCH_MAX, RPC_REQUEST_MAX_BYTES } from '../limits.ts'
import type { Node } from '../node.ts'
import { createTestChain, createTestNode, eventually } from '../testing/devnet.ts'

type Eip1559 = Extract<UnsignedTransaction, { type: 'eip1559' }>

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
function rawStatus(port: number, path: string, rest = 'HTTP/1.1\r\nhost: localhost'): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(`GET ${path} ${rest}\r\n\r\n`))
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
): Promise<{ result?: unknown; error?: { code: number; message: string; data?: { expected?: string } } }> {
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
    const ahead = { fromBlock: `0x${(head - 1).toString(16)}`, toBlock: future.toBlock }
    // an empty answer would say that there is nothing in those blocks
    for (const range of [future, ahead]) expect((await rpc('eth_getLogs', [range])).error?.code).toBe(-32602)
    expect((await rpc('eth_getLogs', [{ fromBlock: ahead.fromBlock, toBlock: 'latest' }])).result).toEqual([])
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

  it('answers no parameters for parameters that are null or missing', async () => {
    const answer = await rpc('eth_chainId')
    for (const params of [null, undefined]) expect(await rpc('eth_chainId', params)).toEqual(answer)
    expect((await rpc('eth_chainId', [1])).error).toEqual({
      code: -32602,
      message: 'expected no parameters, not 1',
      data: { expected: 'no parameters' },
    })
  })

  it('echoes ids as they were sent, numbers to the last digit', async () => {
    const body = (id: string): string =>
      `{"params":[{"id":7}],"id":${id},"jsonrpc":"2.0","method":"eth_syncing","a":"\\\\"}`
    const answered = async (text: string): Promise<string[]> =>
      [...(await post(text)).body.matchAll(/"id":("[^"]*"|[^,]*),/g)].map(match => match[1]!)
    const ids = ['0', '7', '-1', '"a"', 'null', '9007199254740993', '123456789012345678901234567890', '1.50', '1e999']
    for (const id of ids) expect(await answered(body(id))).toEqual([id])
    expect(await answered(`[${ids.map(body).join(' , ')}]`)).toEqual(ids)
    const [one, two] = ['18446744073709551616', '18446744073709551617']
    expect(await answered(`[1,{"method":"x","id":${one}},{"id":${two}}]`)).toEqual(['null', one, two])
  })

  it('answers a slot as tools send it', async () => {
    const holder = addressOfSecretKey(chain.rich)
    const word = fromHex(tanBalanceSlot(holder))
    const full = toHex(word)
    const balance = (await rpc('eth_getStorageAt', [SYSTEM_ADDRESSES.tanToken, full, 'latest'])).result
    expect(BigInt(String(balance))).toBeGreaterThan(0n)
    const zero = `0x${'00'.repeat(32)}`
    for (const slot of ['0x0', '0x00', '0x0000', zero, `0x${'0'.repeat(63)}`])
      expect([slot, (await rpc('eth_getStorageAt', [SYSTEM_ADDRESSES.tanToken, slot, 'latest'])).result]).toEqual([
        slot,
        zero,
      ])
    for (const slot of ['0x', '0', 0, `0x${'0'.repeat(65)}`])
      expect((await rpc('eth_getStorageAt', [SYSTEM_ADDRESSES.tanToken, slot, 'latest'])).error?.code).toBe(-32602)
    const proof = (await rpc('eth_getProof', [SYSTEM_ADDRESSES.tanToken, ['0x0', full], 'latest'])).result
    expect(proof).toMatchObject({ storageProof: [{ key: '0x0', value: '0x0' }, { key: full }] })
  })

  it('takes any block tag of EIP-1898', async () => {
    const found = (await rpc('eth_getBlockByNumber', ['0x1'])).result as { hash: string }
    const account = addressOfSecretKey(chain.rich)
    for (const tag of [
      'earliest',
      'latest',
      'pending',
      'safe',
      'finalized',
      { blockNumber: '0x1' },
      { blockHash: found.hash },
      { blockHash: found.hash, requireCanonical: true },
    ])
      expect((await rpc('eth_getBalance', [account, tag])).result).toMatch(/^0x/)
    const fields = { blockHash: found.hash, blockNumber: '0x1' }
    for (const tag of [{}, fields, { blockHash: found.hash, requireCanonical: 1 }, { blockHash: '0x1' }])
      expect((await rpc('eth_getBalance', [account, tag])).error?.code).toBe(-32602)
  })

  it('takes an empty list in a filter for anything', async () => {
    const all = (await rpc('eth_getLogs', [{ fromBlock: '0x0' }])).result
    for (const filter of [{ topics: [[]] }, { topics: [] }, { topics: [null] }, { address: [] }, { address: null }])
      expect((await rpc('eth_getLogs', [{ fromBlock: '0x0', ...filter }])).result).toEqual(all)
    const found = (await rpc('eth_getBlockByNumber', ['0x1'])).result as { hash: string }
    expect((await rpc('eth_getLogs', [{ blockHash: found.hash, fromBlock: '0x0' }])).error?.code).toBe(-32602)
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

  it('says which parameter is wrong, and what was expected', async () => {
    const account = addressOfSecretKey(chain.rich)
    for (const [method, params, index, name] of [
      ['eth_getBalance', ['0x12'], 0, 'address'],
      ['eth_getBalance', [account, 'yesterday'], 1, 'block'],
      ['eth_getBalance', [account, { blockHash: '0x12' }], 1, 'block.blockHash'],
      ['eth_getStorageAt', [account], 1, 'slot'],
      ['eth_call', [{ to: account, value: '12' }], 0, 'transaction.value'],
      [
        'eth_call',
        [{ accessList: [{ address: account, storageKeys: ['x'] }] }],
        0,
        'transaction.accessList[0].storageKeys[0]',
      ],
      ['eth_call', [{ to: account }, 'latest', {}], 2, 'stateOverrides'],
      ['eth_call', [{ input: '0x01', data: '0x02' }], 0, 'transaction'],
      ['eth_getLogs', [{ topics: [null, ['0x12']] }], 0, 'filter.topics[1][0]'],
      ['eth_getBlockByNumber', ['latest', 'yes'], 1, 'fullTransactions'],
      ['eth_feeHistory', ['0x1', 'latest', [101]], 2, 'percentiles[0]'],
      ['eth_sendRawTransaction', [null], 0, 'transaction'],
      ['tan_poolTarget', [`0x${'11'.repeat(32)}`, 7], 1, 'target'],
    ] as const) {
      const { error } = await rpc(method, params)
      expect(error).toMatchObject({ code: -32602, data: { index, name } })
      expect(error?.message).toContain(`parameter ${index} (${name}): expected ${error?.data?.expected}`)
    }
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

  it('lets in a probe of HTTP/1.0 that names no host, and no page by it', async () => {
    const port = Number(new URL(url).port)
    expect(await rawStatus(port, '/health', 'HTTP/1.0')).toBe(200)
    expect(await rawStatus(port, '/health', 'HTTP/1.0\r\norigin: https://evil.example')).toBe(403)
    expect(await rawStatus(port, '/health', 'HTTP/1.1')).toBe(400)
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

  it('refuses transactions in the words that wallets look for', async () => {
    const sender = addressOfSecretKey(chain.rich)
    // other tests send from this account too
    await eventually('nothing of it waits', async () => node.mempool.ofAccount(sender).length === 0)
    const next = BigInt((await rpc('eth_getTransactionCount', [sender, 'safe'])).result as Hex)
    const broke = randomBytesFrom(createSeededRandom(9), 32)
    const signed = (fields: Partial<Eip1559> = {}, secretKey = chain.rich): string =>
      toHex(
        encodeTransaction(
          signTransaction(
            {
              type: 'eip1559',
              ...{ chainId: BigInt(chain.genesis.chainId), nonce: next + 1n, gasLimit: 21_000n, to: sender, value: 1n },
              ...{ data: new Uint8Array(0), accessList: [], maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 0n },
              ...fields,
            },
            secretKey,
          ),
        ),
      )
    const send = (transaction: string) => rpc('eth_sendRawTransaction', [transaction])
    // behind a gap: it waits
    expect((await send(signed())).result).toMatch(/^0x/)
    const refused = async (words: string, transaction: string): Promise<void> => {
      const { error } = await send(transaction)
      expect([error?.message.split(':')[0], error?.code]).toEqual([words, -32000])
    }
    await refused('already known', signed())
    await refused('replacement transaction underpriced', signed({ value: 2n }))
    await refused('nonce too high', signed({ nonce: next + 5_000n }))
    await refused('insufficient funds for gas * price + value', signed({}, broke))
    await refused('insufficient funds for gas * price + value', signed({ value: 10n ** 40n }))
    await refused('intrinsic gas too low', signed({ gasLimit: 20_999n }))
    await refused('transaction gas limit too high', signed({ gasLimit: 2n ** 40n }))
    await refused('transaction underpriced', signed({ maxFeePerGas: 1n }))
    await refused('max priority fee per gas higher than max fee per gas', signed({ maxPriorityFeePerGas: 10n ** 13n }))
    await refused('invalid chain id for signer', signed({ chainId: 1n }))
    expect((await send(signed({ nonce: next }))).result).toMatch(/^0x/)
    await eventually('both are settled', async () => {
      const { state } = node.chain.settled
      return (await node.chain.states.run(() => state.account(sender)))?.nonce === next + 2n
    })
    await refused('nonce too low', signed({ value: 3n }))
    const receipt = (await rpc('eth_getTransactionReceipt', [hashTransaction(fromHex(signed() as Hex))])).result
    expect(receipt).toMatchObject({ from: sender, to: sender, status: '0x1', contractAddress: null })
  })

  it('answers a revert with code 3 and the bytes of the error', async () => {
    const from = addressOfSecretKey(randomBytesFrom(createSeededRandom(9), 32))
    const data = toHex(tanToken.encodeCall('transfer', { to: SYSTEM_ADDRESSES.treasury, amount: 5n }))
    for (const method of ['eth_call', 'eth_estimateGas']) {
      const { error } = await rpc(method, [{ from, to: SYSTEM_ADDRESSES.tanToken, data }, 'latest'])
      expect(error).toMatchObject({
        code: 3,
        message: expect.stringMatching(/^execution reverted: InsufficientBalance/),
      })
      expect(error?.data).toMatch(/^0x[0-9a-f]{200}$/)
    }
    const { error } = await rpc('eth_call', [{ from, to: SYSTEM_ADDRESSES.tanToken, data: '0x12345678' }])
    expect(error).toMatchObject({ code: 3, message: 'execution reverted', data: '0x' })
  })
})
