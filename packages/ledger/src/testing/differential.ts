// One case of the differential test of blocks: a random world, and a few random blocks on it. One ledger builds each, another
// executes it from its bytes, and `@ethereumjs/vm` runs the same transactions: the same are refused, and receipts and state
// roots are equal, or it is a finding.
import { chance, pick } from '@tan/evm/testing/program'
import {
  createSeededRandom,
  equalBytes,
  type Hash,
  keccakHash,
  type Random,
  randomBelow,
  toHex,
  utf8ToBytes,
} from '@tan/primitives'
import { type Block, hashRecord } from '@tan/protocol'
import { MemoryStore, StateStore } from '@tan/storage'
import { nextBaseFee } from '../block/base-fee.ts'
import { ancestorsBelow, type BlockState, type BuiltBlock, Ledger } from '../ledger.ts'
import { recovered, testAccount, testGenesis, testRecord } from './chain.ts'
import type { Oracle, OracleReceipt } from './oracle.ts'
import { type Deed, randomDeed, randomWorld } from './random-block.ts'

export const DIFFERENTIAL_GENESIS = testGenesis([testAccount('one')], { blockGasLimit: 30_000_000, baseFeeMinWei: 5n })

export interface BlockFinding {
  readonly seed: number
  readonly height: number
  readonly difference: string
}

export interface BlockCase {
  readonly blocks: number
  /** what was included, by kind and status, and what was refused, by code */
  readonly counts: Readonly<Record<string, number>>
  readonly finding: BlockFinding | undefined
}

export interface Ledgers {
  readonly builder: Ledger
  readonly builderStore: StateStore
  readonly verifier: Ledger
  readonly verifierStore: StateStore
}

export async function createLedgers(): Promise<Ledgers> {
  const [builderStore, verifierStore] = [
    await StateStore.open(new MemoryStore()),
    await StateStore.open(new MemoryStore()),
  ]
  const genesis = DIFFERENTIAL_GENESIS
  return {
    builderStore,
    verifierStore,
    builder: new Ledger({ genesis, store: builderStore }),
    verifier: new Ledger({ genesis, store: verifierStore }),
  }
}

/** Runs the case of the seed, up to the first difference. */
export async function runBlockCase(ledgers: Ledgers, oracle: Oracle, seed: number): Promise<BlockCase> {
  const random = createSeededRandom(seed)
  const world = randomWorld(random)
  const { builder, builderStore, verifier, verifierStore } = ledgers
  const header = startHeader(random, builder)
  const ancestors = Array.from({ length: 256 }, (_, i): Hash => keccakHash(utf8ToBytes(`ancestor ${i}`)))
  let head: BlockState = { header, ancestors, state: builderStore.apply(builderStore.settled, world.writes) }
  let verified: BlockState = { header, ancestors, state: verifierStore.apply(verifierStore.settled, world.writes) }
  await oracle.reset(world.writes)
  const counts: Record<string, number> = {}
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1
  }
  const wanted = 1 + randomBelow(random, 3)
  for (let done = 0; done < wanted; done++) {
    const finding = (difference: string): BlockCase => ({
      blocks: done + 1,
      counts,
      finding: { seed, height: head.header.height, difference },
    })
    const chainId = BigInt(DIFFERENTIAL_GENESIS.chainId)
    const baseFee = nextBaseFee(head.header, DIFFERENTIAL_GENESIS.parameters)
    const deeds: Deed[] = []
    const candidates = function* () {
      for (let i = 1 + randomBelow(random, 6); i > 0; i--) {
        const deed = randomDeed(random, { chainId, baseFee, world })
        deeds.push(deed)
        const transaction = recovered(deed.encoded)
        if (transaction.transaction.nonce === deed.from.nonce) deed.from.nonce++
        yield transaction
      }
    }
    const built: BuiltBlock = builder.build(head, {
      candidates: candidates(),
      timestampS: head.header.timestampS + randomBelow(random, 3),
      beneficiary: pick(random, world.targets),
      record: testRecord(head.header.height + 1, head.header.parentHash),
    })
    const executed = verifier.execute(verified, built.block)
    if (!executed.ok) return finding(`the verifier refuses: ${executed.rejection.message}`)

    oracle.beginBlock({ header: built.header, ancestors: ancestorsBelow(head) })
    const skipped = new Map(built.skipped.map(({ transaction, rejection }) => [transaction.encoded, rejection]))
    let included = 0
    for (const { kind, encoded } of deeds) {
      const refusal = [...skipped].find(([bytes]) => equalBytes(bytes, encoded))?.[1]
      const theirs = await oracle.run(encoded)
      if (theirs === undefined) return { blocks: done, counts, finding: undefined }
      const ours = refusal === undefined ? built.receipts[included++] : { refusal: refusal.code }
      const difference = compare(ours!, theirs)
      if (difference !== undefined) return finding(`${kind}: ${difference}`)
      count(refusal?.code ?? `${kind} ${(ours as { succeeded: boolean }).succeeded ? 'succeeds' : 'fails'}`)
    }
    if ((await oracle.root()) !== built.header.stateRoot) return finding(await stateDifference(built, oracle))
    for (const actor of world.actors) actor.nonce = nonceIn(built, actor.address)
    head = built
    verified = executed.value
  }
  return { blocks: wanted, counts, finding: undefined }
}

