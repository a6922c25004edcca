// The shape of the cryptographic backends. `#crypto` picks one by conditional export: native code in Node
// (crypto.node.ts), pure code in browsers (crypto.browser.ts). Both give the same results to the byte; a test compares them.

export interface RecoverableSignature {
  /** r and s, 32 bytes each, s in the lower half of the order (EIP-2) */
  readonly compact: Uint8Array
  /** parity of R's y coordinate */
  readonly recovery: 0 | 1
}

/** ECDSA over secp256k1 on 32-byte digests. Nothing here throws for bad outside input: it answers undefined or false. */
export interface Secp256k1 {
  /** which code runs, for the start-up log and for tests of the native one */
  readonly implementation: 'native' | 'pure'
  /** 65 bytes, uncompressed, of a 32-byte secret key; undefined where the key is 0 or not below the order */
  publicKey(secretKey: Uint8Array): Uint8Array | undefined
  /** deterministic (RFC 6979) */
  sign(digest: Uint8Array, secretKey: Uint8Array): RecoverableSignature
  /** the 65-byte public key that made the signature (r and s, 64 bytes, low or high s), or undefined */
  recover(digest: Uint8Array, compact: Uint8Array, recovery: number): Uint8Array | undefined
  /** false for high s too */
  verify(digest: Uint8Array, compact: Uint8Array, publicKey: Uint8Array): boolean
}

/** ECDSA over P-256 on 32-byte digests, as EIP-7951 has it: high s is as good as low. Nothing here throws for bad outside input. */
export interface P256 {
  readonly implementation: 'native' | 'pure'
  /**
   * `compact` is r and s, `publicKey` x and y, 32 bytes each. False unless r and s are 1 to the order less 1, and the
   * point is on the curve with both coordinates below the field's prime.
   */
  verify(digest: Uint8Array, compact: Uint8Array, publicKey: Uint8Array): boolean
}

/** One message and its signers, inside an aggregate over several messages. */
export interface SignedGroup {
  readonly publicKeys: readonly Uint8Array[]
  readonly message: Uint8Array
}

export interface SignedMessage {
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/**
 * Aggregatable signatures: 48-byte public keys, 96-byte signatures. In production BLS12-381 with the ciphersuite
 * BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_ (draft-irtf-cfrg-bls-signature-05); the simulator plugs in a cheap scheme
 * of the same shape. Public keys must have been registered with a proof of possession before they are aggregated.
 * Whatever is malformed, outside the subgroup or at infinity verifies as false.
 */
export interface AggregateScheme {
  readonly implementation: string
  /** 32 secret bytes, below the group order and not 0, from 32 or more random bytes */
  secretKey(randomBytes: Uint8Array): Uint8Array
  publicKey(secretKey: Uint8Array): Uint8Array
  isPublicKey(publicKey: Uint8Array): boolean
  sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array
  verify(message: Uint8Array, publicKey: Uint8Array, signature: Uint8Array): boolean
  /** The sum of signatures that were verified before. Throws `bls/signature` for malformed ones. */
  aggregate(signatures: readonly Uint8Array[]): Uint8Array
  /** All of `publicKeys` (at least one) signed `message`. */
  verifyAggregate(message: Uint8Array, publicKeys: readonly Uint8Array[], signature: Uint8Array): boolean
  /** Each group's keys signed the group's message. At least one group, none empty, messages pairwise different. */
  verifyGroups(groups: readonly SignedGroup[], signature: Uint8Array): boolean
  /** Whether all are valid, by one randomised check; true for none. */
  verifyBatch(messages: readonly SignedMessage[]): boolean
}

export interface CryptoBackend {
  /** 32 bytes; the original padding, not SHA-3's */
  keccak256(data: Uint8Array): Uint8Array
  sha256(data: Uint8Array): Uint8Array
  ripemd160(data: Uint8Array): Uint8Array
  randomBytes(sizeBytes: number): Uint8Array
  readonly secp256k1: Secp256k1
  readonly p256: P256
  readonly bls: AggregateScheme
}
