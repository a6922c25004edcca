// A swarm in one thread and without a clock: virtual time, links with latency and bandwidth, an origin, disks that take
// their time, and a chain that holds pools. Everything follows from a seed.
import {
  addressOfSecretKey,
  assert,
  createSeededRandom,
  type Hash,
  keccakHash,
  type Random,
  randomBelow,
  randomBytesFrom,
  toHex,
  utf8ToBytes,
  ZERO_ADDRESS,
  ZERO_HASH,
} from '@tan/primitives'
import {
  EMPTY_LOGS_BLOOM,
  type Manifest,
  PIECE_HASH_BYTES,
  type PoolProof,
  type PoolState,
  type PoolTarget,
  pieceCountOf,
  pieceRoot,
  resourceCommitment,
} from '@tan/protocol'
import { type Catalog, createCatalog, type SegmentId } from '../catalog.ts'

export const PRICE_WEI = 1_000n
const CHAIN_ID = 9
const BLOCK_MS = 1_000
/** blocks before the world begins */
const FIRST_HEIGHT = 1_000

interface Event {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

interface Pool {
  readonly state: PoolState
  readonly salt: Hash
  readonly targets: Map<string, PoolTarget>
}

export class World {
  readonly random: Random
  readonly catalog: Catalog
  /** of each segment, as its publisher made them */
  readonly hashes: ReadonlyMap<SegmentId, Uint8Array>
  readonly pools = new Map<Hash, Pool>()
  nowMs = 0
  /** sees what every peer does: for whoever replays a seed */
  trace: (who: string, what: object) => void = () => {}
  #heap: Event[] = []
  #order = 0

  constructor(seed: number, video: { readonly segments: number; readonly bytesPerMs: number }) {
    this.random = createSeededRandom(seed)
    const { manifest, hashes } = createVideo(this.random, video)
    this.catalog = createCatalog(manifest)
    this.hashes = new Map(this.catalog.renditions[0]!.segments.map((entry, i) => [entry.id, hashes[i]!]))
  }

  /** `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + randomBelow(this.random, most - least + 1)
  }

  get height(): number {
    return FIRST_HEIGHT + Math.floor(this.nowMs / BLOCK_MS)
  }

  after(delayMs: number, run: () => void): void {
    assert(delayMs >= 0, `an event ${delayMs} ms from now`)
    const event = { atMs: this.nowMs + delayMs, order: this.#order++, run }
    const heap = this.#heap
    heap.push(event)
    for (let i = heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1
      if (!isBefore(heap[i]!, heap[parent]!)) break
      ;[heap[i], heap[parent]] = [heap[parent]!, heap[i]!]
      i = parent
    }
  }

  run(untilMs: number, isDone: () => boolean): void {
    for (let event = this.#heap[0]; event !== undefined && event.atMs <= untilMs && !isDone(); event = this.#heap[0]) {
      this.#pop()
      this.nowMs = event.atMs
      event.run()
    }
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    heap[0] = last
    for (let i = 0; ; ) {
      let least = i
      for (const child of [2 * i + 1, 2 * i + 2])
        if (child < heap.length && isBefore(heap[child]!, heap[least]!)) least = child
      if (least === i) break
      ;[heap[i], heap[least]] = [heap[least]!, heap[i]!]
      i = least
    }
  }

  // ------------------------------------------------------------------------------------------------ chain

  createPool(signer: `0x${string}`, depositWei: bigint, kind: 'credit' | 'strict'): Hash {
    const poolId = keccakHash(utf8ToBytes(`pool of ${signer} ${this.pools.size}`))
    const salt = toHex(randomBytesFrom(this.random, 32))
    const state: PoolState = {
      payer: signer,
      signer,
      reserver: signer,
      resourceCommitment: resourceCommitment(this.catalog.resourceId, salt),
      deposit: depositWei,
      collateral: kind === 'credit' ? 2n * depositWei : 0n,
      paid: 0n,
      claims: 0n,
      expiryHeight: this.height + 100_000,
      status: 'open',
    }
    this.pools.set(poolId, { state, salt, targets: new Map() })
    return poolId
  }

  reserve(poolId: Hash, target: string, amountWei: bigint): boolean {
    const pool = this.pools.get(poolId)!
    const known = pool.targets.get(target) ?? { paid: 0n, reserved: 0n, nonce: 0n }
    const claims = [...pool.targets].reduce(
      (sum, [t, { reserved }]) => (t === target ? sum : sum + reserved),
      amountWei,
    )
    if (amountWei <= known.reserved || claims > pool.state.deposit) return false
    pool.targets.set(target, { ...known, reserved: amountWei, nonce: known.nonce + 1n })
    return true
  }

  target(poolId: Hash, target: string): PoolTarget {
    return this.pools.get(poolId)?.targets.get(target) ?? { paid: 0n, reserved: 0n, nonce: 0n }
  }

  /** Stands for a real proof: it names the pool and the height, and the world knows the rest. */
  proofOf(poolId: Hash): PoolProof {
    const header = { ...HEADER, height: this.height }
    const certificate = { epoch: 0, blockHash: ZERO_HASH, justifyEpoch: 0, signers: NONE, signature: NONE }
    return {
      poolId,
      header,
      settlement: {
        header,
        record: {
          epoch: 0,
          reveal: NONE,
          justify: certificate,
          epochChange: undefined,
          committeeRoot: undefined,
          poolRoot: undefined,
          finality: undefined,
        },
        certificate,
      },
      accountProof: [],
      slotProofs: [],
      salt: this.pools.get(poolId)!.salt,
    }
  }
}

const NONE = new Uint8Array(0)
const HEADER = {
  parentHash: ZERO_HASH,
  beneficiary: ZERO_ADDRESS,
  stateRoot: ZERO_HASH,
  transactionsRoot: ZERO_HASH,
  receiptsRoot: ZERO_HASH,
  logsBloom: EMPTY_LOGS_BLOOM,
  height: 0,
  gasLimit: 0,
  gasUsed: 0,
  timestampS: 0,
  recordHash: ZERO_HASH,
  mix: ZERO_HASH,
  baseFeePerGas: 0n,
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}

/** One rendition of segments of two seconds. Pieces are hashes alone: nobody in here looks at bytes. */
function createVideo(
  random: Random,
  { segments, bytesPerMs }: { readonly segments: number; readonly bytesPerMs: number },
): { manifest: Manifest; hashes: Uint8Array[] } {
  const durationMs = 2_000
  const hashes: Uint8Array[] = []
  const entries = Array.from({ length: segments }, (_, i) => {
    const sizeBytes = Math.round(bytesPerMs * durationMs * (0.7 + randomBelow(random, 60) / 100))
    hashes.push(randomBytesFrom(random, pieceCountOf(sizeBytes) * PIECE_HASH_BYTES))
    return { uri: `${i}.m4s`, offsetBytes: 0, sizeBytes, durationMs, root: pieceRoot(hashes[i]!) }
  })
  const manifest: Manifest = {
    chainId: CHAIN_ID,
    publisher: addressOfSecretKey(randomBytesFrom(random, 32)),
    title: 'a film',
    entry: '0.m4s',
    renditions: [
      {
        name: 'only',
        bandwidth: 8_000 * bytesPerMs,
        codecs: '',
        playlist: '',
        pieces: 'only.pieces',
        segments: entries,
      },
    ],
    piecePriceWei: PRICE_WEI,
    openingWei: 0n,
    licencePriceWei: 0n,
    origins: [],
    trackers: [],
    licence: '',
  }
  return { manifest, hashes }
}
