// The chain as payers and payees of pools need it, over JSON-RPC of a node that they trust to answer. What other peers
// claim about the chain is checked elsewhere (pool-verifier.ts).
import { type ProvenPool, type Redemption, rejectPayment } from '@tan/payments'
import {
  type Address,
  accepted,
  addressOfSecretKey,
  decode,
  fromHex,
  type Hash,
  type Result,
  reasonOf,
  rejected,
  signatureToBytes,
  signDigest,
} from '@tan/primitives'
import {
  headerCodec,
  type PoolProof,
  type PoolState,
  type PoolTarget,
  type PoolTerms,
  paymentPools,
  poolIdOf,
  poolNumberSlot,
  reserveDigest,
  settlementProofCodec,
} from '@tan/protocol'
import { hexOf, hexUpTo, integerFrom, list, literal, object, wei } from '@tan/protocol/tracker/shape'
import type { Timers } from '../ports.ts'
import { encodeRedeem } from './abi.ts'
import {
  baseFeeWei,
  ChainError,
  type PreparedTransaction,
  prepareTransaction,
  quantity,
  type Rpc,
  repriceTransaction,
  type SettledTransaction,
  settleTransaction,
} from './rpc.ts'
import { parseTrustAnchor, type TrustAnchor } from './trust-anchor.ts'

/** A pool that is about to be made: all that must be on disk before its transaction is sent. */
export interface PreparedPool {
  readonly poolId: Hash
  readonly transaction: PreparedTransaction
}

export interface PoolChain {
  readonly chainId: number
  /** height of the newest settled block */
  settledHeight(): Promise<number>
  finalizedHeight(): Promise<number>
  /** blocks after a pool's expiry in which payees can still redeem */
  redeemGraceBlocks(): Promise<number>
  balanceWei(address: Address): Promise<bigint>
  /** TANGam wei per gas, in the newest block */
  baseFeeWei(): Promise<bigint>
  pool(poolId: Hash): Promise<PoolState | undefined>
  target(poolId: Hash, target: Address): Promise<PoolTarget>
  /** for a peer that knows nothing but the committee */
  proof(poolId: Hash, target: Address, salt: Hash): Promise<PoolProof>
  prepareCreate(terms: PoolTerms, secretKey: Uint8Array): Promise<PreparedPool>
  prepareRedeem(redemptions: readonly Redemption[], secretKey: Uint8Array): Promise<PreparedTransaction>
  /** Of the payer's own pool (spec P-CLOSE). Throws `rpc/error` while its grace has not run out. */
  prepareClose(poolId: Hash, secretKey: Uint8Array): Promise<PreparedTransaction>
  /** Signs a reservation with the reserver's key, and settles it from the same account (spec P-RESERVE). */
  reserve(poolId: Hash, target: Address, amountWei: bigint, secretKey: Uint8Array): Promise<void>
  /** The same transaction with higher fees, if its own are no longer enough: at most one of the two is ever settled. */
  repriced(transaction: PreparedTransaction, secretKey: Uint8Array): Promise<PreparedTransaction>
  /** Sends it until it is settled. */
  settle(transaction: PreparedTransaction): Promise<SettledTransaction>
}

const hash = hexOf(32)
const height = integerFrom(0, Number.MAX_SAFE_INTEGER)
const poolShape = object({
  payer: hexOf(20),
  signer: hexOf(20),
  reserver: hexOf(20),
  resourceCommitment: hash,
  deposit: wei(),
  collateral: wei(),
  paid: wei(),
  claims: wei(),
  expiryHeight: height,
  status: literal('none', 'open', 'frozen', 'closed'),
})
const targetShape = object({ paid: wei(), reserved: wei(), nonce: wei() })
const path = list(hexUpTo(1_024), 65)
const proofShape = object({
  header: hexUpTo(4_096),
  settlement: hexUpTo(128 * 1024),
  accountProof: path,
  slotProofs: list(path, 7),
})
const chainInfoShape = object({ parameters: object({ redeemGraceBlocks: height }) })
const statusShape = object({ settled: object({ height }), finalized: object({ height }) })

/** Throws `rpc/answer` for answers of the wrong shape. */
function shaped<T>(shape: (value: unknown, path: string) => T, value: unknown, what: string): T {
  try {
    return shape(value, what)
  } catch (cause) {
    throw new ChainError('rpc/answer', reasonOf(cause).message, { cause })
  }
}

