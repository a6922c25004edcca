// From a genesis file to the chain's first block: its state, in which every guardian's key and stake has passed the same
// checks as any later one, and its header, whose hash names all that the file says.
import {
  type Address,
  type AggregateScheme,
  CodedError,
  codec,
  EMPTY_BYTES,
  encodeRlp,
  fromHex,
  type Hash,
  keccakHash,
  type RlpItem,
  utf8ToBytes,
  ZERO_ADDRESS,
  ZERO_HASH,
} from '@tan/primitives'
import {
  type Block,
  type BlockHeader,
  type ConsensusRecord,
  EMPTY_LOGS_BLOOM,
  EMPTY_TRIE_ROOT,
  type Genesis,
  hashRecord,
  SYSTEM_ADDRESSES,
  SYSTEM_CODE,
} from '@tan/protocol'
import { EMPTY_CODE_HASH, type StateWrites } from '@tan/storage'
import { Journal } from '../state/journal.ts'
import type { CallEnvironment, SystemCall } from '../system/call.ts'
import { answer } from '../system/contract.ts'
import { explainRevert } from '../system/contracts.ts'
import { runSystemCall } from '../system/journal-call.ts'
import { deposit, registerKey, setCandidate } from '../system/staking.ts'
import { createTan } from '../system/tan-token.ts'

/** Of epoch 0, without votes: nothing went before it. */
const RECORD: ConsensusRecord = {
  epoch: 0,
  reveal: EMPTY_BYTES,
  justify: { epoch: 0, blockHash: ZERO_HASH, justifyEpoch: 0, signers: EMPTY_BYTES, signature: EMPTY_BYTES },
  epochChange: undefined,
  committeeRoot: undefined,
  poolRoot: undefined,
  finality: undefined,
}

/** The block whose state is what `genesisWrites` makes of nothing. */
export function genesisBlock(genesis: Genesis, stateRoot: Hash): Block {
  const header: BlockHeader = {
    parentHash: ZERO_HASH,
    beneficiary: ZERO_ADDRESS,
    stateRoot,
    transactionsRoot: EMPTY_TRIE_ROOT,
    receiptsRoot: EMPTY_TRIE_ROOT,
    logsBloom: EMPTY_LOGS_BLOOM,
    height: 0,
    gasLimit: genesis.parameters.blockGasLimit,
    gasUsed: 0,
    timestampS: genesis.timestampS,
    recordHash: hashRecord(RECORD),
    mix: genesisMix(genesis),
    baseFeePerGas: genesis.parameters.baseFeeMinWei,
  }
  return { header, record: RECORD, transactions: [] }
}

/**
 * The first randomness commits to what the state does not hold, chain id and parameters, so that two chains that differ
 * in anything differ in their genesis hash.
 */
function genesisMix({ chainId, name, timestampS, isDevnet, parameters }: Genesis): Hash {
  const named = Object.entries(parameters)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]): RlpItem => [utf8ToBytes(key), codec.uint256.toRlp(BigInt(value))])
  return keccakHash(
    encodeRlp([
      codec.uint.toRlp(chainId),
      utf8ToBytes(name),
      codec.uint.toRlp(timestampS),
      codec.bool.toRlp(isDevnet),
      named,
    ]),
  )
}

/** Throws `genesis/balance` and `genesis/guardian` for what the file's own checks could not see. */
export function genesisWrites(genesis: Genesis, bls: AggregateScheme): StateWrites {
  const journal = new Journal({ account: () => undefined, storage: () => 0n, code: () => EMPTY_BYTES })
  for (const address of Object.values(SYSTEM_ADDRESSES)) {
    journal.setNonce(address, 1n)
    journal.setCode(address, SYSTEM_CODE)
  }
  for (const { address, tanWei, tangamWei } of genesis.balances) {
    if (journal.codeHash(address) !== EMPTY_CODE_HASH)
      throw new CodedError('genesis/balance', `${address} is a system contract: give its share to an account`)
    journal.beginTransaction()
    journal.credit(address, tangamWei)
    if (tanWei > 0n) runAs(address, call => createTan(call, address, tanWei))
  }
  for (const { address, blsPublicKey, proofOfPossession, stakeWei, isValidator } of genesis.guardians) {
    journal.beginTransaction()
    runAs(address, call => {
      createTan(call, address, stakeWei)
      registerKey(call, fromHex(blsPublicKey), fromHex(proofOfPossession))
      deposit(call, stakeWei)
      if (isValidator) setCandidate(call, true)
    })
  }
  return journal.writes()

  function runAs(caller: Address, action: (call: SystemCall) => void): void {
    const { chainId, timestampS, parameters } = genesis
    const baseFeePerGas = parameters.baseFeeMinWei
    const environment: CallEnvironment = { chainId, parameters, bls, height: 0, timestampS, baseFeePerGas }
    const request = { caller, valueWei: 0n, gas: Number.MAX_SAFE_INTEGER, isStatic: false }
    const { succeeded, output } = runSystemCall(journal, environment, request, call =>
      answer(() => {
        action(call)
        return EMPTY_BYTES
      }),
    )
    if (!succeeded)
      throw new CodedError('genesis/guardian', `genesis file: ${caller} is refused with ${explainRevert(output)}`)
  }
}
