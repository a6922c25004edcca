// What a signed transfer costs one node, from its bytes to the disk: recover the sender, execute, hash the state, commit
// durably. Once on one thread, and once with a second thread that recovers senders of the blocks to come.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { type BlockState, Ledger, prefetchKeys, type RecoveredTransaction, recoverTransaction } from '@tan/ledger'
import {
  type Address,
  addressOfSecretKey,
  bigIntToBytes,
  bls,
  concatBytes,
  createSeededRandom,
  EMPTY_BYTES,
  keccak256,
  randomBelow,
  secp256k1,
  toHex,
  utf8ToBytes,
} from '@tan/primitives'
import {
  type Block,
  DEFAULT_PARAMETERS,
  encodeTransaction,
  type Genesis,
  hashHeader,
  possessionDigest,
  signTransaction,
  TAN_SUPPLY_WEI,
  TANGAM_GENESIS_SUPPLY_WEI,
} from '@tan/protocol'
import { MemoryStore, openStore, StateStore } from '@tan/storage'

const ACCOUNTS = 100_000
const SENDERS = 2_000
const BLOCK = 1_000
const WARM_UP_BLOCKS = 5
const BLOCKS = 40
const BARE_RECOVERIES = 200

export const bench = {
  name: 'transfers',
  description: `signed transfers among ${ACCOUNTS} accounts, in blocks of ${BLOCK}, from bytes to LevelDB`,
  async run(): Promise<{ metrics: Record<string, number>; ratios: Record<string, number> }> {
    const world = createWorld()
    const blocks = await buildBlocks(world)
    const alone = await withNode(world, node => runAlone(node, blocks))
    const { settleMs, cpuUs, bareUs, parts, ...single } = alone
    const wholeUs = parts.recover + parts.execute + parts.settle
    const threaded = await withNode(world, node => runThreaded(node, blocks))
    return {
      metrics: {
        single_thread_transfers_per_s: single.perSecond,
        single_thread_spread_percent: single.spreadPercent,
        recover_us_per_transfer: parts.recover,
        execute_and_hash_us_per_transfer: parts.execute,
        commit_us_per_transfer: parts.settle,
        commit_p50_ms: settleMs,
        single_thread_cpu_us_per_transfer: cpuUs,
        bare_recovery_us: bareUs,
        two_threads_transfers_per_s: threaded.perSecond,
        two_threads_spread_percent: threaded.spreadPercent,
        block_transfers: BLOCK,
      },
      // the second says the same on a fast, a slow and a busy machine: the whole way of a transfer, in bare signature recoveries
      ratios: { two_threads_vs_one: threaded.perSecond / single.perSecond, vs_bare_recovery: wholeUs / bareUs },
    }
  },
}

// -------------------------------------------------------------------------------------------------- the chain

interface World {
  readonly genesis: Genesis
  readonly senders: readonly { readonly secretKey: Uint8Array; readonly address: Address }[]
  readonly receivers: readonly Address[]
}

function createWorld(): World {
  const chainId = 7_357
  const senders = Array.from({ length: SENDERS }, (_, i) => {
    const secretKey = keccak256(utf8ToBytes(`sender ${i}`))
    return { secretKey, address: addressOfSecretKey(secretKey) }
  })
  const others = Array.from({ length: ACCOUNTS - SENDERS }, (_, i) =>
    toHex(keccak256(utf8ToBytes(`${i}`)).subarray(12)),
  )
  const receivers = [...senders.map(({ address }) => address), ...others]
  const secretKey = bls.secretKey(keccak256(utf8ToBytes('guardian')))
  const publicKey = bls.publicKey(secretKey)
  const guardian = senders[0]!.address
  const stakeWei = DEFAULT_PARAMETERS.validatorStakeMinWei
  const share = TANGAM_GENESIS_SUPPLY_WEI / BigInt(ACCOUNTS)
  const rest = TANGAM_GENESIS_SUPPLY_WEI - share * BigInt(ACCOUNTS)
  const genesis: Genesis = {
    chainId,
    name: 'bench',
    timestampS: 1_800_000_000,
    isDevnet: true,
    parameters: DEFAULT_PARAMETERS,
    balances: receivers.map((address, i) => ({
      address,
      tanWei: i === 0 ? TAN_SUPPLY_WEI - stakeWei : 0n,
      tangamWei: i === 0 ? share + rest : share,
    })),
    guardians: [
      {
        address: guardian,
        blsPublicKey: toHex(publicKey),
        proofOfPossession: toHex(bls.sign(possessionDigest(chainId, guardian, publicKey), secretKey)),
        stakeWei,
        isValidator: true,
      },
    ],
  }
  return { genesis, senders, receivers }
}

