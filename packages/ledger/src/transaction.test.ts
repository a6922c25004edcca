import { validateSender } from '@tan/evm'
import { concatBytes, EMPTY_BYTES, type Reason, ZERO_ADDRESS } from '@tan/primitives'
import {
  encodeTransaction,
  SYSTEM_ADDRESSES,
  SYSTEM_CODE,
  signTransaction,
  type UnsignedTransaction,
} from '@tan/protocol'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { GWEI, recovered, signed, TestChain, testAccount, testGenesis } from './testing/chain.ts'
import { PoolWorld, payer } from './testing/pools.ts'
import { encodeCall } from './testing/world.ts'
import { intrinsicGas, type RecoveredTransaction, TRANSACTION_GAS_MAX } from './transaction.ts'

const [alice, bob, poor] = [testAccount('alice'), testAccount('bob'), testAccount('poor')]
const genesis = testGenesis([alice, bob])

describe('a transaction', () => {
  let chain: TestChain
  beforeAll(async () => {
    chain = await TestChain.open(genesis)
  })
  const only = (transaction: RecoveredTransaction): Reason | 'included' => {
    const { skipped } = chain.build([transaction])
    return skipped[0]?.rejection ?? 'included'
  }
  const to = bob.address
  const raw = (unsigned: UnsignedTransaction) =>
    recovered(encodeTransaction(signTransaction(unsigned, alice.secretKey)))
  const fees = { gasPrice: 2n * GWEI, gasLimit: 50_000n, nonce: 0n, to, value: 0n, data: EMPTY_BYTES }
  const chainId = BigInt(genesis.chainId)

  const cases: [why: string, RecoveredTransaction, code: string][] = [
    ['of another chain', signed(genesis, alice, { to, chainId: 1n }), 'transaction/chain-id'],
    ['of no chain', raw({ type: 'legacy', chainId: undefined, ...fees }), 'transaction/chain-id'],
    [
      'of type 4 without an authorization',
      raw({
        type: 'eip7702',
        chainId,
        accessList: [],
        authorizations: [],
        maxFeePerGas: GWEI,
        maxPriorityFeePerGas: 0n,
        ...{ ...fees, gasPrice: undefined },
      } as UnsignedTransaction),
      'transaction/authorizations',
    ],
    ['with the last nonce', signed(genesis, alice, { to, nonce: 2n ** 64n - 1n }), 'transaction/nonce-max'],
    [
      'with a tip above its fee',
      signed(genesis, alice, { to, maxPriorityFeePerGas: 101n * GWEI }),
      'transaction/tip-above-fee',
    ],
    [
      'with too much gas',
      signed(genesis, alice, { to, gasLimit: BigInt(TRANSACTION_GAS_MAX) + 1n }),
      'transaction/gas-max',
    ],
    ['with too little gas', signed(genesis, alice, { to, gasLimit: 20_999n }), 'transaction/gas-intrinsic'],
    [
      'with too little gas for its data (EIP-7623)',
      signed(genesis, alice, { to, gasLimit: 21_000n + 16n * 100n, data: new Uint8Array(100).fill(1) }),
      'transaction/gas-intrinsic',
    ],
    [
      'with too much init code',
      signed(genesis, alice, { gasLimit: 3_000_000n, data: new Uint8Array(49_153) }),
      'transaction/init-code-size',
    ],
    [
      'with a fee below the base fee',
      signed(genesis, alice, { to, maxFeePerGas: GWEI - 1n }),
      'transaction/fee-below-base',
    ],
    ['with a nonce ahead', signed(genesis, alice, { to, nonce: 1n }), 'transaction/nonce-high'],
    ['that nobody can pay', signed(genesis, poor, { to }), 'transaction/balance'],
    ['that sends more than there is', signed(genesis, alice, { to, value: 6n * 10n ** 27n }), 'transaction/balance'],
  ]

  it.each(cases)('%s is refused', (_, transaction, code) => {
    expect(only(transaction)).toMatchObject({ code })
  })

  it('is refused by a block too, with the same code', () => {
    const { block } = chain.build([signed(genesis, alice, { to })])
    for (const [, transaction, code] of cases) {
      const result = chain.verifier.execute(chain.verified, block, [transaction])
      expect(result).toMatchObject({
        rejection: { code: 'block/transaction', message: expect.stringContaining(code) },
      })
    }
  })

  it('with a used nonce is refused', async () => {
    const fresh = await TestChain.open(genesis)
    const transfer = signed(genesis, alice, { to, value: 1n })
    await fresh.grow([transfer])
    expect(fresh.build([transfer]).skipped[0]?.rejection.code).toBe('transaction/nonce-low')
  })

  it('of a contract is refused, and one of an account that delegates is not (EIP-3607, EIP-7702)', () => {
    const { input } = signed(genesis, alice, { to })
    const codeOf = (code: Uint8Array) => validateSender(input, { nonce: 0n, balance: 10n ** 27n, code }, GWEI)?.code
    expect(codeOf(SYSTEM_CODE)).toBe('transaction/sender-code')
    expect(codeOf(concatBytes(Uint8Array.of(0xef, 1, 0), new Uint8Array(20)))).toBeUndefined()
    expect(codeOf(EMPTY_BYTES)).toBeUndefined()
  })

  it('of every kind is included, whatever it calls', () => {
    const accessList = [{ address: ZERO_ADDRESS, slots: [] }]
    expect(only(raw({ type: 'legacy', chainId, ...fees }))).toBe('included')
    expect(only(raw({ type: 'eip2930', chainId, accessList, ...fees }))).toBe('included')
    expect(only(signed(genesis, alice, { to }))).toBe('included')
    // with an authorization that nobody signed
    const wild = { chainId: 0n, address: to, nonce: 0n, yParity: 255, r: 0n, s: 0n }
    const { gasPrice, ...rest } = fees
    const typed = { ...rest, gasLimit: 60_000n, maxFeePerGas: gasPrice, maxPriorityFeePerGas: 0n, accessList: [] }
    expect(only(raw({ type: 'eip7702', chainId, ...typed, authorizations: [wild] }))).toBe('included')
    expect(only(signed(genesis, alice, { gasLimit: 100_000n }))).toBe('included')
    for (const number of ['0', '1', '11', '12', 'ff', '100', '101', '10001'])
      expect(only(signed(genesis, alice, { to: `0x${number.padStart(40, '0')}`, gasLimit: 600_000n }))).toBe('included')
    // a system contract that is not there yet
    expect(only(signed(genesis, alice, { to: SYSTEM_ADDRESSES.treasury, gasLimit: 30_000n }))).toBe('included')
  })

  it('pays base fee and tip for each gas, and the least for its data; all of it is burned', () => {
    const calldata = fc.uint8Array({ maxLength: 300 })
    const tips = fc.bigInt({ min: 0n, max: 40n * GWEI })
    fc.assert(
      fc.property(calldata, tips, (data, tip) => {
        const value = 5n
        const before = chain.head.state
        const transaction = signed(genesis, alice, {
          to: poor.address,
          value,
          data,
          gasLimit: 100_000n,
          maxPriorityFeePerGas: tip,
          maxFeePerGas: 20n * GWEI + tip / 2n,
        })
        const built = chain.build([transaction])
        expect(built.skipped).toEqual([])
        const zeros = data.filter(byte => byte === 0).length
        const tokens = zeros + 4 * (data.length - zeros)
        const gasUsed = 21_000 + 10 * tokens
        expect(built.header.gasUsed).toBe(gasUsed)
        const cap = 20n * GWEI + tip / 2n
        const price = GWEI + tip < cap ? GWEI + tip : cap
        const paid = before.account(alice.address)!.balance - built.state.account(alice.address)!.balance
        expect(paid).toBe(value + BigInt(gasUsed) * price)
        expect(built.burnedWei).toBe(BigInt(gasUsed) * price)
        expect(built.state.account(poor.address)!.balance).toBe(value)
      }),
      { numRuns: 40 },
    )
  })
})

