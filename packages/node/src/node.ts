// The composition root: one node of a chain, from a genesis and a store to a running peer with JSON-RPC. Roles are
// configuration: without a signer it follows; with one it is a guardian, and a validator if the committee holds its key.
import type { ReplicaConfig } from '@tan/consensus'
import { Ledger } from '@tan/ledger'
import { createLibp2pTransport, type Transport } from '@tan/network'
import {
  type Address,
  bls,
  type Clock,
  CodedError,
  createSeededRandom,
  equalBytes,
  type Hash,
  type Logger,
  reasonOf,
  secp256k1,
  secureRandomBytes,
  silentLogger,
  toHex,
  ZERO_ADDRESS,
} from '@tan/primitives'
import {
  checkpointHeight,
  checkpointIndexOf,
  createEras,
  type Era,
  type Eras,
  finalizedPoint,
  type Genesis,
  genesisEra,
  hashBlock,
  poolOf,
  type SignerSet,
} from '@tan/protocol'
import { type KeyValueStore, openStore, StateStore } from '@tan/storage'
import { Chain } from './chain/chain.ts'
import { ChainStore } from './chain/chain-store.ts'
import { ConsensusService } from './consensus-service.ts'
import { Mempool } from './mempool/mempool.ts'
import { RecoveryPool } from './recovery/recovery-pool.ts'
import { ethMethods } from './rpc/eth.ts'
import { netMethods } from './rpc/net.ts'
import { ChainReader } from './rpc/reader.ts'
import { RpcServer, type RpcServerOptions } from './rpc/server.ts'
import { type TanParts, tanMethods, tanStatus } from './rpc/tan.ts'
import { PrometheusMetrics } from './telemetry.ts'
import { TransactionService } from './transaction-service.ts'

export interface NodeOptions {
  readonly genesis: Genesis
  /** `level:./folder` or `memory:` */
  readonly storeUrl: string
  /** the guardian's or validator's account, and its BLS secret key */
  readonly signer?: { readonly address: Address; readonly secretKey: Uint8Array }
  readonly network: {
    /** 32 bytes: this peer's identity */
    readonly key: Uint8Array
    readonly listen: readonly string[]
    readonly bootstrap: readonly string[]
  }
  readonly rpc?: Pick<RpcServerOptions, 'host' | 'port' | 'allowedHosts' | 'allowedOrigins'>
  /** threads that recover signatures; 0 does it on the main thread */
  readonly recoveryThreads?: number
  readonly logger?: Logger
  /** The node stopped by itself: its disk failed, or its committee is proved broken. */
  readonly onFault?: (error: CodedError) => void
}

const systemClock: Clock = { nowMs: () => Date.now() }

/** Epoch timers wait four block intervals at first: the paper's 4 delta. */
const TIMEOUT_INTERVALS = 4
const STALL_CHECKPOINTS = 3
const DELTA_MS = 500
const BALLOT_TIMEOUT_MIN_MS = 5_000

/**
 * Makes a chain's first block in an empty store, and binds the store to the signer's key: from then on that key signs
 * with this store's records and no others. Throws `chain/exists` where the store holds a chain.
 */
export async function initChain(
  storeUrl: string,
  genesis: Genesis,
  signerPublicKey: Uint8Array | undefined,
): Promise<Hash> {
  const store = await openStore(storeUrl)
  try {
    if ((await ChainStore.genesisOf(store)) !== undefined)
      throw new CodedError('chain/exists', `${storeUrl} holds a chain already: choose an empty folder`)
    const states = await StateStore.open(store)
    const { block, state } = new Ledger({ genesis, store: states }).createGenesis()
    await states.settle(state, ChainStore.genesisOperations(store, block, signerPublicKey))
    return hashBlock(block)
  } finally {
    await store.close()
  }
}

/** A data folder that is not there must not come to be by looking for it: somebody may be about to move it back. */
async function openExisting(storeUrl: string): Promise<KeyValueStore> {
  try {
    return await openStore(storeUrl, { create: false })
  } catch (cause) {
    if (reasonOf(cause).code !== 'storage/missing') throw cause
    throw new CodedError('chain/missing', `there is no chain at ${storeUrl}: run \`npx tan init\` first`, { cause })
  }
}