/** What a proposer would have sent. */
async function buildBlocks({ genesis, senders, receivers }: World): Promise<Block[]> {
  const random = createSeededRandom(1)
  const ledger = new Ledger({ genesis, store: await StateStore.open(new MemoryStore()) })
  const nonces = new Array<bigint>(SENDERS).fill(0n)
  let head: BlockState & { block: Block } = ledger.createGenesis()
  const { record } = head.block
  const blocks: Block[] = []
  for (let i = 0; i < WARM_UP_BLOCKS + BLOCKS; i++) {
    const candidates: RecoveredTransaction[] = Array.from({ length: BLOCK }, () => {
      const from = randomBelow(random, SENDERS)
      const { secretKey, address } = senders[from]!
      const nonce = nonces[from]!
      nonces[from] = nonce + 1n
      const transaction = signTransaction(
        {
          type: 'eip1559',
          chainId: BigInt(genesis.chainId),
          nonce,
          maxFeePerGas: 10n ** 12n,
          maxPriorityFeePerGas: 0n,
          gasLimit: 21_000n,
          to: receivers[randomBelow(random, receivers.length)]!,
          value: 10n ** 15n,
          data: EMPTY_BYTES,
          accessList: [],
        },
        secretKey,
      )
      return recover(encodeTransaction(transaction), address)
    })
    const built = ledger.build(head, {
      candidates,
      timestampS: genesis.timestampS + i,
      beneficiary: senders[0]!.address,
      record: { ...record, epoch: i + 1, reveal: keccak256(fromHeader(head)) },
    })
    if (built.transactions.length !== BLOCK) throw new Error(`a block of ${built.transactions.length} transfers`)
    blocks.push(built.block)
    head = built
  }
  return blocks
}

function recover(encoded: Uint8Array, sender?: Address): RecoveredTransaction {
  const result = recoverTransaction(encoded, sender)
  if (!result.ok) throw new Error(result.rejection.message)
  return result.value
}

function fromHeader({ header }: BlockState): Uint8Array {
  return utf8ToBytes(hashHeader(header))
}

// -------------------------------------------------------------------------------------------------- one node

interface Node {
  readonly ledger: Ledger
  readonly store: StateStore
  readonly start: BlockState
}

async function withNode<T>({ genesis }: World, action: (node: Node) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'tan-transfers-'))
  const disk = await openStore(`level:${folder}`)
  try {
    const store = await StateStore.open(disk)
    const ledger = new Ledger({ genesis, store })
    const start = ledger.createGenesis()
    await store.settle(start.state)
    return await action({ ledger, store, start })
  } finally {
    await disk.close()
    await rm(folder, { recursive: true })
  }
}

interface Rate {
  readonly perSecond: number
  readonly spreadPercent: number
}

interface Alone extends Rate {
  readonly settleMs: number
  readonly cpuUs: number
  /** of secp256k1's recovery alone, measured between the blocks */
  readonly bareUs: number
  /** microseconds a transfer */
  readonly parts: { readonly recover: number; readonly execute: number; readonly settle: number }
}

/** All on one thread, one block after another. */
async function runAlone({ ledger, store, start }: Node, blocks: readonly Block[]): Promise<Alone> {
  const times = { recover: [] as number[], execute: [] as number[], settle: [] as number[] }
  const bare: number[] = []
  let cpuUs = 0
  let head = start
  for (const [i, block] of blocks.entries()) {
    const cpu = process.cpuUsage()
    const t0 = performance.now()
    const recovered = block.transactions.map(encoded => recover(encoded))
    const t1 = performance.now()
    head = execute(ledger, head, block, recovered)
    const t2 = performance.now()
    await store.settle(head.state, bodyOf(block))
    const t3 = performance.now()
    times.recover.push(t1 - t0)
    times.execute.push(t2 - t1)
    times.settle.push(t3 - t2)
    const { user, system } = process.cpuUsage(cpu)
    if (i >= WARM_UP_BLOCKS) cpuUs += user + system
    bare.push(recoverBare(recovered.slice(0, BARE_RECOVERIES)))
  }
  for (const list of Object.values(times)) list.splice(0, WARM_UP_BLOCKS)
  const totals = times.recover.map((ms, i) => ms + times.execute[i]! + times.settle[i]!)
  const perTransfer = (list: readonly number[]) => (median(list) * 1_000) / BLOCK
  return {
    ...rateOf(totals),
    settleMs: median(times.settle),
    // of all threads, LevelDB's among them: what a busy machine cannot stretch
    cpuUs: cpuUs / (BLOCK * BLOCKS),
    bareUs: median(bare.slice(WARM_UP_BLOCKS)),
    parts: {
      recover: perTransfer(times.recover),
      execute: perTransfer(times.execute),
      settle: perTransfer(times.settle),
    },
  }
}