function nonceIn({ state }: BlockState, address: `0x${string}`): bigint {
  return state.account(address)?.nonce ?? 0n
}

function startHeader(random: Random, { rules }: Ledger): Block['header'] {
  const gasLimit = rules.parameters.blockGasLimit
  const record = testRecord(1, `0x${'00'.repeat(32)}`)
  return {
    parentHash: keccakHash(utf8ToBytes('a parent')),
    beneficiary: `0x${'00'.repeat(20)}`,
    stateRoot: `0x${'00'.repeat(32)}`,
    transactionsRoot: `0x${'00'.repeat(32)}`,
    receiptsRoot: `0x${'00'.repeat(32)}`,
    logsBloom: new Uint8Array(256),
    height: 990 + randomBelow(random, 30),
    gasLimit,
    gasUsed: chance(random, 2) ? gasLimit : randomBelow(random, gasLimit),
    timestampS: 1_800_000_000,
    recordHash: hashRecord(record),
    mix: keccakHash(utf8ToBytes(`mix ${randomBelow(random, 9)}`)),
    baseFeePerGas: BigInt(5 + randomBelow(random, 50)),
  }
}

function compare(ours: OracleReceipt, theirs: OracleReceipt): string | undefined {
  const [a, b] = [textOf(ours), textOf(theirs)]
  if ('refusal' in ours && 'refusal' in theirs) return undefined
  return a === b ? undefined : `${a}, the oracle has ${b}`
}

function textOf(receipt: OracleReceipt): string {
  if ('refusal' in receipt) return `refused: ${receipt.refusal}`
  const { succeeded, cumulativeGasUsed, logsBloom, logs } = receipt
  const text = logs.map(({ address, topics, data }) => `${address} ${topics} ${toHex(data)}`).join('; ')
  return `${succeeded} ${cumulativeGasUsed} ${keccakHash(logsBloom)} logs ${text}`
}

async function stateDifference({ state, transactions }: BuiltBlock, oracle: Oracle): Promise<string> {
  const touched = new Set(transactions.flatMap(({ sender, input }) => [sender, ...(input.to ? [input.to] : [])]))
  for (const address of touched) {
    const account = state.account(address)
    const ours = account === undefined ? 'nothing' : `${account.nonce} ${account.balance} ${account.codeHash}`
    const theirs = await oracle.describe(address)
    if (ours !== theirs) return `${address} is ${ours}, the oracle has ${theirs}`
  }
  return 'the state roots differ'
}
