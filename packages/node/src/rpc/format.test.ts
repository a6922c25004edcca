// The forms in which clients read transactions and receipts: viem, which is strict about them, reads ours back.
import type { Receipt, SentTransaction } from '@tan/ledger'
import { addressOfSecretKey, createSeededRandom, keccakHash, randomBytesFrom, toHex } from '@tan/primitives'
import {
  type BlockHeader,
  EMPTY_LOGS_BLOOM,
  encodeTransaction,
  hashTransaction,
  signTransaction,
  type UnsignedTransaction,
} from '@tan/protocol'
import { getContractAddress, formatTransactionReceipt as viemReceipt, formatTransaction as viemTransaction } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { formatReceipt, formatTransaction } from './format.ts'

const secretKey = randomBytesFrom(createSeededRandom(3), 32)
const sender = addressOfSecretKey(secretKey)
const place = {
  header: { height: 7, baseFeePerGas: 10n, timestampS: 1_700_000_000 } as BlockHeader,
  hash: keccakHash(new Uint8Array(1)),
  index: 0,
}
const common = { chainId: 7n, nonce: 300n, gasLimit: 90_000n, value: 5n, data: Uint8Array.of(1), accessList: [] }
const fees = { maxFeePerGas: 100n, maxPriorityFeePerGas: 3n }

function recovered(unsigned: UnsignedTransaction): SentTransaction {
  const transaction = signTransaction(unsigned, secretKey)
  const encoded = encodeTransaction(transaction)
  return { transaction, sender, encoded, hash: hashTransaction(encoded) }
}

function receiptOf(type: Receipt['type'], succeeded: boolean): Receipt {
  return { type, succeeded, cumulativeGasUsed: 60_000, logsBloom: EMPTY_LOGS_BLOOM, logs: [] }
}

describe('a transaction that creates a contract', () => {
  const creation = recovered({ type: 'eip1559', to: undefined, ...common, ...fees })

  it.each([true, false])('has a receipt that names the contract, whether it succeeded or not: %s', succeeded => {
    const receipt = viemReceipt(formatReceipt(creation, [receiptOf('eip1559', succeeded)], place) as never)
    expect(receipt).toMatchObject({
      contractAddress: getContractAddress({ from: sender, nonce: 300n }).toLowerCase(),
      to: null,
      status: succeeded ? 'success' : 'reverted',
      effectiveGasPrice: 13n,
      gasUsed: 60_000n,
      type: 'eip1559',
    })
  })

  it('goes to nobody', () => {
    expect(viemTransaction(formatTransaction(creation, place) as never)).toMatchObject({ to: null, gasPrice: 13n })
    expect(viemTransaction(formatTransaction(creation, undefined) as never)).toMatchObject({ blockHash: null })
  })
})

describe('a transaction with authorizations (EIP-7702)', () => {
  it('lists them, and is of type 4', async () => {
    const account = privateKeyToAccount(toHex(secretKey))
    const signed = await account.signAuthorization({ chainId: 7, address: sender, nonce: 301 })
    const authorization = {
      ...{ chainId: 7n, address: sender, nonce: 301n, yParity: signed.yParity as 0 | 1 },
      ...{ r: BigInt(signed.r), s: BigInt(signed.s) },
    }
    const delegating = recovered({ type: 'eip7702', to: sender, ...common, ...fees, authorizations: [authorization] })
    const read = viemTransaction(formatTransaction(delegating, place) as never)
    expect(read).toMatchObject({ type: 'eip7702', typeHex: '0x4', maxFeePerGas: 100n, gasPrice: 13n })
    const [listed] = read.authorizationList!
    expect(listed).toMatchObject({ chainId: 7, address: sender, nonce: 301, yParity: signed.yParity })
    expect([BigInt(listed!.r), BigInt(listed!.s)]).toEqual([authorization.r, authorization.s])
    const receipt = formatReceipt(delegating, [receiptOf('eip7702', true)], place)
    expect(receipt).toMatchObject({ type: '0x4', contractAddress: null, to: sender })
  })
})