/** Microseconds each. */
function recoverBare(transactions: readonly RecoveredTransaction[]): number {
  const prepared = transactions.map(({ transaction: { r, s, yParity }, encoded }) => ({
    digest: keccak256(encoded),
    compact: concatBytes(bigIntToBytes(r, 32), bigIntToBytes(s, 32)),
    yParity,
  }))
  const start = performance.now()
  for (const { digest, compact, yParity } of prepared) secp256k1.recover(digest, compact, yParity)
  return ((performance.now() - start) * 1_000) / prepared.length
}

/** The next blocks' senders are recovered on a second thread while this one executes; a block settles while the next runs. */
async function runThreaded({ ledger, store, start }: Node, blocks: readonly Block[]): Promise<Rate> {
  const thread = new Worker(new URL('./transfers/recover-thread.ts', import.meta.url))
  const recovery = new Recovery(thread)
  const ahead = 4
  const pending: Promise<readonly Address[]>[] = []
  const durations: number[] = []
  let head = start
  let settled: Promise<void> = Promise.resolve()
  let last = performance.now()
  for (const [i, block] of blocks.entries()) {
    while (pending.length < blocks.length && pending.length < i + ahead)
      pending.push(recovery.senders(blocks[pending.length]!.transactions))
    const senders = await pending[i]!
    const recovered = block.transactions.map((encoded, at) => recover(encoded, senders[at]))
    await store.prefetch(prefetchKeys(recovered, block.header.beneficiary))
    head = execute(ledger, head, block, recovered)
    await settled
    settled = store.settle(head.state, bodyOf(block))
    const now = performance.now()
    durations.push(now - last)
    last = now
  }
  await settled
  await thread.terminate()
  // a block can wait for those before it, so that only the sum says something
  const measured = durations.slice(WARM_UP_BLOCKS)
  return { ...rateOf(measured), perSecond: (BLOCK * 1_000 * measured.length) / measured.reduce((a, b) => a + b, 0) }
}

class Recovery {
  readonly #thread: Worker
  readonly #waiting: ((senders: readonly Address[]) => void)[] = []

  constructor(thread: Worker) {
    this.#thread = thread
    thread.on('message', (senders: readonly Address[]) => this.#waiting.shift()?.(senders))
  }

  senders(encoded: readonly Uint8Array[]): Promise<readonly Address[]> {
    return new Promise(resolve => {
      this.#waiting.push(resolve)
      this.#thread.postMessage(encoded)
    })
  }
}

function execute(
  ledger: Ledger,
  parent: BlockState,
  block: Block,
  recovered: readonly RecoveredTransaction[],
): BlockState {
  const result = ledger.execute(parent, block, recovered)
  if (!result.ok) throw new Error(`${result.rejection.code}: ${result.rejection.message}`)
  return result.value
}

/** The body goes to disk with the state, as a node writes it. */
function bodyOf({ header, transactions }: Block): { type: 'put'; key: Uint8Array; value: Uint8Array }[] {
  const key = utf8ToBytes(`body/${header.height}`)
  const value = new Uint8Array(transactions.reduce((sum, encoded) => sum + encoded.length, 0))
  let at = 0
  for (const encoded of transactions) {
    value.set(encoded, at)
    at += encoded.length
  }
  return [{ type: 'put', key, value }]
}

function rateOf(blockMs: readonly number[]): Rate {
  const rates = blockMs.map(ms => (BLOCK * 1_000) / ms).sort((a, b) => a - b)
  const quarter = (part: number) => rates[Math.floor(part * (rates.length - 1))]!
  return { perSecond: median(rates), spreadPercent: (100 * (quarter(0.75) - quarter(0.25))) / median(rates) }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}
