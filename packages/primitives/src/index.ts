export {
  type Address,
  bigIntToBytes,
  bigIntToMinimalBytes,
  bytesToBigInt,
  bytesToUtf8,
  compareBytes,
  concatBytes,
  EMPTY_BYTES,
  equalBytes,
  fromHex,
  type Hash,
  type Hex,
  isBytes,
  isHex,
  shorten,
  toHex,
  utf8ToBytes,
  ZERO_ADDRESS,
  ZERO_HASH,
} from './bytes.ts'
export * as codec from './codec.ts'
export { type Codec, decode, encode, type ValueOf } from './codec.ts'
export type { AggregateScheme, P256, RecoverableSignature, Secp256k1, SignedGroup, SignedMessage } from './crypto.ts'
export { AssertionError, assert, CodedError, type Reason, reasonOf } from './errors.ts'
export { keccak256, keccakHash, ripemd160, sha256 } from './hash.ts'
export {
  addressOfPublicKey,
  addressOfSecretKey,
  bls,
  equalSecret,
  isLowS,
  p256,
  recoverAddress,
  secp256k1,
  secureRandomBytes,
  signatureFromBytes,
  signatureToBytes,
  signDigest,
} from './keys.ts'
export {
  type Clock,
  createSeededRandom,
  type LogFields,
  type Logger,
  type Metrics,
  type Random,
  randomBelow,
  randomBytesFrom,
  shuffled,
  silentLogger,
  silentMetrics,
} from './ports.ts'
export {
  AGAINST_RULES,
  accepted,
  type ErrorTable,
  type Fault,
  FORGED,
  IMPROPER,
  OUTDATED,
  OVERLOADED,
  type Rejection,
  type RejectionTable,
  type Result,
  rejected,
  rejecter,
  rejectionOf,
  UNTIMELY,
} from './rejection.ts'
export { decodeRlp, encodeRlp, RLP_DEPTH_MAX, type RlpItem } from './rlp.ts'
export { formatAmount, parseAmount, WEI_PER_GWEI, WEI_PER_TOKEN } from './units.ts'
