// What simulated swarms need of a chain: a height, payment pools, and proofs of them that stand for real ones.
import { type Address, type Hash, keccakHash, toHex, utf8ToBytes, ZERO_ADDRESS, ZERO_HASH } from '@tan/primitives'
import { EMPTY_LOGS_BLOOM, type PoolProof, type PoolState, type PoolTarget, resourceCommitment } from '@tan/protocol'

interface Pool {
  readonly state: PoolState
  readonly salt: Hash
  readonly targets: Map<Address, PoolTarget>
}

const NO_TARGET: PoolTarget = { paid: 0n, reserved: 0n, nonce: 0n }
const POOL_BLOCKS = 100_000

export class Pools {
  readonly #pools = new Map<Hash, Pool>()
  readonly #height: () => number

  constructor(height: () => number) {
    this.#height = height
  }

  create(signer: Address, resourceId: Hash, salt: Uint8Array, depositWei: bigint, kind: 'credit' | 'strict'): Hash {
    const poolId = keccakHash(utf8ToBytes(`pool of ${signer} ${this.#pools.size}`))
    const state: PoolState = {
      payer: signer,
      signer,
      reserver: signer,
      resourceCommitment: resourceCommitment(resourceId, toHex(salt)),
      deposit: depositWei,
      collateral: kind === 'credit' ? 2n * depositWei : 0n,
      paid: 0n,
      claims: 0n,
      expiryHeight: this.#height() + POOL_BLOCKS,
      status: 'open',
    }
    this.#pools.set(poolId, { state, salt: toHex(salt), targets: new Map() })
    return poolId
  }

  state(poolId: Hash): PoolState | undefined {
    return this.#pools.get(poolId)?.state
  }

  target(poolId: Hash, target: Address): PoolTarget {
    return this.#pools.get(poolId)?.targets.get(target) ?? NO_TARGET
  }

  reserve(poolId: Hash, target: Address, amountWei: bigint): boolean {
    const { targets, state } = this.#pools.get(poolId)!
    const known = this.target(poolId, target)
    const claims = [...targets].reduce((sum, [t, { reserved }]) => (t === target ? sum : sum + reserved), amountWei)
    if (amountWei <= known.reserved || claims > state.deposit) return false
    targets.set(target, { ...known, reserved: amountWei, nonce: known.nonce + 1n })
    return true
  }

  /** Stands for a real proof: it names the pool and the height, and the rest is looked up here. */
  proof(poolId: Hash): PoolProof {
    const header = { ...HEADER, height: this.#height() }
    const { salt } = this.#pools.get(poolId)!
    return { poolId, header, settlement: { ...SETTLEMENT, header }, accountProof: [], slotProofs: [], salt }
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
const CERTIFICATE = { epoch: 0, blockHash: ZERO_HASH, justifyEpoch: 0, signers: NONE, signature: NONE }
const SETTLEMENT = {
  certificate: CERTIFICATE,
  record: {
    epoch: 0,
    reveal: NONE,
    justify: CERTIFICATE,
    epochChange: undefined,
    committeeRoot: undefined,
    poolRoot: undefined,
    finality: undefined,
  },
}
