// Ethereum's public state tests, through the ledger's own door: a block with the transaction is built on the test's state, and
// executed from its bytes by another ledger, receipts, bloom and roots included. Nothing here needs Node: the same runs in a
// page.
import { type Environment, FORKS } from '@tan/evm'
import {
  type BlockState,
  type BuiltBlock,
  Ledger,
  type Log,
  limits as ledgerLimits,
  type RecoveredTransaction,
  recoverTransaction,
} from '@tan/ledger'
import {
  type Address,
  EMPTY_BYTES,
  encodeRlp,
  fromHex,
  type Hash,
  type Hex,
  keccakHash,
  utf8ToBytes,
  ZERO_HASH,
} from '@tan/primitives'
import {
  type BlockHeader,
  type ConsensusRecord,
  DEFAULT_PARAMETERS,
  EMPTY_LOGS_BLOOM,
  type Genesis,
  hashHeader,
} from '@tan/protocol'
import {
  MemoryStore,
  orderedListRoot,
  type State,
  StateStore,
  type StateWrites,
  type StorageWrites,
} from '@tan/storage'
import { runInEngine } from './state-engine.ts'

interface PostState {
  readonly hash: Hash
  readonly logs: Hash
  readonly txbytes: Hex
  readonly expectException?: string
}

export interface StateTest {
  readonly env: Readonly<Record<string, Hex>>
  readonly pre: Readonly<Record<Address, { balance: Hex; code: Hex; nonce: Hex; storage: Readonly<Record<Hex, Hex>> }>>
  readonly post: Readonly<Record<string, readonly PostState[]>>
}

/** What came of some tests; `leftOut`: how many, by reason; `inEngine`: run without a block, for more gas than one counts. */
export interface StateReport {
  run: number
  inEngine: number
  passed: number
  readonly failures: string[]
  readonly leftOut: Record<string, number>
}

/** TAN has no blob transactions; what a blob environment shows to a contract is tested in the engine. */
const BLOB_TYPE = '0x03'
const EMPTY_HASHES: readonly Hash[] = []

/** The tests of one file, by name. */
export async function runStateTests(vectors: Readonly<Record<string, StateTest>>): Promise<StateReport> {
  const report: StateReport = { run: 0, inEngine: 0, passed: 0, failures: [], leftOut: {} }
  const store = await StateStore.open(new MemoryStore())
  for (const [name, vector] of Object.entries(vectors)) runVector(store, name, vector, report)
  return report
}

export function addUp(reports: readonly StateReport[]): StateReport {
  const sum: StateReport = { run: 0, inEngine: 0, passed: 0, failures: [], leftOut: {} }
  for (const { run, inEngine, passed, failures, leftOut } of reports) {
    sum.run += run
    sum.inEngine += inEngine
    sum.passed += passed
    sum.failures.push(...failures)
    for (const [reason, count] of Object.entries(leftOut)) sum.leftOut[reason] = (sum.leftOut[reason] ?? 0) + count
  }
  return sum
}

function runVector(store: StateStore, name: string, vector: StateTest, report: StateReport): void {
  const state = store.apply(store.settled, writesOf(vector.pre))
  const leaveOut = (reason: string) => {
    report.leftOut[reason] = (report.leftOut[reason] ?? 0) + 1
  }
  for (const [forkName, posts] of Object.entries(vector.post)) {
    const fork = FORKS.find(known => known === forkName.toLowerCase())
    for (const [index, post] of posts.entries()) {
      if (fork === undefined) leaveOut(`fork ${forkName}, which is before Berlin or not known`)
      else if (post.txbytes.startsWith(BLOB_TYPE)) leaveOut('blob transactions (type 3), which TAN refuses')
      else {
        const chain = createChain(store, fork, vector.env)
        const recovered = recoverTransaction(fromHex(post.txbytes))
        const isHuge = recovered.ok && recovered.value.transaction.gasLimit > Number.MAX_SAFE_INTEGER
        const failure = isHuge
          ? runHuge(store, recovered.value, state, environmentOf(fork, vector.env), post)
          : runCase(chain, recovered, state, post)
        report.run++
        if (isHuge) report.inEngine++
        if (failure === undefined) report.passed++
        else report.failures.push(`${name} ${forkName} ${index}: ${failure}`)
      }
    }
  }
}

