// With which codes this room fails. docs/errors.md lists them.
import type { ErrorTable } from './rejection.ts'

export const ERRORS = {
  'internal/unexpected':
    'Something failed that should not have, and nobody gave it a code. The log has the message; report it if it comes again.',
  'bytes/hex': 'A text is not hexadecimal: expected 0x and an even number of digits.',
  'bytes/overflow': 'A number is negative, or needs more bytes than there are for it.',
  'bytes/utf8': 'The bytes of a text are not well-formed UTF-8.',
  'rlp/invalid': 'Bytes are not canonical RLP. Whoever encoded them has a fault.',
  'codec/invalid': 'A decoded value has the wrong shape. The message says where.',
  'codec/size': 'A message is longer than its bound.',
  'units/amount': 'A text is not an amount. Write digits, with at most 18 after a point, and no commas.',
  'keys/secret': 'The bytes are not a secp256k1 secret key.',
  'keys/signature': 'The bytes are not a 65-byte signature.',
  'bls/signature': 'There is nothing to aggregate, or a BLS signature is malformed.',
  'bls/unsupported': 'Browsers do not make BLS keys. Make them in Node.',
} as const satisfies ErrorTable
