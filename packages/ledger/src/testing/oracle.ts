// `@ethereumjs/vm` as the oracle of whole blocks: it runs the transactions of a block that the ledger has built, on a state of
// its own with a trie of its own.
//
// Tips. TAN burns them (spec L-BURN); the library credits them to the block's beneficiary at the end of each transaction, when all
// of it has run. Before the next transaction they are taken off that balance again, and an account that had nothing but them
// is removed. So no transaction sees them, and everything else stays as the library computes it.
import { createBlock } from '@ethereumjs/block'
import { createCustomCommon, Hardfork, Mainnet } from '@ethereumjs/common'
import type { EVM } from '@ethereumjs/evm'
import { createMPT } from '@ethereumjs/mpt'
import { MerkleStateManager } from '@ethereumjs/statemanager'
import { createTxFromRLP } from '@ethereumjs/tx'
import { Account, KECCAK256_RLP, Address as OracleAddress } from '@ethereumjs/util'
import { createVM, runTx, type VM } from '@ethereumjs/vm'
import { watchForFaults } from '@tan/evm/testing/oracle'
import { type Address, fromHex, type Hash, keccak256, toHex } from '@tan/primitives'
import { type BlockHeader, SYSTEM_ADDRESSES } from '@tan/protocol'
import type { StateWrites } from '@tan/storage'
import type { Receipt } from '../block/receipts.ts'
import { type OracleMessage, runToken } from './oracle-token.ts'

export interface OracleBlock {
  readonly header: BlockHeader
  readonly ancestors: readonly Hash[]
}

/** What the oracle makes of a transaction: its receipt, or why it is not valid. */
export type OracleReceipt = Omit<Receipt, 'type'> | { readonly refusal: string }

export interface Oracle {
  /** Begins with this state and no other. */
  reset(state: StateWrites): Promise<void>
  beginBlock(block: OracleBlock): void
  /** Undefined where the library is known to be wrong; its state is then of no more use. */
  run(encoded: Uint8Array): Promise<OracleReceipt | undefined>
  root(): Promise<Hash>
  /** nonce, balance and code hash, to say what differs */
  describe(address: Address): Promise<string>
}

interface Loader {
  _loadCode(message: OracleMessage & { code?: unknown; isCompiled?: boolean }): Promise<void>
}

export async function createOracle(chainId: number): Promise<Oracle> {
  const common = createCustomCommon({ chainId }, Mainnet, {
    hardfork: Hardfork.Osaka,
    customCrypto: { keccak256 },
  })
  const trie = await createMPT({ useKeyHashing: true, common })
  const state = new MerkleStateManager({ common, trie })
  let block: OracleBlock | undefined
  const blockchain = {
    getBlock: async (number: number) => {
      const { header, ancestors } = block!
      return { hash: () => fromHex(ancestors[ancestors.length - (header.height - number)]!) }
    },
    shallowCopy: () => blockchain,
  }
  const vm: VM = await createVM({ common, stateManager: state, blockchain: blockchain as never })
  const evm = vm.evm as EVM
  const faults = watchForFaults(evm)
  const loader = evm as unknown as Loader
  const loadCode = loader._loadCode.bind(evm)
  loader._loadCode = async message => {
    if (message.codeAddress.toString() !== SYSTEM_ADDRESSES.tanToken) return loadCode(message)
    message.code = (input: Parameters<typeof runToken>[2]) => runToken(evm, message, input)
    message.isCompiled = true
  }
  let vmBlock: ReturnType<typeof createBlock> | undefined
  let gasUsed = 0n

  return {
    async reset({ accounts, storage, codes }) {
      state.clearCaches()
      await state.setStateRoot(KECCAK256_RLP)
      await evm.journal.cleanup()
      for (const [address, account] of accounts) {
        const at = addressOf(address)
        await state.putAccount(at, new Account(account!.nonce, account!.balance))
        const code = codes.get(account!.codeHash)
        if (code !== undefined && code.length > 0) await state.putCode(at, code)
        for (const [slot, value] of storage.get(address)?.slots ?? [])
          await state.putStorage(at, fromHex(slot), fromHex(`0x${value.toString(16).replace(/^(..)*.$/, '0$&')}`))
      }
      await state.flush()
      state.originalStorageCache.clear()
      faults.met = false
    },
    beginBlock(next) {
      const { height, timestampS, beneficiary, gasLimit, baseFeePerGas, mix } = next.header
      block = next
      gasUsed = 0n
      vmBlock = createBlock(
        {
          header: {
            number: height,
            timestamp: timestampS,
            coinbase: addressOf(beneficiary),
            gasLimit,
            baseFeePerGas,
            mixHash: fromHex(mix),
          },
        },
        { common },
      )
    },
    async run(encoded) {
      const coinbase = vmBlock!.header.coinbase
      try {
        const transaction = createTxFromRLP(encoded, { common })
        const result = await runTx(vm, { tx: transaction, block: vmBlock!, blockGasUsed: gasUsed })
        if (faults.met) return undefined
        await takeBack(state, coinbase, result.minerValue)
        gasUsed += result.totalGasSpent
        const { cumulativeBlockGasUsed, bitvector, logs } = result.receipt
        return {
          succeeded: result.execResult.exceptionError === undefined,
          cumulativeGasUsed: Number(cumulativeBlockGasUsed),
          logsBloom: bitvector,
          logs: logs.map(([address, topics, data]) => ({ address: toHex(address), topics: topics.map(toHex), data })),
        }
      } catch (error) {
        return { refusal: (error as Error).message }
      }
    },
    async root() {
      await state.flush()
      return toHex(await state.getStateRoot())
    },
    async describe(address) {
      const account = await state.getAccount(addressOf(address))
      return account === undefined ? 'nothing' : `${account.nonce} ${account.balance} ${toHex(account.codeHash)}`
    },
  }
}

const addressOf = (address: Address) => new OracleAddress(fromHex(address))

/** The tip leaves the supply. */
async function takeBack(state: MerkleStateManager, coinbase: OracleAddress, amount: bigint): Promise<void> {
  const account = await state.getAccount(coinbase)
  if (account === undefined) return
  account.balance -= amount
  if (account.isEmpty()) await state.deleteAccount(coinbase)
  else await state.putAccount(coinbase, account)
}