// spec L-GAS
describe('refunds', () => {
  it('give back a fifth of the gas at most (EIP-3529)', async () => {
    const rules = { redeemGraceBlocks: 1 }
    const chain = await TestChain.open(testGenesis([alice, payer], rules))
    const world = new PoolWorld(chain.genesis)
    const { resourceCommitment, deposit, collateral, signer, reserver } = world.terms()
    const create = [resourceCommitment, deposit, collateral, 1n, signer, reserver, []]
    const send = (nonce: bigint, name: string, args: readonly unknown[], value = 0n) =>
      signed(chain.genesis, payer, {
        nonce,
        to: SYSTEM_ADDRESSES.paymentPools,
        data: encodeCall('pools', name, args),
        value,
        gasLimit: 200_000n,
      })
    const created = await chain.grow([send(0n, 'createPool', create, deposit + collateral)])
    const id = created.receipts[0]!.logs[0]!.topics[1]!
    await chain.grow([])
    const close = send(1n, 'close', [id])
    const closed = await chain.grow([close])
    expect(closed.receipts[0]!.succeeded).toBe(true)

    // the same call, by its parts
    world.open({ durationBlocks: 1 })
    world.height += 2
    const { gasUsed, refund } = world.call(payer.address, 'pools', 'close', [id])
    const spent = intrinsicGas(close.input, world.rules).gas + gasUsed
    expect(refund).toBeGreaterThan(spent / 5)
    expect(closed.header.gasUsed).toBe(spent - Math.floor(spent / 5))
  })
})

