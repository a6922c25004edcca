// Ethereum's public vectors for signed transactions, through the codec and the rules of the ledger. They are not copied
// into this repository: TAN_VECTORS says where they are.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { intrinsicGas, recoverTransaction, validateSender, validateTransaction } from '@tan/ledger'
import { fromHex, keccakHash, type Reason, reasonOf } from '@tan/primitives'
import { describe, expect, it } from 'vitest'

const folder = join(
  process.env.TAN_VECTORS ?? join(import.meta.dirname, '../../../shared/vectors'),
  'ethereum/TransactionTests',
)
const isThere = existsSync(folder)
const title = isThere ? 'transaction vectors' : `transaction vectors (skipped: none in ${folder}, set TAN_VECTORS)`

/** The newest that a vector has. */
const FORKS = ['Cancun', 'Shanghai', 'Paris', 'London']
const CHAIN_ID = 1

interface Expected {
  readonly exception?: string
  readonly hash?: string
  readonly sender?: string
  readonly intrinsicGas?: string
}

interface Vector {
  readonly txbytes: string
  readonly result: Readonly<Record<string, Expected>>
}

interface Verdict extends Partial<Reason> {
  readonly hash?: string
  readonly sender?: string
  readonly gas?: number
}

function judge(bytes: Uint8Array): Verdict {
  try {
    const recovered = recoverTransaction(bytes)
    const { transaction, hash, sender } = recovered
    const richest = {
      nonce: () => transaction.nonce,
      balance: () => 2n ** 256n - 1n,
      codeHash: () => keccakHash(new Uint8Array()),
      code: () => new Uint8Array(),
    }
    const rejection = validateTransaction(transaction, CHAIN_ID) ?? validateSender(recovered, richest, 0n)
    return { hash, sender, gas: intrinsicGas(transaction).gas, ...rejection }
  } catch (error) {
    return reasonOf(error)
  }
}

/** Where TAN is stricter than the fork of the vectors, by rules of later forks and by insisting on a chain id. */
const STRICTER: Readonly<
  Record<string, (transaction: ReturnType<typeof recoverTransaction>['transaction']) => boolean>
> = {
  'transaction/chain-id': transaction => transaction.chainId === undefined,
  'transaction/gas-max': transaction => transaction.gasLimit > 16_777_216n,
  'transaction/gas-intrinsic': transaction => {
    const { gas, floor } = intrinsicGas(transaction)
    return transaction.gasLimit >= BigInt(gas) && transaction.gasLimit < BigInt(floor)
  },
}

describe.skipIf(!isThere)(title, () => {
  for (const group of isThere ? readdirSync(folder).sort() : [])
    it(group, () => {
      let count = 0
      for (const file of readdirSync(join(folder, group)).filter(name => name.endsWith('.json')))
        for (const [name, { txbytes, result }] of Object.entries(
          JSON.parse(readFileSync(join(folder, group, file), 'utf8')) as Record<string, Vector>,
        )) {
          const expected = result[FORKS.find(fork => fork in result)!]!
          const bytes = fromHex(txbytes)
          const verdict = judge(bytes)
          count++
          if (expected.exception !== undefined) {
            expect(verdict.code, `${name} is refused: ${expected.exception}`).toBeDefined()
            continue
          }
          expect(verdict, name).toMatchObject({
            hash: expected.hash,
            sender: expected.sender,
            gas: Number(expected.intrinsicGas),
          })
          if (verdict.code !== undefined) {
            const { transaction } = recoverTransaction(bytes)
            expect(STRICTER[verdict.code]?.(transaction), `${name} is refused: ${verdict.message}`).toBe(true)
          }
        }
      expect(count).toBeGreaterThan(0)
    })
})
