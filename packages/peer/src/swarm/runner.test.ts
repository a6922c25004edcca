import { createCatalog } from '@tan/delivery'
import {
  type Address,
  addressOfSecretKey,
  createSeededRandom,
  type Hash,
  randomBytesFrom,
  sha256,
  signatureToBytes,
  signDigest,
  silentLogger,
  toHex,
} from '@tan/primitives'
import {
  createHashChain,
  decodeSwarmMessage,
  encodeSwarmMessage,
  handshakeDigest,
  type Manifest,
  PIECE_SIZE_BYTES,
  type PoolProof,
  pieceRoot,
  resourceCommitment,
  type SwarmMessage,
  type SwarmMessageOf,
  signVoucher,
} from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { CHANNEL_BUFFER_MAX_BYTES, CHANNEL_UNREAD_MAX_BYTES } from '../limits.ts'
import type { Channel, ChannelEvents } from '../ports.ts'
import { SwarmRunner } from './runner.ts'

const PIECES = 40
const PRICE_WEI = 10n
const random = createSeededRandom(12)
const edgeKey = randomBytesFrom(random, 32)
const viewerKey = randomBytesFrom(random, 32)
const edge = addressOfSecretKey(edgeKey)
const viewer = addressOfSecretKey(viewerKey)
const piece = new Uint8Array(PIECE_SIZE_BYTES)
const hashes = new Uint8Array(Array.from({ length: PIECES }, () => [...sha256(piece)]).flat())
const NEAR = new Uint8Array(32).fill(1)
const FAR = new Uint8Array(32).fill(2)
const poolId: Hash = `0x${'cc'.repeat(32)}`
const salt: Hash = `0x${'bb'.repeat(32)}`

const manifest: Manifest = {
  chainId: 5,
  publisher: edge,
  title: 'a film',
  entry: '0.m4s',
  renditions: [
    {
      name: 'only',
      bandwidth: 1,
      codecs: '',
      playlist: '',
      pieces: 'only.pieces',
      segments: [
        {
          uri: '0.m4s',
          offsetBytes: 0,
          sizeBytes: PIECES * PIECE_SIZE_BYTES,
          durationMs: 4_000,
          root: pieceRoot(hashes),
        },
      ],
    },
  ],
  piecePriceWei: PRICE_WEI,
  openingWei: 0n,
  licencePriceWei: 0n,
  origins: [],
  trackers: [],
  licence: '',
}
const catalog = createCatalog(manifest)

const proven = {
  poolId,
  pool: {
    payer: viewer,
    signer: viewer,
    reserver: viewer,
    resourceCommitment: resourceCommitment(catalog.resourceId, salt),
    deposit: 1_000_000n,
    collateral: 2_000_000n,
    paid: 0n,
    claims: 0n,
    expiryHeight: 10_000,
    status: 'open' as const,
  },
  target: { paid: 0n, reserved: 0n, nonce: 0n },
  height: 100,
}

/** The runner of an edge that holds the whole film; what it reads and stores is done at once. */
function createEdge(): { readonly runner: SwarmRunner; tick(ms: number): Promise<void> } {
  let nowMs = 0
  const timers: (() => void)[] = []
  const runner = new SwarmRunner({
    catalog,
    swarm: {
      identity: { address: edge, sign: digest => signDigest(digest, edgeKey) },
      random,
      serves: true,
      payee: {
        piecePriceWei: PRICE_WEI,
        openingWei: 0n,
        unredeemedMaxWei: 1_000_000n,
        expiryMarginBlocks: 1,
        announcesClaims: false,
      },
      signVoucher: voucher => signVoucher(manifest.chainId, voucher, edgeKey),
    },
    origin: {} as never,
    pieces: { keep: () => {}, complete: () => {}, forget: () => {}, read: async () => piece },
    sha256: async bytes => sha256(bytes),
    clock: { nowMs: () => nowMs },
    timers: {
      after: (_ms, run) => {
        timers.push(run)
        return () => {}
      },
    },
    logger: silentLogger,
    savePayments: async () => {},
    saveEarnings: async () => {},
    provePool: () => Promise.reject(new Error('it pays nobody')),
    verifyPool: () => ({ ok: true, value: proven }),
    reserve: async () => {},
    claim: () => {},
    events: {},
  })
  runner.dispatch({ type: 'held', rendition: 0, segment: 0, hashes })
  return {
    runner,
    async tick(ms) {
      nowMs += ms
      for (const run of timers.splice(0)) run()
      await settled()
    },
  }
}

/** All that was promised at once has been done. */
const settled = async () => {
  for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve))
}

/** The viewer's end: it takes from the channel when it likes. */
class Taker {
  readonly received: SwarmMessage[] = []
  pieces = 0
  readonly #inside: Uint8Array[] = []
  #events: ChannelEvents | undefined

  constructor(runner: SwarmRunner) {
    const taker = this
    const channel: Channel = {
      binding: { local: NEAR, remote: FAR },
      get bufferedBytes() {
        return taker.bufferedBytes
      },
      send: bytes => this.#inside.push(bytes),
      close: () => {},
      listen: events => {
        this.#events = events
      },
    }
    runner.add(channel, undefined)
  }

  get bufferedBytes(): number {
    return this.#inside.reduce((sum, bytes) => sum + bytes.length, 0)
  }

  say(message: SwarmMessage): void {
    this.#events!.message(encodeSwarmMessage(message))
  }

