// Ethereum's public state tests, through our own transaction codec, engine, state and trie. Nothing here needs Node: the same
// runs in a page.
import {
  type AccessListItem,
  createEvm,
  type Environment,
  FORKS,
  type Fork,
  type Host,
  type StateChanges,
} from '@tan/evm'
import { type Address, encodeRlp, fromHex, type Hash, type Hex, keccakHash, utf8ToBytes } from '@tan/primitives'
import { decodeTransaction, recoverAuthority, recoverSender, type Transaction } from '@tan/protocol'
import { EMPTY_ROOT, MemoryStore, type State, StateStore, type StateWrites, type StorageWrites } from '@tan/storage'

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

/** What came of some tests; `leftOut`: how many, by reason. */
export interface StateReport {
  run: number
  passed: number
  readonly failures: string[]
  readonly leftOut: Record<string, number>
}

const evm = createEvm()

/** TAN has no blob transactions; what a blob environment shows to a contract is tested in the engine. */
const BLOB_TYPE = '0x03'

/** The tests of one file, by name. */
export async function runStateTests(vectors: Readonly<Record<string, StateTest>>): Promise<StateReport> {
  const report: StateReport = { run: 0, passed: 0, failures: [], leftOut: {} }
  const store = await StateStore.open(new MemoryStore())
  for (const [name, vector] of Object.entries(vectors)) runVector(store, name, vector, report)
  return report
}

export function addUp(reports: readonly StateReport[]): StateReport {
  const sum: StateReport = { run: 0, passed: 0, failures: [], leftOut: {} }
  for (const { run, passed, failures, leftOut } of reports) {
    sum.run += run
    sum.passed += passed
    sum.failures.push(...failures)
    for (const [reason, count] of Object.entries(leftOut)) sum.leftOut[reason] = (sum.leftOut[reason] ?? 0) + count
  }
  return sum
}

function runVector(store: StateStore, name: string, vector: StateTest, report: StateReport): void {
  const before = store.apply(store.settled, writesOf(vector.pre))
  const leaveOut = (reason: string) => {
    report.leftOut[reason] = (report.leftOut[reason] ?? 0) + 1
  }
  for (const [forkName, posts] of Object.entries(vector.post)) {
    const fork = FORKS.find(known => known === forkName.toLowerCase())
    for (const [index, post] of posts.entries()) {
      if (fork === undefined) leaveOut(`fork ${forkName}, which is before Berlin or not known`)
      else if (post.txbytes.startsWith(BLOB_TYPE)) leaveOut('blob transactions (type 3), which TAN refuses')
      else {
        const failure = runCase(store, before, environmentOf(fork, vector.env), post)
        report.run++
        if (failure === undefined) report.passed++
        else report.failures.push(`${name} ${forkName} ${index}: ${failure}`)
      }
    }
  }
}

function runCase(store: StateStore, before: State, environment: Environment, post: PostState): string | undefined {
  const transaction = tryDecode(post.txbytes)
  if (transaction === undefined)
    return post.expectException === undefined ? 'the transaction does not decode' : undefined
  const sender = recoverSender(transaction)
  if (sender === undefined) return post.expectException === undefined ? 'the transaction has no sender' : undefined
  const result = evm.applyTransaction(inputOf(transaction, sender), environment, hostOf(before), {
    tipTo: environment.coinbase,
  })
  if (!result.ok)
    return post.expectException === undefined
      ? `refused: ${result.rejection.code} ${result.rejection.message}`
      : rootProblem(before, post)
  if (post.expectException !== undefined) return `not refused, though ${post.expectException}`
  const logs = result.value.logs.map(log => [fromHex(log.address), log.topics.map(topic => fromHex(topic)), log.data])
  const logsHash = keccakHash(encodeRlp(logs))
  if (logsHash !== post.logs) return `logs hash ${logsHash}, not ${post.logs}`
  return rootProblem(store.apply(before, writesOfChanges(result.value.changes)), post)
}

function rootProblem(state: State, post: PostState): string | undefined {
  return state.root === post.hash ? undefined : `state root ${state.root}, not ${post.hash}`
}

function tryDecode(bytes: Hex): Transaction | undefined {
  try {
    return decodeTransaction(fromHex(bytes))
  } catch {
    return undefined
  }
}

function inputOf(transaction: Transaction, sender: Address) {
  const { nonce, gasLimit, to, value, data } = transaction
  const hasOnePrice = transaction.type === 'legacy' || transaction.type === 'eip2930'
  const accessList: readonly AccessListItem[] = transaction.type === 'legacy' ? [] : transaction.accessList
  return {
    ...{ sender, nonce, gasLimit, to, value, data, accessList },
    maxFeePerGas: hasOnePrice ? transaction.gasPrice : transaction.maxFeePerGas,
    maxPriorityFeePerGas: hasOnePrice ? transaction.gasPrice : transaction.maxPriorityFeePerGas,
    ...(transaction.type === 'eip7702'
      ? {
          authorizations: transaction.authorizations.map(signed => ({
            ...signed,
            authority: recoverAuthority(signed),
          })),
        }
      : {}),
  }
}

function environmentOf(fork: Fork, env: Readonly<Record<string, Hex>>): Environment {
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

function hostOf(state: State): Host {
  return {
    account(address) {
      const found = state.account(address)
      return found === undefined ? undefined : { ...found, hasStorage: found.storageRoot !== EMPTY_ROOT }
    },
    slot: (address, key) => state.storage(address, key),
    code: hash => state.code(hash),
    // the tests' rule: the hash of the number in decimal
    blockHash: number => keccakHash(utf8ToBytes(String(number))),
  }
}

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

function writesOfChanges({ deleted, accounts, slots }: StateChanges): StateWrites {
  const storage = new Map<Address, { cleared: boolean; slots: Map<Hash, bigint> }>()
  for (const { address, key, value } of slots) {
    const known = storage.get(address) ?? { cleared: false, slots: new Map() }
    known.slots.set(key, value)
    storage.set(address, known)
  }
  return {
    accounts: new Map([
      ...deleted.map((address): [Address, undefined] => [address, undefined]),
      ...accounts.map(({ address, nonce, balance, codeHash }) => [address, { nonce, balance, codeHash }] as const),
    ]),
    storage,
    codes: new Map(accounts.flatMap(({ codeHash, code }) => (code === undefined ? [] : [[codeHash, code] as const]))),
  }
}

function word(hex: Hex): Hash {
  return `0x${hex.slice(2).padStart(64, '0')}`
}