/** Asks a node that is trusted for what a light client starts from: for devnets, and for tools of the node's operator. */
export async function fetchTrustAnchor(rpc: Rpc): Promise<TrustAnchor> {
  return parseTrustAnchor(await rpc.call('tan_anchor', []))
}

export function createPoolChain(rpc: Rpc, chainId: number, timers: Timers): PoolChain {
  const pools = paymentPools.address
  const status = async () => shaped(statusShape, await rpc.call('tan_status', []), 'status')
  const target = async (poolId: Hash, payee: Address): Promise<PoolTarget> =>
    shaped(targetShape, await rpc.call('tan_poolTarget', [poolId, payee]), 'target')
  /** a parameter of the chain: it stays */
  let graceBlocks: number | undefined
  const settle = (transaction: PreparedTransaction) => settleTransaction(rpc, transaction, timers)

  return {
    chainId,
    settledHeight: async () => (await status()).settled.height,
    finalizedHeight: async () => (await status()).finalized.height,
    async redeemGraceBlocks() {
      graceBlocks ??= shaped(chainInfoShape, await rpc.call('tan_chainInfo', []), 'chain').parameters.redeemGraceBlocks
      return graceBlocks
    },
    balanceWei: async address => quantity(await rpc.call('eth_getBalance', [address, 'latest']), 'a balance'),
    baseFeeWei: () => baseFeeWei(rpc),
    async pool(poolId) {
      const found = await rpc.call('tan_pool', [poolId])
      return found === null ? undefined : shaped(poolShape, found, 'pool')
    },
    target,
    async proof(poolId, payee, salt) {
      const found = shaped(proofShape, await rpc.call('tan_poolProof', [poolId, payee]), 'proof')
      return {
        poolId,
        header: decode(headerCodec, fromHex(found.header)),
        settlement: decode(settlementProofCodec, fromHex(found.settlement)),
        accountProof: found.accountProof.map(fromHex),
        slotProofs: found.slotProofs.map(nodes => nodes.map(fromHex)),
        salt,
      }
    },
    async prepareCreate(terms, secretKey) {
      // spec P-CREATE: the id is known before the transaction is mined
      const payer = addressOfSecretKey(secretKey)
      const number = quantity(
        await rpc.call('eth_getStorageAt', [pools, poolNumberSlot(payer), 'latest']),
        'the number of pools',
      )
      const poolId = poolIdOf(chainId, payer, number, terms)
      const call = { to: pools, valueWei: terms.deposit + terms.collateral, data: encodeCreate(terms) }
      return { poolId, transaction: await prepareTransaction(rpc, chainId, secretKey, call) }
    },
    prepareRedeem: (redemptions, secretKey) =>
      prepareTransaction(rpc, chainId, secretKey, { to: pools, valueWei: 0n, data: encodeRedeem(redemptions) }),
    prepareClose: (poolId, secretKey) =>
      prepareTransaction(rpc, chainId, secretKey, {
        to: pools,
        valueWei: 0n,
        data: paymentPools.encodeCall('close', { poolId }),
      }),
    async reserve(poolId, payee, amountWei, secretKey) {
      const nonce = (await target(poolId, payee)).nonce + 1n
      const digest = reserveDigest(chainId, { poolId, target: payee, amount: amountWei, nonce })
      const signature = signatureToBytes(signDigest(digest, secretKey))
      const reserve = { poolId, target: payee, amount: amountWei, nonce, signature }
      const call = { to: pools, valueWei: 0n, data: paymentPools.encodeCall('reserve', reserve) }
      await settle(await prepareTransaction(rpc, chainId, secretKey, call))
    },
    repriced: (transaction, secretKey) => repriceTransaction(rpc, transaction, secretKey),
    settle,
  }
}

function encodeCreate(terms: PoolTerms): Uint8Array {
  return paymentPools.encodeCall('createPool', { ...terms, durationBlocks: BigInt(terms.durationBlocks) })
}

/** What the node itself says of a pool that pays us: no proof is needed of one's own node. */
export async function askPool(chain: PoolChain, poolId: Hash, self: Address): Promise<Result<ProvenPool>> {
  const [found, target, height] = await Promise.all([
    chain.pool(poolId),
    chain.target(poolId, self),
    chain.settledHeight(),
  ])
  if (found === undefined) return rejected(rejectPayment('payment/pool', `there is no pool ${poolId}`))
  return accepted({ poolId, pool: found, target, height })
}
