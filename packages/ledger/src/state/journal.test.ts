import { type Address, type Hash, toHex } from '@tan/primitives'
import { type Account, EMPTY_CODE_HASH, EMPTY_ROOT } from '@tan/storage'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Journal } from './journal.ts'

const addresses: readonly Address[] = [1, 2, 3].map(i => toHex(new Uint8Array(20).fill(i)))
const slots: readonly Hash[] = [1, 2].map(i => toHex(new Uint8Array(32).fill(i)))

/** The first two exist, the first with a slot. */
const parent = {
  account: (address: Address): Account | undefined =>
    address === addresses[2]
      ? undefined
      : { nonce: 1n, balance: 100n, codeHash: EMPTY_CODE_HASH, storageRoot: EMPTY_ROOT },
  storage: (address: Address, slot: Hash) => (address === addresses[0] && slot === slots[0] ? 9n : 0n),
  code: () => new Uint8Array(),
}

type Step =
  | { type: 'credit' | 'burn'; account: number; amount: bigint }
  | { type: 'nonce'; account: number; nonce: bigint }
  | { type: 'slot'; account: number; slot: number; value: bigint }
  | { type: 'touch'; account: number; slot: number | undefined }
  | { type: 'log' | 'mark' | 'rollback' | 'next' }
  | { type: 'refund'; gas: number }

const account = fc.nat({ max: 2 })
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      type: fc.constantFrom('credit' as const, 'burn' as const),
      account,
      amount: fc.bigInt({ min: 0n, max: 50n }),
    }),
    fc.record({ type: fc.constant('nonce' as const), account, nonce: fc.bigInt({ min: 0n, max: 3n }) }),
    fc.record({
      type: fc.constant('slot' as const),
      account,
      slot: fc.nat({ max: 1 }),
      value: fc.constantFrom(0n, 5n, 9n),
    }),
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant('touch' as const),
        account,
        slot: fc.option(fc.nat({ max: 1 }), { nil: undefined }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('mark' as const, 'rollback' as const) }) },
    fc.record({ type: fc.constantFrom('log' as const, 'next' as const) }),
    fc.record({ type: fc.constant('refund' as const), gas: fc.integer({ min: -5, max: 5 }) }),
  ),
  { maxLength: 40 },
)

/** Everything that can be seen, copied whole at each checkpoint: slow, and plainly right. */
interface Model {
  balances: bigint[]
  nonces: bigint[]
  values: bigint[][]
  originals: bigint[][]
  touched: Set<string>
  logs: number
  refund: number
  burned: bigint
}

function start(): Model {
  const values = addresses.map(address => slots.map(slot => parent.storage(address, slot)))
  return {
    balances: addresses.map(address => parent.account(address)?.balance ?? 0n),
    nonces: addresses.map(address => parent.account(address)?.nonce ?? 0n),
    values,
    originals: values.map(row => [...row]),
    touched: new Set(),
    logs: 0,
    refund: 0,
    burned: 0n,
  }
}

const copy = (m: Model): Model => structuredClone(m)

describe('the journal', () => {
  it('shows what was done, takes back what was not to be, and writes the difference', () => {
    fc.assert(
      fc.property(steps, list => {
        const journal = new Journal(parent)
        journal.beginTransaction()
        let m = start()
        const marks: { checkpoint: number; model: Model }[] = []
        for (const step of list) {
          switch (step.type) {
            case 'credit':
              journal.credit(addresses[step.account]!, step.amount)
              m.balances[step.account]! += step.amount
              break
            case 'burn': {
              const amount = step.amount < m.balances[step.account]! ? step.amount : m.balances[step.account]!
              journal.burn(addresses[step.account]!, amount)
              m.balances[step.account]! -= amount
              m.burned += amount
              break
            }
            case 'nonce':
              journal.setNonce(addresses[step.account]!, step.nonce)
              m.nonces[step.account] = step.nonce
              break
            case 'slot':
              journal.setSlot(addresses[step.account]!, slots[step.slot]!, step.value)
              m.values[step.account]![step.slot] = step.value
              break
            case 'touch': {
              const name = `${step.account} ${step.slot}`
              const address = addresses[step.account]!
              const isCold =
                step.slot === undefined ? journal.touch(address) : journal.touchSlot(address, slots[step.slot]!)
              expect(isCold).toBe(!m.touched.has(name))
              m.touched.add(name)
              break
            }
            case 'log':
              journal.log({ address: addresses[0]!, topics: [], data: new Uint8Array() })
              m.logs++
              break
            case 'refund':
              journal.addRefund(step.gas)
              m.refund += step.gas
              break
            case 'mark':
              marks.push({ checkpoint: journal.checkpoint(), model: copy(m) })
              break
            case 'rollback': {
              const mark = marks.pop()
              if (mark === undefined) break
              journal.rollback(mark.checkpoint)
              m = mark.model
              break
            }
            case 'next':
              journal.beginTransaction()
              marks.length = 0
              Object.assign(m, { touched: new Set(), logs: 0, refund: 0, originals: m.values.map(row => [...row]) })
          }
          for (const [i, address] of addresses.entries()) {
            expect(journal.balance(address)).toBe(m.balances[i])
            expect(journal.nonce(address)).toBe(m.nonces[i])
            expect(journal.isEmpty(address)).toBe(m.balances[i] === 0n && m.nonces[i] === 0n)
            for (const [j, slot] of slots.entries()) {
              expect(journal.slot(address, slot)).toBe(m.values[i]![j])
              expect(journal.originalSlot(address, slot)).toBe(m.originals[i]![j])
            }
          }
          expect([journal.logs().length, journal.refund(), journal.burnedWei()]).toEqual([m.logs, m.refund, m.burned])
        }
        const { accounts, storage } = journal.writes()
        for (const [i, address] of addresses.entries()) {
          const before = parent.account(address)
          const isGone = m.balances[i] === 0n && m.nonces[i] === 0n
          const isSame = isGone
            ? before === undefined
            : before?.balance === m.balances[i] && before?.nonce === m.nonces[i]
          expect(accounts.has(address)).toBe(!isSame)
          if (!isSame)
            expect(accounts.get(address)).toEqual(
              isGone ? undefined : { nonce: m.nonces[i], balance: m.balances[i], codeHash: EMPTY_CODE_HASH },
            )
          const changed = slots.filter((slot, j) => parent.storage(address, slot) !== m.values[i]![j])
          expect([...(storage.get(address)?.slots.keys() ?? [])].sort()).toEqual(changed)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('asserts that nobody spends what is not there', () => {
    const journal = new Journal(parent)
    expect(() => journal.debit(addresses[0]!, 101n)).toThrow(/a debit of 101/)
  })
})
