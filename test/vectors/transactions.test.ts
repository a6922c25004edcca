// Ethereum's public vectors for signed transactions, through the codec and the rules of the ledger. They are not copied
// into this repository: TAN_VECTORS says where they are.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  intrinsicGas,
  type RecoveredTransaction,
  recoverTransaction,
  TAN_RULES,
  validateSender,
  validateTransaction,
} from '@tan/ledger'
import { fromHex, type Reason } from '@tan/primitives'
import { describe, expect, it } from 'vitest'

const folder = join(
  process.env.TAN_VECTORS ?? join(import.meta.dirname, '../../../shared/vectors'),
  'ethereum/TransactionTests',
)
const isThere = existsSync(folder)
const title = isThere ? 'transaction vectors' : `transaction vectors (skipped: none in ${folder}, set TAN_VECTORS)`

/** The newest that a vector has. */
const FORKS = ['Cancun', 'Shanghai', 'Paris', 'London']

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

/** TAN's rules, on the chain of the vectors. */
const RULES = { chainId: 1, ...TAN_RULES }

function judge(bytes: Uint8Array): Verdict {
  const result = recoverTransaction(bytes)
  if (!result.ok) return result.rejection
  const { transaction, hash, sender, input } = result.value
  const richest = { nonce: transaction.nonce, balance: 2n ** 256n - 1n, code: new Uint8Array() }
  const rejection = validateTransaction(result.value, RULES) ?? validateSender(input, richest, 0n)
  return { hash, sender, gas: intrinsicGas(input, RULES).gas, ...rejection }
}

/** Where TAN is stricter than the fork of the vectors, by rules of later forks and by insisting on a chain id. */
const STRICTER: Readonly<Record<string, (recovered: RecoveredTransaction) => boolean>> = {
  'transaction/chain-id': ({ transaction }) => transaction.chainId === undefined,
  'transaction/gas-max': ({ transaction }) => transaction.gasLimit > 16_777_216n,
  'transaction/gas-intrinsic': ({ transaction, input }) => {
    const { gas, floor } = intrinsicGas(input, RULES)
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
            const recovered = recoverTransaction(bytes)
            const isStricter = recovered.ok && STRICTER[verdict.code]?.(recovered.value)
            expect(isStricter, `${name} is refused: ${verdict.message}`).toBe(true)
          }
        }
      expect(count).toBeGreaterThan(0)
    })
})
