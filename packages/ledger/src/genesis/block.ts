// From a genesis file to the chain's first block: its state, in which every guardian's key and stake has passed the same
// checks as any later one, and its header, whose hash names all that the file says.
import type { NativeContract } from '@tan/evm'
import {
  type Address,
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
import { environmentOf } from '../block/environment.ts'
import type { ChainRules } from '../block/validate.ts'
import { sharedEngine } from '../engine.ts'
import { BlockHost, type ParentState } from '../state/block-host.ts'
import type { SystemCall } from '../system/call.ts'
import { answer } from '../system/contract.ts'
import { explainRevert } from '../system/contracts.ts'
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
export function genesisWrites(genesis: Genesis, rules: ChainRules): StateWrites {
  const host = new GenesisHost()
  const codeHash = keccakHash(SYSTEM_CODE)
  const systemAddresses = new Set<Address>(Object.values(SYSTEM_ADDRESSES))
  for (const address of systemAddresses) host.put(address, { nonce: 1n, balance: 0n, codeHash }, SYSTEM_CODE)
  const tangam = new Map<Address, bigint>()
  for (const { address, tangamWei } of genesis.balances) {
    if (systemAddresses.has(address))
      throw new CodedError('genesis/balance', `${address} is a system contract: give its share to an account`)
    tangam.set(address, (tangam.get(address) ?? 0n) + tangamWei)
  }
  for (const [address, balance] of tangam)
    if (balance > 0n) host.put(address, { nonce: 0n, balance, codeHash: EMPTY_CODE_HASH })

  const environment = environmentOf(rules, genesisBlock(genesis, ZERO_HASH).header)
  const runAs = (caller: Address, action: (call: SystemCall) => void): void => {
    host.action = action
    const to = SYSTEM_ADDRESSES.staking
    const message = { caller, to, value: 0n, input: EMPTY_BYTES, gas: ACTION_GAS, gasPrice: 0n }
    const { status, returnData, changes } = sharedEngine().execute(message, environment, host)
    if (status !== 'success')
      throw new CodedError('genesis/guardian', `genesis file: ${caller} is refused with ${explainRevert(returnData)}`)
    host.apply(changes)
  }
  for (const { address, tanWei } of genesis.balances)
    if (tanWei > 0n) runAs(address, call => createTan(call, address, tanWei))
  for (const { address, blsPublicKey, proofOfPossession, stakeWei, isValidator } of genesis.guardians)
    runAs(address, call => {
      createTan(call, address, stakeWei)
      registerKey(call, fromHex(blsPublicKey), fromHex(proofOfPossession))
      deposit(call, stakeWei)
      if (isValidator) setCandidate(call, true)
    })
  return host.writes()
}

/** More than any one of these actions can need. */
const ACTION_GAS = 10_000_000n

const NOTHING: ParentState = { account: () => undefined, storage: () => 0n, code: () => EMPTY_BYTES }

/** A state that begins with nothing, where a call of a system contract does what genesis says, as its caller. */
class GenesisHost extends BlockHost {
  action: (call: SystemCall) => void = () => {}
  readonly #native: NativeContract = call =>
    answer(() => {
      this.action(call as SystemCall)
      return EMPTY_BYTES
    })

  constructor() {
    super(NOTHING, { height: 0, ancestors: [] })
  }

  override native(address: Address): NativeContract | undefined {
    return super.native(address) && this.#native
  }
}
