import { addressOfSecretKey, keccak256, toHex, utf8ToBytes, ZERO_HASH } from '@tan/primitives'
import fc from 'fast-check'
import { hashTypedData } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { bigUint, bytesOf, hexOf, uint } from '../testing/codec.ts'
import {
  availableTo,
  isStrictPool,
  POOL_AMOUNT_MAX,
  type PoolState,
  type PoolTerms,
  packPool,
  packTarget,
  poolIdOf,
  poolSlots,
  poolTargetSlot,
  unpackPool,
  unpackTarget,
} from './terms.ts'
import {
  chainStep,
  createHashChain,
  isChainPreimage,
  PAYMENT_POOLS_EIP712,
  recoverReserveSigner,
  recoverVoucherSigner,
  reserveDigest,
  signVoucher,
  type Voucher,
  voucherDigest,
  voucherValue,
} from './voucher.ts'

const amount = bigUint(96)
const pools: fc.Arbitrary<PoolState> = fc.record({
  payer: hexOf(20),
  signer: hexOf(20),
  reserver: hexOf(20),
  resourceCommitment: hexOf(32),
  deposit: amount,
  collateral: amount,
  paid: amount,
  claims: amount,
  expiryHeight: uint,
  status: fc.constantFrom('open', 'frozen', 'closed'),
})
const terms: fc.Arbitrary<PoolTerms> = fc.record({
  resourceCommitment: hexOf(32),
  deposit: amount,
  collateral: amount,
  durationBlocks: uint,
  signer: hexOf(20),
  reserver: hexOf(20),
  reserves: fc.array(fc.record({ target: hexOf(20), amount }), { maxLength: 3 }),
})
const vouchers: fc.Arbitrary<Voucher> = fc.record({
  poolId: hexOf(32),
  target: hexOf(20),
  amount: bigUint(256),
  targetSettlementSequence: bigUint(256),
  chainAnchor: hexOf(32),
  chainLength: fc.nat({ max: 4_096 }),
  unit: bigUint(256),
})

const secretKey = keccak256(utf8ToBytes('a payer'))
const account = privateKeyToAccount(toHex(secretKey))
const address = addressOfSecretKey(secretKey)
const domain = (chainId: number) => {
  const { contract, ...named } = PAYMENT_POOLS_EIP712
  return { ...named, chainId, verifyingContract: contract }
}

describe('pools in storage', () => {
  it('come back from their words', () => {
    fc.assert(
      fc.property(pools, pool => {
        const words = packPool(pool)
        for (const word of words) expect(word >> 256n).toBe(0n)
        expect(unpackPool(words)).toEqual(pool)
      }),
    )
    expect(unpackPool([0n, 0n, 0n, 0n, 0n, 0n])).toBeUndefined()
  })

  it('and so do targets', () => {
    const targets = fc.record({ paid: amount, reserved: amount, nonce: bigUint(64) })
    fc.assert(
      fc.property(targets, target => {
        expect(packTarget(target) >> 256n).toBe(0n)
        expect(unpackTarget(packTarget(target))).toEqual(target)
      }),
    )
  })

  it('have slots of their own', () => {
    fc.assert(
      fc.property(hexOf(32), hexOf(32), hexOf(20), (a, b, target) => {
        fc.pre(a !== b)
        const slots = [...poolSlots(a), ...poolSlots(b), poolTargetSlot(a, target), poolTargetSlot(b, target)]
        expect(new Set(slots).size).toBe(14)
      }),
    )
  })

  // spec P-CREATE
  it('have an id that names payer, number, chain and every term', () => {
    fc.assert(
      fc.property(terms, terms, hexOf(20), bigUint(64), (a, b, payer, number) => {
        const id = poolIdOf(1, payer, number, a)
        expect(poolIdOf(1, payer, number, { ...a })).toBe(id)
        const others = [
          poolIdOf(2, payer, number, a),
          poolIdOf(1, address, number, a),
          poolIdOf(1, payer, number + 1n, a),
        ]
        for (const key of Object.keys(a) as (keyof PoolTerms)[])
          if (JSON.stringify(a[key], show) !== JSON.stringify(b[key], show))
            others.push(poolIdOf(1, payer, number, { ...a, [key]: b[key] }))
        expect(new Set([id, ...others]).size).toBe(others.length + 1)
      }),
    )
  })

  // spec P-KINDS, P-RESERVE
  it('never owe more than they have: what is available is what others leave', () => {
    const pool = { deposit: 100n, claims: 70n }
    expect(availableTo(pool, { paid: 10n, reserved: 30n, nonce: 0n })).toBe(50n)
    expect(availableTo(pool, { paid: 30n, reserved: 0n, nonce: 0n })).toBe(30n)
    expect(isStrictPool({ status: 'open', collateral: 0n })).toBe(true)
    expect(isStrictPool({ status: 'frozen', collateral: 0n })).toBe(false)
    expect(isStrictPool({ status: 'open', collateral: 1n })).toBe(false)
    expect(POOL_AMOUNT_MAX).toBeGreaterThan(5n * 10n ** 27n)
  })
})

