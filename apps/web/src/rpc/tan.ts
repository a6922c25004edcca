// The node's own methods (`tan_*`) as typed functions. Each answer is checked before a page sees it.
import type { Address, Hash } from '@tan/primitives'
import {
  flag,
  hexOf,
  hexUpTo,
  integerFrom,
  list,
  literal,
  object,
  optional,
  type Shape,
  type ShapeValue,
  text,
  wei,
} from '@tan/protocol/tracker/shape'
import {
  COMMITTEE_MEMBERS_MAX,
  FINALITY_CERTIFICATE_MAX_BYTES,
  GUARDIANS_SHOWN_MAX,
  POOLS_SHOWN_MAX,
} from '../limits.ts'
import type { RpcLink } from './link.ts'

const address = hexOf(20)
const hash = hexOf(32)
const count = integerFrom(0, Number.MAX_SAFE_INTEGER)
const point = object({ height: count, hash })

/** A JSON-RPC quantity, decimal digits, or an exact JSON number. */
const amount: Shape<bigint> = (value, path) => {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  if (typeof value === 'string' && /^0x[\da-f]{1,64}$/i.test(value)) return BigInt(value)
  return wei()(value, path)
}
const quantity: Shape<number> = (value, path) => count(Number(amount(value, path)), path)

const chainInfo = object({
  chainId: count,
  name: text(256),
  genesisHash: hash,
  isDevnet: flag(),
  parameters: object({
    checkpointInterval: integerFrom(1, 2 ** 32),
    blockIntervalMs: count,
    collateralMinPercent: count,
    redeemGraceBlocks: count,
    poolDurationBlocksMax: count,
    guardianStakeMinWei: amount,
    validatorStakeMinWei: amount,
  }),
})

const status = object({
  epoch: count,
  leader: address,
  head: point,
  settled: point,
  finalized: point,
  /** of the checkpoint that guardians vote on now, or voted on last */
  finality: object({ height: count, ballot: count, preparePower: count, commitPower: count, totalPower: count }),
  peers: count,
  mempool: object({ transactions: count, bytes: count }),
})

const member = object({ address, blsPublicKey: hexOf(48), power: count, isLeader: flag() })
const guardian = object({ address, blsPublicKey: hexOf(48), power: count, isValidator: flag() })

const blockAnswer = object({
  /** with Ethereum's field names */
  header: object({
    height: count,
    hash,
    parentHash: hash,
    miner: address,
    stateRoot: hash,
    transactionsRoot: hash,
    receiptsRoot: hash,
    timestamp: quantity,
    gasUsed: quantity,
    gasLimit: quantity,
    baseFeePerGas: amount,
    extraData: hash,
    mixHash: hash,
  }),
  record: object({
    epoch: count,
    justifyEpoch: count,
    /** the newest finality certificate that this block carries */
    finality: optional(object({ height: count, hash, round: count, signers: count, of: count })),
  }),
  status: literal('head', 'settled', 'finalized'),
  /** how many */
  transactions: count,
  /** the certificate of its votes, if the next block carries it */
  certificate: optional(object({ epoch: count, signers: count, of: count })),
})

const finalityCertificate = object({
  height: count,
  hash,
  round: count,
  signers: count,
  of: count,
  /** in the form that @tan/protocol decodes */
  encoded: hexUpTo(FINALITY_CERTIFICATE_MAX_BYTES),
})

const pool = object({
  poolId: hash,
  payer: address,
  signer: address,
  reserver: address,
  resourceCommitment: hash,
  deposit: amount,
  collateral: amount,
  paid: amount,
  /** over targets, of what each was paid or has reserved */
  claims: amount,
  expiryHeight: quantity,
  status: literal('open', 'frozen', 'closed'),
})

export type ChainInfo = ShapeValue<typeof chainInfo>
export type ChainStatus = ShapeValue<typeof status>
export type CommitteeMember = ShapeValue<typeof member>
export type Guardian = ShapeValue<typeof guardian>
type BlockAnswer = ShapeValue<typeof blockAnswer>
export type FinalityCertificateInfo = ShapeValue<typeof finalityCertificate>
export type TanPool = ShapeValue<typeof pool>
export type Certainty = BlockAnswer['status']

