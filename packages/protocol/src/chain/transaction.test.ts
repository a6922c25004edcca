import { addressOfSecretKey, keccak256, toHex, utf8ToBytes } from '@tan/primitives'
import fc from 'fast-check'
import {
  getContractAddress,
  type Hex,
  parseTransaction,
  type serializeTransaction,
  keccak256 as viemKeccak,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { bigUint, checkEncoding, hexOf } from '../testing/codec.ts'
import {
  type Authorization,
  createdAddress,
  decodeTransaction,
  encodeTransaction,
  hashTransaction,
  recoverAuthority,
  recoverSender,
  signTransaction,
  type Transaction,
  type UnsignedTransaction,
} from './transaction.ts'

const secretKey = keccak256(utf8ToBytes('a sender'))
const account = privateKeyToAccount(toHex(secretKey))
const sender = addressOfSecretKey(secretKey)

const chainId = bigUint(48)
const common = {
  nonce: bigUint(53),
  gasLimit: bigUint(64),
  to: fc.option(hexOf(20), { nil: undefined }),
  value: bigUint(256),
  data: fc.uint8Array({ maxLength: 200 }),
}
const accessList = fc.array(fc.record({ address: hexOf(20), slots: fc.array(hexOf(32), { maxLength: 3 }) }), {
  maxLength: 3,
})
const fees = { maxPriorityFeePerGas: bigUint(64), maxFeePerGas: bigUint(128) }
const authorization: fc.Arbitrary<Authorization> = fc
  .record({ chainId, address: hexOf(20), nonce: bigUint(48), key: fc.constantFrom('one', 'two') })
  .map(({ key, ...fields }) => ({ ...fields, yParity: 1, r: BigInt(key.length), s: 7n }))

const unsigned: fc.Arbitrary<UnsignedTransaction> = fc.oneof(
  fc.record({
    type: fc.constant('legacy' as const),
    chainId: fc.option(chainId, { nil: undefined }),
    gasPrice: bigUint(128),
    ...common,
  }),
  fc.record({ type: fc.constant('eip2930' as const), chainId, gasPrice: bigUint(128), accessList, ...common }),
  fc.record({ type: fc.constant('eip1559' as const), chainId, accessList, ...fees, ...common }),
  fc.record({
    type: fc.constant('eip7702' as const),
    chainId,
    accessList,
    authorizations: fc.array(authorization, { maxLength: 3 }),
    ...fees,
    ...common,
  }),
)
const signed: fc.Arbitrary<Transaction> = unsigned.map(transaction => signTransaction(transaction, secretKey))

/** The same for viem, which writes some things otherwise. */
function forViem(transaction: UnsignedTransaction): Parameters<typeof serializeTransaction>[0] {
  const { type, gasLimit, to, nonce, data, value } = transaction
  const base = { gas: gasLimit, nonce: Number(nonce), data: toHex(data), value, ...(to ? { to } : {}) }
  const chain = transaction.chainId === undefined ? {} : { chainId: Number(transaction.chainId) }
  if (type === 'legacy') return { type, ...base, ...chain, gasPrice: transaction.gasPrice }
  const list = transaction.accessList.map(({ address, slots }) => ({ address, storageKeys: [...slots] }))
  const typed = { ...base, chainId: Number(transaction.chainId), accessList: list }
  if (type === 'eip2930') return { type, ...typed, gasPrice: transaction.gasPrice }
  const { maxFeePerGas, maxPriorityFeePerGas } = transaction
  if (type === 'eip1559') return { type, ...typed, maxFeePerGas, maxPriorityFeePerGas }
  const authorizationList = transaction.authorizations.map(({ chainId, address, nonce, yParity, r, s }) => ({
    chainId: Number(chainId),
    address,
    nonce: Number(nonce),
    yParity,
    r: word(r),
    s: word(s),
  }))
  return { type, ...typed, maxFeePerGas, maxPriorityFeePerGas, authorizationList }
}

function word(value: bigint): Hex {
  return `0x${value.toString(16).padStart(64, '0')}`
}

// spec L-DECODE
describe('transactions', () => {
  it('have one encoding, and come back from it', () => {
    checkEncoding(encodeTransaction, decodeTransaction, signed)
  })

  it('are signed and encoded as viem does it, for what viem takes', async () => {
    await fc.assert(
      fc.asyncProperty(unsigned, async transaction => {
        const low = { ...transaction, nonce: transaction.nonce % 2n ** 32n } as UnsignedTransaction
        // viem refuses fees below the tip, and has no legacy transaction on a chain 0
        if ('maxFeePerGas' in low && low.maxFeePerGas < low.maxPriorityFeePerGas) return
        if (low.chainId === 0n) return
        const theirs = await account.signTransaction(forViem(low))
        const ours = encodeTransaction(signTransaction(low, secretKey))
        expect(toHex(ours)).toBe(theirs)
        expect(hashTransaction(ours)).toBe(viemKeccak(theirs))
        if (low.type !== 'legacy') expect(parseTransaction(toHex(ours))).toMatchObject({ type: low.type })
      }),
    )
  })

  it('say who signed them', () => {
    fc.assert(
      fc.property(signed, transaction => {
        expect(recoverSender(transaction)).toBe(sender)
        expect(recoverSender({ ...transaction, value: (transaction.value + 1n) % 2n ** 256n })).not.toBe(sender)
      }),
      { numRuns: 50 },
    )
  })

  it('are refused with a code: blobs, unknown types, high s, zeros, too many bytes', () => {
    const transaction = signTransaction(
      {
        type: 'legacy',
        chainId: 1n,
        nonce: 0n,
        gasPrice: 1n,
        gasLimit: 1n,
        to: undefined,
        value: 0n,
        data: new Uint8Array(),
      },
      secretKey,
    )
    const refused = (code: string, bytes: Uint8Array) =>
      expect(() => decodeTransaction(bytes)).toThrowError(expect.objectContaining({ code }))
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
    refused('transaction/signature', encodeTransaction({ ...transaction, s: order - transaction.s }))
    refused('transaction/signature', encodeTransaction({ ...transaction, r: 0n }))
    refused('transaction/signature', encodeTransaction({ ...transaction, s: 0n }))
    refused('transaction/signature', encodeTransaction({ ...transaction, r: order }))
    refused('transaction/type', Uint8Array.of(3, 0xc0))
    refused('transaction/type', Uint8Array.of(5, 0xc0))
    refused('transaction/type', new Uint8Array())
    refused('codec/size', new Uint8Array(128 * 1024 + 1).fill(0xc0))
    refused('codec/invalid', Uint8Array.of(2, 0xc0))
    refused('rlp/invalid', Uint8Array.of(2, 0xc1))
  })
})

describe('authorisations of EIP-7702', () => {
  it('say who signed them, as viem has it', async () => {
    const { yParity, r, s } = await account.signAuthorization({ chainId: 5, address: sender, nonce: 3 })
    const authorization = {
      chainId: 5n,
      address: sender,
      nonce: 3n,
      yParity: yParity!,
      r: BigInt(r),
      s: BigInt(s),
    }
    expect(recoverAuthority(authorization)).toBe(sender)
    expect(recoverAuthority({ ...authorization, nonce: 4n })).not.toBe(sender)
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
    expect(recoverAuthority({ ...authorization, s: order - authorization.s })).toBeUndefined()
    for (const parity of [2, 27, 255]) expect(recoverAuthority({ ...authorization, yParity: parity })).toBeUndefined()
    for (const r of [0n, order, 2n ** 256n - 1n]) expect(recoverAuthority({ ...authorization, r })).toBeUndefined()
    for (const s of [0n, order, 2n ** 256n - 1n]) expect(recoverAuthority({ ...authorization, s })).toBeUndefined()
  })
})

describe('what the EIPs allow (L-DECODE)', () => {
  const fields = { nonce: 0n, gasLimit: 1n, to: sender, value: 0n, data: new Uint8Array() }
  const typed = { ...fields, chainId: 1n, accessList: [], maxFeePerGas: 1n, maxPriorityFeePerGas: 0n }
  const comesBack = (transaction: UnsignedTransaction) => {
    const signed = signTransaction(transaction, secretKey)
    const decoded = decodeTransaction(encodeTransaction(signed))
    expect(decoded).toEqual(signed)
    expect(recoverSender(decoded)).toBe(sender)
  }
  const wild = { chainId: 2n ** 256n - 1n, address: sender, nonce: 2n ** 64n - 1n, yParity: 255, r: 2n ** 256n - 1n }

  it('authorizations with any numbers of their width (EIP-7702), and none wider', () => {
    const authorizations = [
      { ...wild, s: 2n ** 256n - 1n },
      { chainId: 0n, address: sender, nonce: 0n, yParity: 0, r: 0n, s: 0n },
    ]
    comesBack({ type: 'eip7702', ...typed, authorizations })
    for (const wide of [{ yParity: 256 }, { s: 2n ** 256n }, { nonce: 2n ** 64n }]) {
      const authorization = { ...wild, s: 1n, ...wide }
      expect(() => {
        const unsigned: UnsignedTransaction = { type: 'eip7702', ...typed, authorizations: [authorization] }
        decodeTransaction(encodeTransaction(signTransaction(unsigned, secretKey)))
      }).toThrow()
    }
  })

  it('as many authorizations and entries of access lists as there is room for', () => {
    const shortest = { chainId: 0n, address: sender, nonce: 0n, yParity: 0, r: 0n, s: 0n }
    comesBack({ type: 'eip7702', ...typed, authorizations: Array(4_600).fill(shortest) })
    comesBack({ type: 'eip1559', ...typed, accessList: Array(5_500).fill({ address: sender, slots: [] }) })
    const slots = Array(3_900).fill(toHex(new Uint8Array(32)))
    comesBack({ type: 'eip2930', ...fields, chainId: 1n, gasPrice: 1n, accessList: [{ address: sender, slots }] })
  })

  it('chain ids of any width', () => {
    for (const id of [2n ** 64n, 2n ** 254n]) {
      comesBack({ type: 'legacy', ...fields, chainId: id, gasPrice: 1n })
      comesBack({ type: 'eip1559', ...typed, chainId: id })
    }
  })
})

it('a created contract stands where viem says', () => {
  fc.assert(
    fc.property(hexOf(20), bigUint(64), (from, nonce) => {
      expect(createdAddress(from, nonce)).toBe(getContractAddress({ from, nonce }).toLowerCase())
    }),
  )
})