  /** Takes all that is in the channel, whose owner is told that it drained, or is not. */
  take(isTold: boolean): void {
    for (const bytes of this.#inside.splice(0)) {
      const message = decodeSwarmMessage(bytes)
      if (message.type === 'piece') this.pieces++
      else this.received.push(message)
    }
    if (isTold) this.#events!.drained()
  }

  hangUp(): void {
    this.#events!.closed()
  }

  heard<T extends SwarmMessage['type']>(type: T): SwarmMessageOf<T> | undefined {
    return this.received.findLast((message): message is SwarmMessageOf<T> => message.type === type)
  }

  /** Says who it is, and shows its pool. */
  async begin(): Promise<void> {
    const own = {
      type: 'hello' as const,
      version: 1,
      resourceId: catalog.resourceId,
      address: viewer as Address,
      nonce: randomBytesFrom(random, 32),
    }
    this.say(own)
    this.take(true)
    const digest = handshakeDigest(own, this.heard('hello')!, { local: FAR, remote: NEAR })
    this.say({ type: 'auth', signature: signatureToBytes(signDigest(digest, viewerKey)) })
    this.say({ type: 'pool', proof: { poolId, salt, ...NO_PROOF } as unknown as PoolProof })
    await settled()
    this.take(true)
  }
}

/** The edge believes any proof; it must be one that can be encoded. */
const NONE = new Uint8Array(0)
const ZERO = `0x${'00'.repeat(32)}` as const
const HEADER = {
  parentHash: ZERO,
  beneficiary: `0x${'00'.repeat(20)}`,
  stateRoot: ZERO,
  transactionsRoot: ZERO,
  receiptsRoot: ZERO,
  logsBloom: new Uint8Array(256),
  height: 100,
  gasLimit: 0,
  gasUsed: 0,
  timestampS: 0,
  recordHash: ZERO,
  mix: ZERO,
  baseFeePerGas: 0n,
}
const CERTIFICATE = { epoch: 0, blockHash: ZERO, justifyEpoch: 0, signers: NONE, signature: NONE }
const NO_PROOF = {
  header: HEADER,
  settlement: {
    header: HEADER,
    record: {
      epoch: 0,
      reveal: NONE,
      justify: CERTIFICATE,
      epochChange: undefined,
      committeeRoot: undefined,
      poolRoot: undefined,
      finality: undefined,
    },
    certificate: CERTIFICATE,
  },
  accountProof: [],
  slotProofs: [],
}

describe('pieces that a viewer takes', () => {
  const binding = { poolId, target: edge, targetSettlementSequence: 1n }
  const chain = createHashChain(randomBytesFrom(random, 32), 64, binding)

  function pay(taker: Taker, units: number, amount = 0n): void {
    const terms = { ...binding, amount, chainAnchor: toHex(chain[0]!), chainLength: 64, unit: PRICE_WEI }
    taker.say({ type: 'voucher', voucher: signVoucher(manifest.chainId, terms, viewerKey) })
    taker.say({ type: 'preimage', index: units, preimage: chain[units]! })
  }

  it('are paid, though it hangs up before its channel has drained', async () => {
    const { runner, tick } = createEdge()
    let taken = 0
    let next = 0
    for (let connection = 0; connection < 4; connection++) {
      const taker = new Taker(runner)
      await taker.begin()
      if (connection === 0) pay(taker, 7)
      // answers that cost nothing crowd the channel first
      for (let i = 0; i < 20 && taker.bufferedBytes <= CHANNEL_BUFFER_MAX_BYTES; i++) {
        for (let k = 0; k < 60; k++) taker.say({ type: 'hashes-request', rendition: 0, segment: 0 })
        await tick(100)
      }
      for (let i = 0; i < 8; i++) taker.say({ type: 'request', rendition: 0, segment: 0, piece: next++ % PIECES })
      await settled()
      taker.take(false)
      taken += taker.pieces
      taker.hangUp()
      await tick(1_000)
    }
    expect(taken).toBe(8)
    const again = new Taker(runner)
    await again.begin()
    expect(again.heard('pool-accepted')?.chargedWei).toBe(8n * PRICE_WEI)
  })

  it('wait while its channel is crowded, and go on once it has drained', async () => {
    const { runner, tick } = createEdge()
    const taker = new Taker(runner)
    await taker.begin()
    pay(taker, 20, 20n * PRICE_WEI)
    for (let i = 0; i < 32; i++) taker.say({ type: 'request', rendition: 0, segment: 0, piece: i })
    await settled()
    const held = taker.bufferedBytes
    expect(held).toBeGreaterThan(CHANNEL_BUFFER_MAX_BYTES)
    expect(held).toBeLessThan(CHANNEL_BUFFER_MAX_BYTES + 10 * PIECE_SIZE_BYTES)
    taker.take(true)
    await tick(100)
    taker.take(true)
    expect(taker.pieces).toBe(32)
  })
})

describe('a peer that reads nothing', () => {
  it('is left before what waits for it fills the memory', async () => {
    const { runner, tick } = createEdge()
    const taker = new Taker(runner)
    await taker.begin()
    for (let i = 0; i < 400 && runner.connections > 0; i++) {
      for (let k = 0; k < 60; k++) taker.say({ type: 'hashes-request', rendition: 0, segment: 0 })
      await tick(1_000)
    }
    expect(runner.connections).toBe(0)
    expect(taker.bufferedBytes).toBeGreaterThan(CHANNEL_UNREAD_MAX_BYTES)
    expect(taker.bufferedBytes).toBeLessThan(CHANNEL_UNREAD_MAX_BYTES + 10_000)
  })
})
