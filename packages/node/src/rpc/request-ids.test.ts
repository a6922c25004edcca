import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { numericIds } from './request-ids.ts'

/** JSON.parse can tell what a number was in the text; it takes fifty times as long for it. */
function oracle(text: string): (string | undefined)[] {
  const parse = JSON.parse as (
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ) => unknown
  const parsed = parse(text, (key, value, { source }) =>
    key === 'id' && typeof value === 'number' ? { source } : value,
  )
  const requests = Array.isArray(parsed) ? parsed : [parsed]
  return requests.map(request => (Array.isArray(request) ? undefined : request?.id?.source))
}

const key = fc.constantFrom('id', 'method', 'params', '', '\\', '"', 'a,b', '{', '[')
const number = fc.constantFrom('0', '-7', '12345678901234567890', '1.50', '1e999', '-0.0')
const blank = fc.constantFrom('', ' ', '\n\t')
const value = fc.letrec<{ value: string }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    number,
    fc.string().map(text => JSON.stringify(text)),
    fc.constantFrom('null', 'true', '"id"'),
    fc.array(tie('value'), { maxLength: 3 }).map(items => `[${items.join(',')}]`),
    fc
      .array(fc.tuple(key, tie('value'), blank), { maxLength: 4 })
      .map(
        items =>
          `{${items.map(([name, one, gap]) => `${gap}${JSON.stringify(name)}${gap}:${gap}${one}`).join(`${'\n'},`)}}`,
      ),
  ),
})).value

describe('the numbers that are ids', () => {
  it('are found in whatever JSON they stand', () => {
    fc.assert(
      fc.property(value, text => {
        const isBatch = text.startsWith('[')
        const expected = oracle(text)
        expect(Array.from({ length: expected.length }, (_, i) => numericIds(text, isBatch)[i])).toEqual(expected)
      }),
      { numRuns: 2_000 },
    )
  })
})