export class Node {
  readonly genesis: Genesis
  readonly genesisHash: Hash
  readonly chain: Chain
  readonly mempool: Mempool
  readonly transactions: TransactionService
  readonly transport: Transport
  readonly consensus: ConsensusService
  readonly metrics: PrometheusMetrics
  private readonly store: KeyValueStore
  private readonly recovery: RecoveryPool
  private readonly rpc: RpcServer | undefined
  private readonly logger: Logger
  private rpcAddress: string | undefined
  private stopping: Promise<void> | undefined

  /**
   * Throws `chain/missing`, `chain/format`, `chain/other-genesis`, `node/not-a-guardian`, `node/foreign-key`, and what
   * opening the store throws.
   */
  static async create(options: NodeOptions): Promise<Node> {
    const store = await openExisting(options.storeUrl)
    try {
      return await Node.over(store, options)
    } catch (error) {
      await store.close()
      throw error
    }
  }

  private static async over(store: KeyValueStore, options: NodeOptions): Promise<Node> {
    const { genesis, signer, logger = silentLogger } = options
    const states = await StateStore.open(store)
    const genesisHash = await ChainStore.genesisOf(store)
    if (genesisHash === undefined)
      throw new CodedError('chain/missing', `${options.storeUrl} holds no chain yet: run \`npx tan init\` first`)
    const chainStore = await ChainStore.open(store)
    const made = await expectedGenesis(genesis)
    if (made !== genesisHash)
      throw new CodedError(
        'chain/other-genesis',
        `${options.storeUrl} holds the chain of genesis ${genesisHash}, not of ${made}`,
      )
    const era = genesisEra(genesis, genesisHash)
    const eras = createEras([era])
    const publicKey = signer && bls.publicKey(signer.secretKey)
    if (signer !== undefined) await checkSigner(chainStore, era.pool, signer.address, publicKey!)

    const recovery = new RecoveryPool(options.recoveryThreads)
    const mempool = new Mempool(systemClock)
    const { parameters } = genesis
    const { certificate } = chainStore
    const point = certificate && finalizedPoint(certificate)
    const finalized = point && {
      hash: point.hash,
      height: checkpointHeight(era.start, parameters.checkpointInterval, checkpointIndexOf(point.round)),
    }
    const ledger = new Ledger({ genesis, store: states })
    const chain = await Chain.open(
      { ledger, states, store: chainStore, mempool, recovery, clock: systemClock, logger },
      finalized,
    )
    const metrics = new PrometheusMetrics()
    const transport = await createLibp2pTransport({
      ...options.network,
      genesis: genesisHash,
      allowPrivateAddresses: genesis.isDevnet,
      clock: systemClock,
      random: createSeededRandom(new DataView(secureRandomBytes(4).buffer).getUint32(0)),
      logger,
      metrics,
    })
    const config = configOf(era, parameters, signer?.secretKey)
    return new Node(
      options,
      { store, genesisHash, chain, mempool, recovery, transport, metrics, config, logger, eras },
      await chainStore.restore(era, parameters.checkpointInterval),
    )
  }

  private constructor(
    options: NodeOptions,
    parts: {
      store: KeyValueStore
      genesisHash: Hash
      chain: Chain
      mempool: Mempool
      recovery: RecoveryPool
      transport: Transport
      metrics: PrometheusMetrics
      config: ReplicaConfig
      logger: Logger
      eras: Eras
    },
    restored: Awaited<ReturnType<ChainStore['restore']>>,
  ) {
    const { chain, mempool, recovery, transport, metrics, config, logger, genesisHash, eras } = parts
    this.genesis = options.genesis
    this.genesisHash = genesisHash
    this.chain = chain
    this.mempool = mempool
    this.recovery = recovery
    this.transport = transport
    this.metrics = metrics
    this.store = parts.store
    this.logger = logger
    this.transactions = new TransactionService({ chain, mempool, recovery, transport, metrics })
    this.consensus = new ConsensusService({
      eras,
      config,
      restored,
      beneficiary: options.signer?.address ?? ZERO_ADDRESS,
      chain,
      transport,
      clock: systemClock,
      logger,
      metrics,
      buildTimeMaxMs: options.genesis.parameters.blockIntervalMs,
      onFault: error => {
        logger.error('the node stops', { code: error.code, reason: error.message })
        void this.stop()
        options.onFault?.(error)
      },
    })
    if (options.rpc !== undefined) this.rpc = this.createRpc(options.rpc, eras)
  }

