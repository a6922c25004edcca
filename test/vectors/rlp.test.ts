// Ethereum's public vectors for RLP. They are not copied into this repository: TAN_VECTORS says where they are.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  bigIntToMinimalBytes,
  CodedError,
  decodeRlp,
  encodeRlp,
  fromHex,
  type RlpItem,
  toHex,
  utf8ToBytes,
} from '@tan/primitives'
import { describe, expect, it } from 'vitest'

const folder = join(
  process.env.TAN_VECTORS ?? join(import.meta.dirname, '../../../shared/vectors'),
  'ethereum/RLPTests',
)
const isThere = existsSync(folder)
const title = isThere ? 'RLP vectors' : `RLP vectors (skipped: none in ${folder}, set TAN_VECTORS)`

type Value = string | number | readonly Value[]
interface Vector {
  readonly in: Value
  readonly out: string
}

function vectorsOf(file: string): [string, Vector][] {
  return isThere ? Object.entries(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, Vector>) : []
}

/** Texts stand for their bytes, those that begin with # for a large number. */
function itemOf(value: Value): RlpItem {
  if (typeof value === 'number') return bigIntToMinimalBytes(BigInt(value))
  if (typeof value !== 'string') return value.map(itemOf)
  return value.startsWith('#') ? bigIntToMinimalBytes(BigInt(value.slice(1))) : utf8ToBytes(value)
}

describe.skipIf(!isThere)(title, () => {
  it.each(vectorsOf('rlptest.json'))('%s', (_, { in: value, out }) => {
    const item = itemOf(value)
    expect(toHex(encodeRlp(item))).toBe(out.toLowerCase())
    expect(decodeRlp(fromHex(out))).toEqual(item)
  })

  it.each(vectorsOf('invalidRLPTest.json'))('refuses %s', (_, { out }) => {
    expect(() => decodeRlp(fromHex(out))).toThrow(CodedError)
  })

  it('reads the random ones, each valid or refused with a code', () => {
    const random = join(folder, 'RandomRLPTests')
    const files = isThere ? readdirSync(random) : []
    expect(files.length).toBeGreaterThan(0)
    for (const file of files)
      for (const [name, { in: value, out }] of vectorsOf(join('RandomRLPTests', file))) {
        const bytes = fromHex(out.startsWith('0x') ? out : `0x${out}`)
        if (value === 'INVALID') expect(() => decodeRlp(bytes), name).toThrow(CodedError)
        else expect(toHex(encodeRlp(decodeRlp(bytes))), name).toBe(toHex(bytes))
      }
  })
})
