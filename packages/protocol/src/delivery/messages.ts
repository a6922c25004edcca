// What two peers of a swarm say to each other, over one ordered channel of binary messages. The first byte tells the two
// kinds apart: 0 and a canonical encoding, or 1, the place of a piece and its raw bytes.
//
//   both   hello, auth      who they are, bound to this very connection (`handshakeDigest`)
//   both   have             which segments they hold whole
//   payee  price            what it asks
//   payer  pool             proof of the pool that will pay; the payee answers `pool-accepted` or `refused`
//   payer  voucher          opens a hash chain for this payee
//   payer  preimage         pays the next units of it
//   both   request, cancel  by piece; a request is answered by the piece or `reject`, whether it was cancelled or not
//   both   choke            nothing will be served until it says otherwise
//   both   hashes-request   answered by `hashes`, the hashes of a segment's pieces
//   payee  renew            a newer proof of the pool, please
import {
  type Address,
  assert,
  type Codec,
  CodedError,
  codec,
  concatBytes,
  decodeRlp,
  encode,
  encodeRlp,
  type Hash,
  keccak256,
  utf8ToBytes,
} from '@tan/primitives'
import { HASH_CHAIN_LENGTH_MAX } from '../limits.ts'
import type { SignedVoucher } from '../payments/voucher.ts'
import {
  REASON_CODE_MAX_BYTES,
  REASON_TEXT_MAX_BYTES,
  RENDITIONS_MAX,
  SEGMENT_PIECES_MAX,
  SEGMENTS_MAX,
  SWARM_MESSAGE_MAX_BYTES,
} from './limits.ts'
import { PIECE_HASH_BYTES, PIECE_SIZE_BYTES, type PieceRef } from './pieces.ts'
import { type PoolProof, poolProofCodec } from './pool-proof.ts'

export const SWARM_VERSION = 1

interface Hello {
  readonly version: number
  readonly resourceId: Hash
  /** session key of a viewer, payee key of an edge: the target of vouchers to it */
  readonly address: Address
  /** 32 random bytes, fresh for this connection */
  readonly nonce: Uint8Array
}

export type SwarmMessage =
  | ({ readonly type: 'hello' } & Hello)
  /** 65 bytes over `handshakeDigest` */
  | { readonly type: 'auth'; readonly signature: Uint8Array }
  /**
   * one bit per segment from `firstSegment` on, lowest bit of the first byte first; set if complete. Replaces earlier
   * ones
   */
  | {
      readonly type: 'have'
      readonly rendition: number
      readonly firstSegment: number
      readonly segments: Uint8Array
    }
  | ({ readonly type: 'request' } & PieceRef)
  | ({ readonly type: 'cancel' } & PieceRef)
  | ({ readonly type: 'reject'; readonly code: string } & PieceRef)
  | { readonly type: 'choke'; readonly choked: boolean }
  | { readonly type: 'hashes-request'; readonly rendition: number; readonly segment: number }
  /** no hashes: it does not know them */
  | { readonly type: 'hashes'; readonly rendition: number; readonly segment: number; readonly hashes: Uint8Array }
  /** TANGam wei: a piece, and once before the first one */
  | { readonly type: 'price'; readonly pieceWei: bigint; readonly openingWei: bigint }
  | { readonly type: 'pool'; readonly proof: PoolProof }
  /** what it has served on this pool and opening payments, over the pool's life, and up to what total it will serve */
  | {
      readonly type: 'pool-accepted'
      readonly poolId: Hash
      readonly chargedWei: bigint
      readonly limitWei: bigint
    }
  | { readonly type: 'voucher'; readonly voucher: SignedVoucher }
  /** `index` counts from the anchor of the newest voucher */
  | { readonly type: 'preimage'; readonly index: number; readonly preimage: Uint8Array }
  | { readonly type: 'renew' }
  /** of a pool or payment, or of the whole connection, which then closes */
  | { readonly type: 'refused'; readonly code: string; readonly message: string }

export type SwarmMessageOf<T extends SwarmMessage['type']> = Extract<SwarmMessage, { type: T }>

/** A piece as it travels: its bytes follow its place. */
export interface PieceMessage extends PieceRef {
  readonly type: 'piece'
  readonly bytes: Uint8Array
}

// -------------------------------------------------------------------------------------------------- encodings

const { uint, uint256 } = codec

/** An index that is below `limit`, so that no message names what no manifest could have. */
function below(limit: number): Codec<number> {
  return {
    itemsMax: 1,
    toRlp: value => {
      assert(value < limit, `index ${value} is not below ${limit}`)
      return uint.toRlp(value)
    },
    fromRlp(item, path) {
      const value = uint.fromRlp(item, path)
      if (value >= limit) throw new CodedError('codec/invalid', `${path}: ${value} is not below ${limit}`)
      return value
    },
  }
}

const rendition = below(RENDITIONS_MAX)
const segment = below(SEGMENTS_MAX)
const pieceRef = { rendition, segment, piece: below(SEGMENT_PIECES_MAX) }
const code = codec.text(REASON_CODE_MAX_BYTES)