// spec P-VOUCHER, P-RESERVE
describe('vouchers and reserves', () => {
  it('have the digests that wallets sign as typed data', async () => {
    const types = {
      Voucher: [
        { name: 'poolId', type: 'bytes32' },
        { name: 'target', type: 'address' },
        { name: 'amount', type: 'uint256' },
        { name: 'targetSettlementSequence', type: 'uint256' },
        { name: 'chainAnchor', type: 'bytes32' },
        { name: 'chainLength', type: 'uint256' },
        { name: 'unit', type: 'uint256' },
      ],
      Reserve: [
        { name: 'poolId', type: 'bytes32' },
        { name: 'target', type: 'address' },
        { name: 'amount', type: 'uint256' },
        { name: 'nonce', type: 'uint256' },
      ],
    } as const
    await fc.assert(
      fc.asyncProperty(vouchers, fc.integer({ min: 1, max: 2 ** 31 }), async (voucher, chainId) => {
        const message = { ...voucher, chainLength: BigInt(voucher.chainLength) }
        const typed = { domain: domain(chainId), types, primaryType: 'Voucher', message } as const
        expect(toHex(voucherDigest(chainId, voucher))).toBe(hashTypedData(typed))
        const signature = await account.signTypedData(typed)
        const ours = signVoucher(chainId, voucher, secretKey)
        expect(toHex(ours.signature)).toBe(signature)
        expect(recoverVoucherSigner(chainId, ours)).toBe(address)
        expect(recoverVoucherSigner(chainId + 1, ours)).not.toBe(address)
        const { poolId, target, amount, targetSettlementSequence: nonce } = voucher
        const reserve = { poolId, target, amount, nonce }
        expect(toHex(reserveDigest(chainId, reserve))).toBe(
          hashTypedData({ domain: domain(chainId), types, primaryType: 'Reserve', message: reserve }),
        )
      }),
      { numRuns: 30 },
    )
  })

  // spec P-KEYS
  it('are nobody’s where the signature is none', () => {
    const voucher = fc.sample(vouchers, { numRuns: 1, seed: 1 })[0]!
    for (const signature of [new Uint8Array(), new Uint8Array(64), new Uint8Array(65), new Uint8Array(65).fill(255)]) {
      expect(recoverVoucherSigner(1, { ...voucher, signature })).toBeUndefined()
      expect(recoverReserveSigner(1, { ...voucher, nonce: 1n }, signature)).toBeUndefined()
    }
  })

  it('are worth amount and units, unless that overflows', () => {
    const most = 2n ** 256n - 1n
    expect(voucherValue({ amount: 5n, unit: 3n }, 4)).toBe(17n)
    expect(voucherValue({ amount: most, unit: 1n }, 0)).toBe(most)
    expect(voucherValue({ amount: most, unit: 1n }, 1)).toBeUndefined()
    expect(voucherValue({ amount: 0n, unit: most }, 2)).toBeUndefined()
  })
})

// spec P-VOUCHER
describe('hash chains', () => {
  const binding = { poolId: ZERO_HASH, target: address, targetSettlementSequence: 1n }

  it('lead from every preimage to the anchor, and to each earlier one', () => {
    fc.assert(
      fc.property(bytesOf(32), fc.integer({ min: 1, max: 30 }), (seed, length) => {
        const chain = createHashChain(seed, length, binding)
        expect(chain.length).toBe(length + 1)
        for (let i = 0; i <= length; i++) {
          expect(isChainPreimage(chain[i]!, i, chain[0]!, binding)).toBe(true)
          expect(isChainPreimage(chain[i]!, i + 1, chain[0]!, binding)).toBe(false)
          if (i > 0) expect(chainStep(chain[i]!, binding)).toEqual(chain[i - 1])
        }
        expect(isChainPreimage(chain[length]!, length - 1, chain[1]!, binding)).toBe(true)
      }),
      { numRuns: 20 },
    )
  })

  it('are bound to pool, target and sequence', () => {
    const chain = createHashChain(new Uint8Array(32), 3, binding)
    for (const other of [
      { ...binding, poolId: `0x${'01'.repeat(32)}` as const },
      { ...binding, target: `0x${'01'.repeat(20)}` as const },
      { ...binding, targetSettlementSequence: 2n },
    ])
      expect(isChainPreimage(chain[2]!, 2, chain[0]!, other)).toBe(false)
  })

  it('are not walked for preimages of another size, nor without end', () => {
    expect(isChainPreimage(new Uint8Array(31), 1, new Uint8Array(32), binding)).toBe(false)
    expect(isChainPreimage(new Uint8Array(32), -1, new Uint8Array(32), binding)).toBe(false)
    expect(isChainPreimage(new Uint8Array(32), 4_097, new Uint8Array(32), binding)).toBe(false)
  })
})

function show(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}` : value
}
