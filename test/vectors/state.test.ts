// Ethereum's public state tests, through our own transaction codec, engine, state and trie. They are not copied into this
// repository: TAN_VECTORS says where they are.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
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
import { afterAll, describe, expect, test } from 'vitest'

const folder = join(
  process.env.TAN_VECTORS ?? join(import.meta.dirname, '../../../shared/vectors'),
  'ethereum/GeneralStateTests',
)
const isThere = existsSync(folder)
const title = isThere ? 'state tests' : `state tests (skipped: none in ${folder}, set TAN_VECTORS)`

interface PostState {
  readonly hash: Hash
  readonly logs: Hash
  readonly txbytes: Hex
  readonly expectException?: string
}

interface StateTest {
  readonly env: Readonly<Record<string, Hex>>
  readonly pre: Readonly<Record<Address, { balance: Hex; code: Hex; nonce: Hex; storage: Readonly<Record<Hex, Hex>> }>>
  readonly post: Readonly<Record<string, readonly PostState[]>>
}

const evm = createEvm()
const counts = { run: 0, passed: 0 }
const leftOut = new Map<string, number>()

/** TAN has no blob transactions; what a blob environment shows to a contract is tested in the engine. */
const BLOB_TYPE = '0x03'

describe.skipIf(!isThere)(title, () => {
  for (const group of isThere ? groupsOf(folder) : []) {
    test(group, async () => {
      const store = await StateStore.open(new MemoryStore())
      const failures: string[] = []
      for (const file of readdirSync(join(folder, group)).filter(name => name.endsWith('.json')))
        for (const [name, vector] of Object.entries(
          JSON.parse(readFileSync(join(folder, group, file), 'utf8')) as Record<string, StateTest>,
        ))
          failures.push(...runVector(store, vector).map(failure => `${name} ${failure}`))
      expect(failures).toEqual([])
    })
  }
})

afterAll(() => {
  if (!isThere) return
  const reasons = [...leftOut].map(([reason, count]) => `${count} left out: ${reason}`)
  console.log([`state tests: ${counts.run} run, ${counts.passed} passed`, ...reasons].join('\n'))
})

function groupsOf(root: string): string[] {
  const folders = (path: string) =>
    readdirSync(join(root, path), { withFileTypes: true }).flatMap(entry =>
      entry.isDirectory() ? [join(path, entry.name)] : [],
    )
  return folders('.').flatMap(group => {
    const inner = folders(group)
    return inner.length > 0 ? inner : [group]
  })
}

function runVector(store: StateStore, vector: StateTest): string[] {
  const failures: string[] = []
  const before = store.apply(store.settled, writesOf(vector.pre))
  for (const [forkName, posts] of Object.entries(vector.post)) {
    const fork = FORKS.find(known => known === forkName.toLowerCase())
    for (const [index, post] of posts.entries()) {
      if (fork === undefined) leaveOut(`fork ${forkName}, which is before Berlin or not known`)
      else if (post.txbytes.startsWith(BLOB_TYPE)) leaveOut('blob transactions (type 3), which TAN refuses')
      else {
        const failure = runCase(store, before, environmentOf(fork, vector.env), post)
        counts.run++
        if (failure === undefined) counts.passed++
        else failures.push(`${forkName} ${index}: ${failure}`)
      }
    }
  }
  return failures
}

function leaveOut(reason: string): void {
  leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1)
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
    return post.expectException === undefined ? `refused: ${result.code} ${result.message}` : rootProblem(before, post)
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