export const signedVoucherCodec: Codec<SignedVoucher> = codec.struct<SignedVoucher>({
  poolId: codec.hash,
  target: codec.address,
  amount: uint256,
  targetSettlementSequence: uint256,
  chainAnchor: codec.hash,
  chainLength: below(HASH_CHAIN_LENGTH_MAX + 1),
  unit: uint256,
  signature: codec.fixedBytes(65),
})

const swarmMessageCodec: Codec<SwarmMessage> = codec.union<SwarmMessage>({
  hello: [
    1,
    codec.struct({ version: uint, resourceId: codec.hash, address: codec.address, nonce: codec.fixedBytes(32) }),
  ],
  auth: [2, codec.struct({ signature: codec.fixedBytes(65) })],
  have: [3, codec.struct({ rendition, firstSegment: segment, segments: codec.bytes(Math.ceil(SEGMENTS_MAX / 8)) })],
  request: [4, codec.struct(pieceRef)],
  cancel: [5, codec.struct(pieceRef)],
  reject: [6, codec.struct({ ...pieceRef, code })],
  choke: [7, codec.struct({ choked: codec.bool })],
  'hashes-request': [8, codec.struct({ rendition, segment })],
  hashes: [9, codec.struct({ rendition, segment, hashes: codec.bytes(SEGMENT_PIECES_MAX * PIECE_HASH_BYTES) })],
  price: [10, codec.struct({ pieceWei: uint256, openingWei: uint256 })],
  pool: [11, codec.struct({ proof: poolProofCodec })],
  'pool-accepted': [12, codec.struct({ poolId: codec.hash, chargedWei: uint256, limitWei: uint256 })],
  voucher: [13, codec.struct({ voucher: signedVoucherCodec })],
  preimage: [14, codec.struct({ index: below(HASH_CHAIN_LENGTH_MAX + 1), preimage: codec.fixedBytes(32) })],
  renew: [15, codec.struct({})],
  refused: [16, codec.struct({ code, message: codec.text(REASON_TEXT_MAX_BYTES) })],
})

const CONTROL = 0
const PIECE = 1
/** kind, rendition, segment and piece, before a piece's bytes */
const PIECE_HEAD_BYTES = 1 + 1 + 4 + 2

export function encodeSwarmMessage(message: SwarmMessage | PieceMessage): Uint8Array {
  if (message.type !== 'piece') return concatBytes(Uint8Array.of(CONTROL), encode(swarmMessageCodec, message))
  const { rendition, segment, piece, bytes } = message
  assert(bytes.length > 0 && bytes.length <= PIECE_SIZE_BYTES, `a piece of ${bytes.length} bytes`)
  const out = new Uint8Array(PIECE_HEAD_BYTES + bytes.length)
  const view = new DataView(out.buffer)
  out[0] = PIECE
  out[1] = rendition
  view.setUint32(2, segment)
  view.setUint16(6, piece)
  out.set(bytes, PIECE_HEAD_BYTES)
  return out
}

/**
 * spec D-CHANNEL.
 * The bytes of a piece share memory with `message`. Throws `swarm/size`, `swarm/malformed`, or what the codecs throw
 * (`rlp/invalid`, `codec/invalid`).
 */
export function decodeSwarmMessage(message: Uint8Array): SwarmMessage | PieceMessage {
  if (message.length > SWARM_MESSAGE_MAX_BYTES)
    throw new CodedError('swarm/size', `a message of ${message.length} bytes; ${SWARM_MESSAGE_MAX_BYTES} are allowed`)
  if (message[0] === CONTROL)
    return swarmMessageCodec.fromRlp(decodeRlp(message.subarray(1), swarmMessageCodec.itemsMax), 'message')
  const size = message.length - PIECE_HEAD_BYTES
  if (message[0] !== PIECE || size <= 0 || size > PIECE_SIZE_BYTES)
    throw new CodedError('swarm/malformed', `${message.length} bytes that are neither a message nor a piece`)
  const view = new DataView(message.buffer, message.byteOffset)
  return {
    type: 'piece',
    rendition: message[1]!,
    segment: view.getUint32(2),
    piece: view.getUint16(6),
    bytes: message.subarray(PIECE_HEAD_BYTES),
  }
}

// -------------------------------------------------------------------------------------------------- handshake

/** The two certificates under which a connection is encrypted: SHA-256 fingerprints, 32 bytes each. */
export interface ChannelBinding {
  readonly local: Uint8Array
  readonly remote: Uint8Array
}

/**
 * spec D-HANDSHAKE.
 * What the sender of `from` signs: both identities, both nonces, and the fingerprints of both ends as the sender sees
 * them. A tracker or relay that stood in between would have to show other fingerprints than the ones signed.
 */
export function handshakeDigest(from: Hello, to: Hello, binding: ChannelBinding): Uint8Array {
  return keccak256(
    concatBytes(
      utf8ToBytes('TAN swarm handshake\n'),
      encodeRlp([
        uint.toRlp(SWARM_VERSION),
        codec.hash.toRlp(from.resourceId),
        [codec.address.toRlp(from.address), from.nonce, binding.local],
        [codec.address.toRlp(to.address), to.nonce, binding.remote],
      ]),
    ),
  )
}