  private createRpc(rpc: NonNullable<NodeOptions['rpc']>, eras: Eras): RpcServer {
    const { chain, mempool, transactions, metrics, logger, genesis, genesisHash } = this
    const reader = new ChainReader(chain)
    const consensus = this.consensus.reader
    const peerCount = (): number => this.transport.peers().length
    const parts: TanParts = { reader, mempool, genesis, genesisHash, eras, consensus, peerCount }
    return new RpcServer({
      ...rpc,
      methods: {
        ...ethMethods({ reader, mempool, transactions, syncing: () => this.consensus.syncing() }),
        ...netMethods({ chainId: genesis.chainId, peerCount, mempool }),
        ...tanMethods(parts),
      },
      chain,
      transactions,
      status: () => tanStatus(parts),
      health: () => ({ isHealthy: this.stopping === undefined, ...tanStatus(parts) }),
      metricsText: () => metrics.text(),
      logger,
      metrics,
    })
  }

  /** Where JSON-RPC listens, once started. */
  get rpcUrl(): string | undefined {
    return this.rpcAddress
  }

  /** Throws `network/listen` or `rpc/listen`. */
  async start(): Promise<void> {
    if (secp256k1.implementation !== 'native')
      this.logger.warn('no native secp256k1 for this platform: signatures are checked slowly')
    await this.transport.start()
    this.rpcAddress = await this.rpc?.start()
    this.consensus.start()
    const { hash, height } = this.chain.store.settled
    this.logger.info('the node runs', {
      genesis: this.genesisHash,
      settled: height,
      hash,
      rpc: this.rpcAddress ?? 'off',
    })
  }

  /** Safe to call at any time, and more than once. */
  stop(): Promise<void> {
    this.stopping ??= this.stopOnce()
    return this.stopping
  }

  private async stopOnce(): Promise<void> {
    this.consensus.stop()
    this.transactions.stop()
    await this.rpc?.stop()
    await this.transport.stop()
    await this.recovery.close()
    await this.chain.flush().catch(() => {})
    await this.store.close()
  }
}

/** The hash of the block that a genesis file makes. */
export async function expectedGenesis(genesis: Genesis): Promise<Hash> {
  const store = await openStore('memory:')
  const { block } = new Ledger({ genesis, store: await StateStore.open(store) }).createGenesis()
  return hashBlock(block)
}

/** What consensus of an era needs to know; it signs with this key in whichever of the era's sets holds it. */
function configOf(era: Era, parameters: Genesis['parameters'], secretKey: Uint8Array | undefined): ReplicaConfig {
  const publicKey = secretKey && bls.publicKey(secretKey)
  const selfIn = ({ signers }: SignerSet) => {
    const index = publicKey === undefined ? -1 : signers.findIndex(s => equalBytes(s.blsPublicKey, publicKey))
    return index < 0 ? undefined : { index, secretKey: secretKey! }
  }
  const { blockIntervalMs, checkpointInterval, clockDriftMaxMs } = parameters
  return {
    settlement: {
      scheme: bls,
      era,
      self: selfIn(era.committee),
      blockIntervalMs,
      timeoutBaseMs: TIMEOUT_INTERVALS * blockIntervalMs,
      clockDriftMaxMs,
    },
    finality: {
      scheme: bls,
      pool: poolOf(era),
      self: selfIn(era.pool),
      rootHeight: era.start.height,
      checkpointInterval,
      stallCheckpoints: STALL_CHECKPOINTS,
      ballotTimeoutMs: Math.max(BALLOT_TIMEOUT_MIN_MS, 2 * checkpointInterval * blockIntervalMs),
      deltaMs: DELTA_MS,
    },
  }
}

/** A key that may have signed elsewhere must not sign with records that know nothing of it. */
async function checkSigner(store: ChainStore, pool: SignerSet, address: Address, publicKey: Uint8Array): Promise<void> {
  const guardian = pool.signers.find(signer => signer.address === address)
  if (guardian === undefined || !equalBytes(guardian.blsPublicKey, publicKey))
    throw new CodedError(
      'node/not-a-guardian',
      `${address} with the BLS key ${toHex(publicKey)} is no guardian of this chain`,
    )
  const bound = await store.signer()
  if (bound === undefined || !equalBytes(bound, publicKey))
    throw new CodedError(
      'node/foreign-key',
      `this data folder was not made for the BLS key ${toHex(publicKey)}: signing without its records could contradict earlier votes. Use the folder that the key signed with; for a key that never signed, run \`npx tan init\` with it in an empty folder`,
    )
}
