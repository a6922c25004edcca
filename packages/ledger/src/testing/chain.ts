// For this room's tests: a small chain with known keys, whose every block is built by one ledger and executed by another.
import {
  type Address,
  addressOfSecretKey,
  bls,
  EMPTY_BYTES,
  type Hash,
  keccak256,
  toHex,
  utf8ToBytes,
} from '@tan/primitives'
import {
  type ConsensusRecord,
  DEFAULT_PARAMETERS,
  encodeTransaction,
  type Genesis,
  hashHeader,
  possessionDigest,
  signTransaction,
  TAN_SUPPLY_WEI,
  TANGAM_GENESIS_SUPPLY_WEI,
  type UnsignedTransaction,
} from '@tan/protocol'
import { MemoryStore, StateStore } from '@tan/storage'
import { type BlockState, type BuiltBlock, type ExecutedBlock, Ledger } from '../ledger.ts'
import { type RecoveredTransaction, recoverTransaction } from '../transaction.ts'

export interface Account {
  readonly secretKey: Uint8Array
  readonly address: Address
}

export function testAccount(name: string | number): Account {
  const secretKey = keccak256(utf8ToBytes(`account ${name}`))
  return { secretKey, address: addressOfSecretKey(secretKey) }
}

export const GWEI = 10n ** 9n
export const TOKEN = 10n ** 18n

/** Shares out all TAN and TANGam among the accounts, less four guardians' stakes; the last account takes the rest. */
export function testGenesis(accounts: readonly Account[], changes: Partial<Genesis['parameters']> = {}): Genesis {
  const chainId = 7_357
  const parameters = {
    ...DEFAULT_PARAMETERS,
    redeemGraceBlocks: 5,
    unbondingBlocks: 4,
    poolDurationBlocksMax: 1_000,
    ...changes,
  }
  const guardians = [0, 1, 2, 3].map(i => {
    const { address } = testAccount(`guardian ${i}`)
    const secretKey = bls.secretKey(keccak256(utf8ToBytes(`bls ${i}`)))
    const publicKey = bls.publicKey(secretKey)
    return {
      address,
      blsPublicKey: toHex(publicKey),
      proofOfPossession: toHex(bls.sign(possessionDigest(chainId, address, publicKey), secretKey)),
      stakeWei: i < 2 ? parameters.validatorStakeMinWei : parameters.guardianStakeMinWei,
      isValidator: i < 2,
    }
  })
  const staked = guardians.reduce((sum, guardian) => sum + guardian.stakeWei, 0n)
  const share = (total: bigint, i: number) => {
    const part = total / BigInt(accounts.length)
    return i === accounts.length - 1 ? total - part * BigInt(accounts.length - 1) : part
  }
  return {
    chainId,
    name: 'test',
    timestampS: 1_800_000_000,
    isDevnet: true,
    parameters,
    balances: accounts.map(({ address }, i) => ({
      address,
      tanWei: share(TAN_SUPPLY_WEI - staked, i),
      tangamWei: share(TANGAM_GENESIS_SUPPLY_WEI, i),
    })),
    guardians,
  }
}

export function testRecord(epoch: number, parentHash: Hash): ConsensusRecord {
  return {
    epoch,
    reveal: keccak256(utf8ToBytes(`reveal ${epoch}`)),
    justify: { epoch: epoch - 1, blockHash: parentHash, justifyEpoch: 0, signers: EMPTY_BYTES, signature: EMPTY_BYTES },
    epochChange: undefined,
    committeeRoot: undefined,
    poolRoot: undefined,
    finality: undefined,
  }
}

type Draft = Partial<Omit<Extract<UnsignedTransaction, { type: 'eip1559' }>, 'type'>>

export function signed(genesis: Genesis, from: Account, draft: Draft): RecoveredTransaction {
  const unsigned: UnsignedTransaction = {
    type: 'eip1559',
    chainId: BigInt(genesis.chainId),
    nonce: 0n,
    maxFeePerGas: 100n * GWEI,
    maxPriorityFeePerGas: 0n,
    gasLimit: 21_000n,
    to: undefined,
    value: 0n,
    data: EMPTY_BYTES,
    accessList: [],
    ...draft,
  }
  return recovered(encodeTransaction(signTransaction(unsigned, from.secretKey)))
}

/** Of bytes that are known to hold a transaction. */
export function recovered(encoded: Uint8Array): RecoveredTransaction {
  const result = recoverTransaction(encoded)
  if (!result.ok) throw new Error(result.rejection.message)
  return result.value
}

/** A chain that grows by one block at a time. What `builder` makes, `verifier` must accept from its bytes alone. */
export class TestChain {
  readonly genesis: Genesis
  readonly builder: Ledger
  readonly verifier: Ledger
  readonly verifierStore: StateStore
  /** all of them, after genesis */
  readonly blocks: BuiltBlock[] = []
  head: ExecutedBlock
  verified: BlockState

  static async open(genesis: Genesis): Promise<TestChain> {
    return new TestChain(genesis, await StateStore.open(new MemoryStore()), await StateStore.open(new MemoryStore()))
  }

  private constructor(genesis: Genesis, builderStore: StateStore, verifierStore: StateStore) {
    this.genesis = genesis
    this.builder = new Ledger({ genesis, store: builderStore })
    this.verifier = new Ledger({ genesis, store: verifierStore })
    this.verifierStore = verifierStore
    this.head = this.builder.createGenesis()
    this.verified = this.verifier.createGenesis()
  }

  build(candidates: Iterable<RecoveredTransaction>): BuiltBlock {
    const { header } = this.head
    return this.builder.build(this.head, {
      candidates,
      timestampS: header.timestampS + 1,
      beneficiary: this.genesis.guardians[0]!.address,
      record: testRecord(header.height + 1, hashHeader(header)),
    })
  }

  /** Builds, executes elsewhere and settles there; throws where the two do not agree. */
  async grow(candidates: Iterable<RecoveredTransaction>): Promise<BuiltBlock> {
    const built = this.build(candidates)
    const result = this.verifier.execute(this.verified, built.block)
    if (!result.ok) throw new Error(`${result.rejection.code}: ${result.rejection.message}`)
    await this.verifierStore.settle(result.value.state)
    this.blocks.push(built)
    this.head = built
    this.verified = result.value
    return built
  }
}
