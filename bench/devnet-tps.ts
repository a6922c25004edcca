// Signed transfers per second through JSON-RPC on a devnet of four validators, all processes on this machine, sustained over
// a minute: sent over HTTP in small batches to all four, as fast as they are settled. Latency is from the moment a
// transfer is handed over until its block is settled, as a WebSocket client of one node sees it.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Devnet } from '@tan/cli/devnet'
import { addressOfSecretKey, type Hash, keccakHash, secureRandomBytes, toHex } from '@tan/primitives'
import { encodeTransaction, signTransaction } from '@tan/protocol'
import { WebSocket } from 'ws'

const SECONDS = 60
const WARM_UP_SECONDS = 10
const SENDERS = 400
/** transfers of one HTTP request */
const BATCH = 20
/** requests that wait for an answer of one node at a time */
const FEEDERS_OF_NODE = 4
/** transfers that are on their way at one time: enough to fill blocks, not so many that they only wait */
const IN_FLIGHT_MAX = 3_000
const GAS_PRICE = 3_000_000_000n

interface Sender {
  readonly secretKey: Uint8Array
  readonly address: Hash
  nonce: bigint
}

export const bench = {
  name: 'devnet-tps',
  description: `signed transfers through JSON-RPC on a devnet of four validators over ${SECONDS} s, and how long they take to settle`,
  async run(): Promise<{ metrics: Record<string, number>; ratios: Record<string, number> }> {
    const folder = mkdtempSync(join(tmpdir(), 'tan-tps-'))
    const devnet = await Devnet.start({
      folder,
      port: 0,
      size: { validators: 4, guardians: 4, edges: 0 },
      chainOnly: true,
      log: line => console.log(`  ${line}`),
    })
    try {
      return await measure(devnet)
    } finally {
      await devnet.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

async function measure(devnet: Devnet): Promise<{ metrics: Record<string, number>; ratios: Record<string, number> }> {
  const chainId = await call<string>(devnet.rpcUrl, 'eth_chainId', [])
  const senders = Array.from({ length: SENDERS }, (): Sender => {
    const secretKey = secureRandomBytes(32)
    return { secretKey, address: addressOfSecretKey(secretKey), nonce: 0n }
  })
  console.log(`  funding ${SENDERS} senders`)
  await fund(devnet, BigInt(chainId), senders)

  const signer = new Signer(BigInt(chainId), senders)
  const sentAtMs = new Map<Hash, number>()
  const latenciesMs: number[] = []
  let settled = 0
  let startMs = Number.POSITIVE_INFINITY
  const watcher = await watchSettled(devnet.rpcUrl, hashes => {
    const nowMs = performance.now()
    for (const hash of hashes) {
      const sent = sentAtMs.get(hash)
      if (sent === undefined) continue
      sentAtMs.delete(hash)
      if (nowMs < startMs || nowMs > startMs + SECONDS * 1_000) continue
      settled++
      latenciesMs.push(nowMs - sent)
    }
  })

  console.log(`  sending for ${WARM_UP_SECONDS} s to warm up, then for ${SECONDS} s`)
  let isOver = false
  let refused = 0
  const urls = [0, 1, 2, 3].map(i => devnet.rpcUrlOf(i))
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const feeders = urls
    .flatMap(url => Array.from({ length: FEEDERS_OF_NODE }, () => url))
    .map(async url => {
      while (!isOver) {
        if (sentAtMs.size > IN_FLIGHT_MAX) {
          await new Promise(resolve => setTimeout(resolve, 5))
          continue
        }
        const batch = await signer.take(BATCH)
        const nowMs = performance.now()
        for (const { hash } of batch) sentAtMs.set(hash, nowMs)
        refused += await sendBatch(
          agent,
          url,
          batch.map(({ encoded }) => encoded),
        )
      }
    })
  await new Promise(resolve => setTimeout(resolve, WARM_UP_SECONDS * 1_000))
  startMs = performance.now()
  await new Promise(resolve => setTimeout(resolve, SECONDS * 1_000))
  isOver = true
  await Promise.all(feeders)
  watcher.close()
  await signer.stop()
  agent.destroy()
  latenciesMs.sort((a, b) => a - b)
  const percentile = (share: number): number =>
    Math.round(latenciesMs[Math.floor(share * (latenciesMs.length - 1))] ?? 0)
  return {
    metrics: {
      settled_transfers_per_s: Math.round(settled / SECONDS),
      settle_latency_p50_ms: percentile(0.5),
      settle_latency_p99_ms: percentile(0.99),
      refused_transfers: refused,
    },
    ratios: {},
  }
}

/** Sends from the devnet's faucet through its key file, by the command that a person would use for one transfer. */
async function fund(devnet: Devnet, chainId: bigint, senders: readonly Sender[]): Promise<void> {
  const faucet = await devnet.secretKeyOf('faucet')
  const { address } = { address: addressOfSecretKey(faucet) }
  let nonce = BigInt(await call<string>(devnet.rpcUrl, 'eth_getTransactionCount', [address, 'latest']))
  const transfers = senders.map(sender => {
    const signed = signTransaction(
      {
        type: 'eip1559',
        chainId,
        nonce: nonce++,
        gasLimit: 21_000n,
        to: sender.address,
        value: 10n ** 18n,
        data: new Uint8Array(0),
        accessList: [],
        maxFeePerGas: GAS_PRICE,
        maxPriorityFeePerGas: 0n,
      },
      faucet,
    )
    return toHex(encodeTransaction(signed))
  })
  for (const transfer of transfers) await call(devnet.rpcUrl, 'eth_sendRawTransaction', [transfer])
  for (;;) {
    const count = BigInt(await call<string>(devnet.rpcUrl, 'eth_getTransactionCount', [address, 'safe']))
    if (count >= nonce) return
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

// -------------------------------------------------------------------------------------------------- JSON-RPC

async function call<T>(url: string, method: string, params: readonly unknown[]): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  const { result, error } = (await response.json()) as { result: T; error?: { message: string } }
  if (error !== undefined) throw new Error(`${method}: ${error.message}`)
  return result
}

/** How many of the batch were refused. */
function sendBatch(agent: Agent, url: string, transfers: readonly string[]): Promise<number> {
  const body = JSON.stringify(
    transfers.map((raw, id) => ({ jsonrpc: '2.0', id, method: 'eth_sendRawTransaction', params: [raw] })),
  )
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json' } }, response => {
      let text = ''
      response.on('data', chunk => {
        text += chunk
      })
      response.on('end', () =>
        resolve((JSON.parse(text) as { error?: unknown }[]).filter(one => one.error !== undefined).length),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Tells the transactions of each block as it settles. */
async function watchSettled(rpcUrl: string, onSettled: (hashes: readonly Hash[]) => void): Promise<WebSocket> {
  const socket = new WebSocket(rpcUrl.replace('http', 'ws'))
  await once(socket, 'open')
  let next = 0
  let asking = Promise.resolve()
  socket.on('message', data => {
    const { params } = JSON.parse(String(data)) as { params?: { result?: { settled?: { height: number } } } }
    const height = params?.result?.settled?.height
    if (height === undefined) return
    if (next === 0) next = height + 1
    const from = next
    next = Math.max(next, height + 1)
    asking = asking.then(async () => {
      for (let at = from; at <= height; at++) {
        const tag = `0x${at.toString(16)}`
        const block = await call<{ transactions: Hash[] }>(rpcUrl, 'eth_getBlockByNumber', [tag, false])
        onSettled(block.transactions)
      }
    })
  })
  socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params: ['tanStatus'] }))
  return socket
}

// -------------------------------------------------------------------------------------------------- signing, in a thread

interface Signed {
  readonly encoded: string
  readonly hash: Hash
}

/** Signs ahead of what is sent, so that signing does not hold up sending. */
class Signer {
  private readonly worker: Worker
  private readonly ready: Signed[] = []
  private readonly waiting: (() => void)[] = []

  constructor(chainId: bigint, senders: readonly Sender[]) {
    this.worker = new Worker(new URL(import.meta.url), { workerData: { chainId, senders } })
    this.worker.on('message', (signed: Signed[]) => {
      this.ready.push(...signed)
      for (const resume of this.waiting.splice(0)) resume()
    })
    this.worker.postMessage('more')
  }

  async take(count: number): Promise<Signed[]> {
    while (this.ready.length < count) await new Promise<void>(resolve => this.waiting.push(resolve))
    if (this.ready.length < AHEAD) this.worker.postMessage('more')
    return this.ready.splice(0, count)
  }

  async stop(): Promise<void> {
    await this.worker.terminate()
  }
}

const AHEAD = 2_000
const SIGNED_AT_ONCE = 500

if (!isMainThread) {
  const { chainId, senders } = workerData as { chainId: bigint; senders: Sender[] }
  let turn = 0
  parentPort?.on('message', () => {
    const signed: Signed[] = []
    for (let i = 0; i < SIGNED_AT_ONCE; i++) {
      const sender = senders[turn++ % senders.length]!
      const to = senders[(turn * 7) % senders.length]!.address
      const transaction = signTransaction(
        {
          type: 'eip1559',
          chainId,
          nonce: sender.nonce++,
          gasLimit: 21_000n,
          to,
          value: 1n,
          data: new Uint8Array(0),
          accessList: [],
          maxFeePerGas: GAS_PRICE,
          maxPriorityFeePerGas: 0n,
        },
        sender.secretKey,
      )
      const encoded = encodeTransaction(transaction)
      signed.push({ encoded: toHex(encoded), hash: keccakHash(encoded) })
    }
    parentPort?.postMessage(signed)
  })
}