/** A block in the form that pages show. Its certainty changes with time: see `certaintyOf`. */
export interface TanBlock {
  readonly height: number
  readonly hash: Hash
  readonly parentHash: Hash
  readonly proposer: Address
  readonly stateRoot: Hash
  readonly transactionsRoot: Hash
  readonly receiptsRoot: Hash
  readonly timestampS: number
  readonly gasUsed: number
  readonly gasLimit: number
  readonly baseFeeWei: bigint
  readonly recordHash: Hash
  readonly mix: Hash
  readonly record: BlockAnswer['record']
  /** how many */
  readonly transactions: number
  readonly certificate: BlockAnswer['certificate']
}

async function ask<T>(link: RpcLink, shape: Shape<T>, method: string, ...params: unknown[]): Promise<T> {
  return shape(await link.request({ method, params }), method)
}

export function getChainInfo(link: RpcLink): Promise<ChainInfo> {
  return ask(link, chainInfo, 'tan_chainInfo')
}

export function getStatus(link: RpcLink): Promise<ChainStatus> {
  return ask(link, status, 'tan_status')
}

/** Calls back with each new status; drops malformed events. */
export function watchStatus(link: RpcLink, onStatus: (status: ChainStatus) => void): () => void {
  return link.subscribe(['tanStatus'], event => {
    const value = checked(status, event, 'tanStatus')
    if (value !== undefined) onStatus(value)
  })
}

/** Calls back with the hash of each new head. */
export function watchHeads(link: RpcLink, onHead: (hash: Hash) => void): () => void {
  const head = object({ hash })
  return link.subscribe(['newHeads'], event => {
    const value = checked(head, event, 'newHeads')
    if (value !== undefined) onHead(value.hash)
  })
}

export function getCommittee(link: RpcLink): Promise<readonly CommitteeMember[]> {
  return ask(link, list(member, COMMITTEE_MEMBERS_MAX), 'tan_committee')
}

export function getGuardians(link: RpcLink): Promise<readonly Guardian[]> {
  return ask(link, list(guardian, GUARDIANS_SHOWN_MAX), 'tan_guardians')
}

/** Undefined if the node does not have the block. */
export async function getTanBlock(link: RpcLink, hashOrHeight: Hash | number): Promise<TanBlock | undefined> {
  const answer = await ask(link, optional(blockAnswer), 'tan_block', blockTag(hashOrHeight))
  if (answer === undefined) return undefined
  const { header, record, transactions, certificate } = answer
  return {
    height: header.height,
    hash: header.hash,
    parentHash: header.parentHash,
    proposer: header.miner,
    stateRoot: header.stateRoot,
    transactionsRoot: header.transactionsRoot,
    receiptsRoot: header.receiptsRoot,
    timestampS: header.timestamp,
    gasUsed: header.gasUsed,
    gasLimit: header.gasLimit,
    baseFeeWei: header.baseFeePerGas,
    recordHash: header.extraData,
    mix: header.mixHash,
    record,
    transactions,
    certificate,
  }
}

/** The certificate of the checkpoint at this height; undefined if guardians skipped it or have not reached it. */
export function getFinalityCertificate(link: RpcLink, height: number): Promise<FinalityCertificateInfo | undefined> {
  return ask(link, optional(finalityCertificate), 'tan_finalityCertificate', height)
}

/** The node's own trust anchor for light clients: better than nothing if there is no other. */
export function getAnchor(link: RpcLink): Promise<unknown> {
  return link.request({ method: 'tan_anchor' })
}

/** Undefined if there is no such pool. */
export function getPool(link: RpcLink, poolId: Hash): Promise<TanPool | undefined> {
  return ask(link, optional(pool), 'tan_pool', poolId)
}

/** Newest first. */
export function getPools(link: RpcLink, limit = POOLS_SHOWN_MAX): Promise<readonly TanPool[]> {
  return ask(link, list(pool, POOLS_SHOWN_MAX), 'tan_pools', { limit })
}

function blockTag(hashOrHeight: Hash | number): Hash {
  return typeof hashOrHeight === 'number' ? `0x${hashOrHeight.toString(16)}` : hashOrHeight
}

function checked<T>(shape: Shape<T>, value: unknown, path: string): T | undefined {
  try {
    return shape(value, path)
  } catch {
    return undefined
  }
}
