import {
  AssertionError,
  addressOfSecretKey,
  CodedError,
  createSeededRandom,
  encode,
  type Hash,
  randomBytesFrom,
  toHex,
} from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EMPTY_LOGS_BLOOM } from '../chain/header.ts'
import { signVoucher } from '../payments/voucher.ts'
import {
  decodeSwarmMessage,
  encodeSwarmMessage,
  handshakeDigest,
  type PieceMessage,
  type SwarmMessage,
} from './messages.ts'
import { PIECE_SIZE_BYTES } from './pieces.ts'
import { type PoolProof, poolProofCodec } from './pool-proof.ts'

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytes => toHex(bytes) as Hash)
const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(toHex)
const wei = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })
const height = fc.nat()
const ref = { rendition: fc.nat({ max: 15 }), segment: fc.nat({ max: 65_535 }), piece: fc.nat({ max: 1_023 }) }
const fixed = (size: number) => fc.uint8Array({ minLength: size, maxLength: size })
const path = fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 9 })

const header = fc.record({
  parentHash: hash,
  beneficiary: address,
  stateRoot: hash,
  transactionsRoot: hash,
  receiptsRoot: hash,
  logsBloom: fc.constant(EMPTY_LOGS_BLOOM),
  height,
  gasLimit: height,
  gasUsed: height,
  timestampS: height,
  recordHash: hash,
  mix: hash,
  baseFeePerGas: wei,
})
const certificate = fc.record({
  epoch: height,
  blockHash: hash,
  justifyEpoch: height,
  signers: fc.uint8Array({ maxLength: 2 }),
  signature: fixed(96),
})
const proof: fc.Arbitrary<PoolProof> = fc.record({
  poolId: hash,
  header,
  settlement: fc.record({
    header,
    record: fc.record({
      epoch: height,
      reveal: fixed(96),
      justify: certificate,
      epochChange: fc.constant(undefined),
      committeeRoot: fc.option(hash, { nil: undefined }),
      poolRoot: fc.option(hash, { nil: undefined }),
      finality: fc.constant(undefined),
    }),
    certificate,
  }),
  accountProof: path,
  slotProofs: fc.array(path, { maxLength: 7 }),
  salt: hash,
})
const voucher = fc.record({
  poolId: hash,
  target: address,
  amount: wei,
  targetSettlementSequence: wei,
  chainAnchor: hash,
  chainLength: fc.nat({ max: 4_096 }),
  unit: wei,
  signature: fixed(65),
})
const code = fc.stringMatching(/^[a-z/-]{1,40}$/)

const of = <T extends SwarmMessage['type'], F extends object>(
  type: T,
  fields: { [K in keyof F]: fc.Arbitrary<F[K]> },
) => fc.record({ type: fc.constant(type), ...fields } as Record<string, fc.Arbitrary<unknown>>)

const message = fc.oneof(
  of('hello', { version: height, resourceId: hash, address, nonce: fixed(32) }),
  of('auth', { signature: fixed(65) }),
  of('have', { rendition: ref.rendition, firstSegment: ref.segment, segments: fc.uint8Array() }),
  of('request', ref),
  of('cancel', ref),
  of('reject', { ...ref, code }),
  of('choke', { choked: fc.boolean() }),
  of('hashes-request', { rendition: ref.rendition, segment: ref.segment }),
  of('hashes', { rendition: ref.rendition, segment: ref.segment, hashes: fc.uint8Array() }),
  of('price', { pieceWei: wei, openingWei: wei }),
  of('pool', { proof }),
  of('pool-accepted', { poolId: hash, chargedWei: wei, limitWei: wei }),
  of('voucher', { voucher }),
  of('preimage', { index: fc.nat({ max: 4_096 }), preimage: fixed(32) }),
  of('renew', {}),
  of('refused', { code, message: code }),
) as fc.Arbitrary<unknown> as fc.Arbitrary<SwarmMessage>

/** Decodes, or gives the code of the refusal; anything else thrown is a bug. */
function decoded(bytes: Uint8Array): SwarmMessage | PieceMessage | string {
  try {
    return decodeSwarmMessage(bytes)
  } catch (error) {
    if (error instanceof CodedError) return error.code
    throw error
  }
}