// -------------------------------------------------------------------------------------------------- the chain

interface Chain {
  readonly builder: Ledger
  readonly verifier: Ledger
  /** of the block before that of the test */
  readonly parent: Omit<BlockState, 'state'>
  readonly beneficiary: Address
}

/**
 * A chain whose next block has the test's environment. What the tests need other than TAN's rules is: their fork, tips that go
 * to the beneficiary, transactions without a chain id, and randomness that is given.
 */
function createChain(store: StateStore, fork: (typeof FORKS)[number], env: StateTest['env']): Chain {
  // TAN counts a block's gas in numbers; no transaction of the tests has more
  const blockGasLimit = Math.min(Number(env.currentGasLimit!), Number.MAX_SAFE_INTEGER)
  const mix = word(env.currentRandom ?? env.currentDifficulty!)
  const height = Number(env.currentNumber!) - 1
  const genesis: Genesis = {
    chainId: 1,
    name: 'vectors',
    timestampS: 0,
    isDevnet: true,
    parameters: { ...DEFAULT_PARAMETERS, blockGasLimit, baseFeeMinWei: 0n },
    balances: [],
    guardians: [],
  }
  const rules = { fork, needsChainId: false, burnsTips: false, nextMix: () => mix }
  const header: BlockHeader = {
    parentHash: ZERO_HASH,
    beneficiary: `0x${'00'.repeat(20)}`,
    stateRoot: ZERO_HASH,
    transactionsRoot: ZERO_HASH,
    receiptsRoot: ZERO_HASH,
    logsBloom: EMPTY_LOGS_BLOOM,
    height,
    gasLimit: blockGasLimit,
    // just what keeps the base fee as it is
    gasUsed: Math.floor(blockGasLimit / 2),
    timestampS: Number(env.currentTimestamp!),
    recordHash: ZERO_HASH,
    mix: ZERO_HASH,
    baseFeePerGas: BigInt(env.currentBaseFee ?? 0),
  }
  return {
    builder: new Ledger({ genesis, store, rules }),
    verifier: new Ledger({ genesis, store, rules }),
    parent: { header, ancestors: ancestorsOf(height) },
    beneficiary: env.currentCoinbase!.toLowerCase() as Address,
  }
}

function environmentOf(fork: (typeof FORKS)[number], env: StateTest['env']): Environment {
  return {
    fork,
    chainId: 1n,
    number: BigInt(env.currentNumber!),
    timestamp: BigInt(env.currentTimestamp!),
    coinbase: env.currentCoinbase!.toLowerCase() as Address,
    gasLimit: BigInt(env.currentGasLimit!),
    baseFee: BigInt(env.currentBaseFee ?? 0),
    prevRandao: word(env.currentRandom ?? env.currentDifficulty!),
    blobBaseFee: 1n,
  }
}

/** The tests' rule: the hash of the number in decimal. */
function ancestorsOf(height: number): readonly Hash[] {
  if (height === 0) return EMPTY_HASHES
  const first = Math.max(0, height - ledgerLimits.ANCESTORS_MAX)
  return Array.from({ length: height - first }, (_, i) => keccakHash(utf8ToBytes(String(first + i))))
}

const RECORD: ConsensusRecord = {
  epoch: 1,
  reveal: EMPTY_BYTES,
  justify: { epoch: 0, blockHash: ZERO_HASH, justifyEpoch: 0, signers: EMPTY_BYTES, signature: EMPTY_BYTES },
  epochChange: undefined,
  committeeRoot: undefined,
  poolRoot: undefined,
  finality: undefined,
}

