import { RLP } from '@ethereumjs/rlp'
import { encode, keccakHash, toHex } from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkCodec } from '../testing/codec.ts'
import { headers } from '../testing/values.ts'
import { hashHeader, headerCodec } from './header.ts'

describe('headers', () => {
  it('have one encoding, and come back from it', () => {
    checkCodec(headerCodec, headers)
  })

  it('are hashed as Ethereum hashes the 21 fields of Prague', () => {
    fc.assert(
      fc.property(headers, h => {
        const fields = [
          h.parentHash,
          '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347',
          h.beneficiary,
          h.stateRoot,
          h.transactionsRoot,
          h.receiptsRoot,
          toHex(h.logsBloom),
          0,
          h.height,
          h.gasLimit,
          h.gasUsed,
          h.timestampS,
          h.recordHash,
          h.mix,
          '0x0000000000000000',
          h.baseFeePerGas,
          '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421',
          0,
          0,
          `0x${'00'.repeat(32)}`,
          '0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
        ]
        const encoded = RLP.encode(fields)
        expect(toHex(encode(headerCodec, h))).toBe(toHex(encoded))
        expect(hashHeader(h)).toBe(keccakHash(encoded))
      }),
      { numRuns: 50 },
    )
  })
})