// spec D-CHANNEL
describe('swarm messages', () => {
  it('survive their encoding', () => {
    fc.assert(
      fc.property(message, value => {
        expect(decodeSwarmMessage(encodeSwarmMessage(value))).toEqual(value)
      }),
      { numRuns: 500 },
    )
  })

  it('have one encoding: what decodes, encodes to the same bytes', () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, flip) => {
        const bytes = encodeSwarmMessage(value)
        bytes[at % bytes.length]! ^= flip
        const back = decoded(bytes)
        if (typeof back === 'string') return
        expect(toHex(encodeSwarmMessage(back))).toBe(toHex(bytes))
      }),
      { numRuns: 1_000 },
    )
  })

  it('refuse garbage, truncation and excess with a code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), bytes => {
        const back = decoded(bytes)
        expect(typeof back === 'string' ? back : back.type).toMatch(/./)
      }),
    )
    fc.assert(
      fc.property(message, fc.nat(), (value, cut) => {
        const bytes = encodeSwarmMessage(value)
        expect(typeof decoded(bytes.subarray(0, cut % bytes.length))).toBe('string')
      }),
    )
    expect(decoded(new Uint8Array(200_000))).toBe('swarm/size')
    expect(decoded(Uint8Array.of(2, 0))).toBe('swarm/malformed')
    expect(decoded(new Uint8Array(0))).toBe('swarm/malformed')
  })

  it('carry pieces raw', () => {
    const bytes = randomBytesFrom(createSeededRandom(1), PIECE_SIZE_BYTES)
    const piece: PieceMessage = { type: 'piece', rendition: 3, segment: 65_535, piece: 1_023, bytes }
    const encoded = encodeSwarmMessage(piece)
    expect(encoded.length).toBe(PIECE_SIZE_BYTES + 8)
    expect(decodeSwarmMessage(encoded)).toEqual(piece)
    // from the middle of a larger buffer, as sockets give it
    const larger = new Uint8Array(encoded.length + 5)
    larger.set(encoded, 5)
    expect(decodeSwarmMessage(larger.subarray(5))).toEqual(piece)
    expect(decoded(new Uint8Array([...encoded, 0]))).toBe('swarm/malformed')
    expect(decoded(encoded.subarray(0, 8))).toBe('swarm/malformed')
  })

  it('name no index that no manifest could have', () => {
    expect(() => encodeSwarmMessage({ type: 'request', rendition: 16, segment: 0, piece: 0 })).toThrow(AssertionError)
  })
})

// spec D-HANDSHAKE
describe('the digest of a handshake', () => {
  it('depends on every part of it', () => {
    const random = createSeededRandom(3)
    const resourceId = toHex(randomBytesFrom(random, 32))
    const hello = () => ({
      version: 1,
      resourceId,
      address: toHex(randomBytesFrom(random, 20)),
      nonce: randomBytesFrom(random, 32),
    })
    const a = hello()
    const b = hello()
    const binding = { local: randomBytesFrom(random, 32), remote: randomBytesFrom(random, 32) }
    const other = randomBytesFrom(random, 32)
    const digests = [
      handshakeDigest(a, b, binding),
      handshakeDigest(b, a, binding),
      handshakeDigest(a, b, { local: binding.remote, remote: binding.local }),
      handshakeDigest(a, b, { ...binding, local: other }),
      handshakeDigest(a, b, { ...binding, remote: other }),
      handshakeDigest({ ...a, nonce: other }, b, binding),
      handshakeDigest(a, { ...b, nonce: other }, binding),
      handshakeDigest({ ...a, resourceId: toHex(other) }, b, binding),
      handshakeDigest({ ...a, address: b.address }, b, binding),
    ].map(toHex)
    expect(new Set(digests).size).toBe(digests.length)
  })
})

// spec D-PROOF
describe('a pool proof', () => {
  it('fits into a message with a large committee and deep tries', () => {
    const node = new Uint8Array(532).fill(7)
    const deep = Array.from({ length: 12 }, () => node)
    const [sample] = fc.sample(proof, { numRuns: 1, seed: 5 })
    const bytes = encode(poolProofCodec, {
      ...sample!,
      accountProof: deep,
      slotProofs: Array.from({ length: 7 }, () => deep),
    })
    expect(bytes.length).toBeLessThan(96 * 1024)
  })

  it('and a real voucher travel unchanged', () => {
    const secretKey = randomBytesFrom(createSeededRandom(9), 32)
    const signed = signVoucher(
      7,
      {
        poolId: `0x${'0a'.repeat(32)}`,
        target: addressOfSecretKey(secretKey),
        amount: 5n,
        targetSettlementSequence: 1n,
        chainAnchor: `0x${'0b'.repeat(32)}`,
        chainLength: 16,
        unit: 3n,
      },
      secretKey,
    )
    expect(decodeSwarmMessage(encodeSwarmMessage({ type: 'voucher', voucher: signed }))).toEqual({
      type: 'voucher',
      voucher: signed,
    })
  })
})