function runCase(
  chain: Chain,
  recovered: ReturnType<typeof recoverTransaction>,
  state: State,
  post: PostState,
): string | undefined {
  const parent: BlockState = { ...chain.parent, state }
  const built = chain.builder.build(parent, {
    candidates: recovered.ok ? [recovered.value] : [],
    timestampS: parent.header.timestampS,
    beneficiary: chain.beneficiary,
    record: RECORD,
  })
  if (built.transactions.length === 0) {
    const rejection = recovered.ok ? built.skipped[0]!.rejection : recovered.rejection
    if (post.expectException === undefined) return `refused: ${rejection.code} ${rejection.message}`
    return rootProblem(built, post) ?? forgeryProblem(chain, parent, built, fromHex(post.txbytes))
  }
  if (post.expectException !== undefined) return `not refused, though ${post.expectException}`
  const executed = chain.verifier.execute(parent, built.block)
  if (!executed.ok) return `another ledger refuses the block: ${executed.rejection.message}`
  return logsProblem(executed.value.receipts[0]!.logs, post) ?? rootProblem(executed.value, post)
}

function runHuge(
  store: StateStore,
  recovered: RecoveredTransaction,
  state: State,
  environment: Environment,
  post: PostState,
): string | undefined {
  const outcome = runInEngine(recovered, state, environment)
  if (typeof outcome === 'string')
    return post.expectException === undefined ? `refused: ${outcome}` : rootProblem({ state }, post)
  if (post.expectException !== undefined) return `not refused, though ${post.expectException}`
  return logsProblem(outcome.logs, post) ?? rootProblem({ state: store.apply(state, outcome.writes) }, post)
}

function logsProblem(logs: readonly Log[], post: PostState): string | undefined {
  const items = logs.map(log => [fromHex(log.address), log.topics.map(topic => fromHex(topic)), log.data])
  const hash = keccakHash(encodeRlp(items))
  return hash === post.logs ? undefined : `logs hash ${hash}, not ${post.logs}`
}

function rootProblem({ state }: Pick<BlockState, 'state'>, post: PostState): string | undefined {
  return state.root === post.hash ? undefined : `state root ${state.root}, not ${post.hash}`
}

/** What a builder leaves out is refused too where a block holds it. */
function forgeryProblem({ verifier }: Chain, parent: BlockState, { block }: BuiltBlock, encoded: Uint8Array) {
  const transactions = [encoded]
  const header = {
    ...block.header,
    parentHash: hashHeader(parent.header),
    transactionsRoot: orderedListRoot(transactions),
  }
  const executed = verifier.execute(parent, { ...block, header, transactions })
  if (executed.ok) return 'a block with the transaction is accepted'
  return executed.rejection.code === 'block/transaction' ? undefined : `refused as ${executed.rejection.code}`
}

// -------------------------------------------------------------------------------------------------- states

function writesOf(pre: StateTest['pre']): StateWrites {
  const accounts: StateWrites['accounts'] = new Map(
    Object.entries(pre).map(([address, { nonce, balance, code }]) => [
      address as Address,
      { nonce: BigInt(nonce), balance: BigInt(balance), codeHash: keccakHash(fromHex(code)) },
    ]),
  )
  const storage = new Map(
    Object.entries(pre).map(([address, account]): [Address, StorageWrites] => {
      const slots = Object.entries(account.storage).map(([key, value]): [Hash, bigint] => [
        word(key as Hex),
        BigInt(value),
      ])
      return [address as Address, { cleared: false, slots: new Map(slots) }]
    }),
  )
  const codes = new Map(Object.values(pre).map(({ code }) => [keccakHash(fromHex(code)), fromHex(code)]))
  return { accounts, storage, codes }
}

function word(hex: Hex): Hash {
  return `0x${hex.slice(2).padStart(64, '0')}`
}