describe('a builder', () => {
  it('fills the gas of a block, and skips what does not fit', async () => {
    const chain = await TestChain.open(testGenesis([alice, bob], { blockGasLimit: 70_000 }))
    const to = poor.address
    const candidates = [
      signed(chain.genesis, alice, { to, nonce: 0n }),
      signed(chain.genesis, alice, { to, nonce: 2n }),
      signed(chain.genesis, bob, { to, nonce: 0n, gasLimit: 60_000n }),
      signed(chain.genesis, alice, { to, nonce: 1n }),
      signed(chain.genesis, bob, { to, nonce: 0n }),
      signed(chain.genesis, bob, { to, nonce: 1n }),
    ]
    const built = await chain.grow(candidates)
    expect(built.transactions).toEqual([candidates[0], candidates[3], candidates[4]])
    expect(built.skipped.map(({ rejection }) => rejection.code)).toEqual([
      'transaction/nonce-high',
      'transaction/block-gas',
    ])
    expect(built.header.gasUsed).toBe(63_000)
  })

  it('fills the bytes of a block', async () => {
    const chain = await TestChain.open(testGenesis([alice, bob], { blockBodyMaxBytes: 300 }))
    const candidates = [0n, 1n, 2n, 3n].map(nonce => signed(chain.genesis, alice, { to: poor.address, nonce }))
    const built = await chain.grow(candidates)
    expect(built.transactions.length).toBe(2)
    expect(built.skipped[0]?.rejection.code).toBe('transaction/block-size')
  })

  it('stops when it is told that its time is over', async () => {
    const chain = await TestChain.open(genesis)
    let asked = 0
    const built = chain.builder.build(chain.head, {
      candidates: [0n, 1n, 2n].map(nonce => signed(genesis, alice, { to: poor.address, nonce })),
      timestampS: 0,
      beneficiary: alice.address,
      record: chain.head.block.record,
      limits: { isOver: () => ++asked === 2 },
    })
    expect(built.transactions.length).toBe(2)
    expect(built.header.timestampS).toBe(genesis.timestampS)
  })
})
