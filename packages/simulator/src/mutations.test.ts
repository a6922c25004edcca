import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { runMutation } from './mutate.ts'
import { MUTATIONS } from './mutations.ts'

describe('the checkers of conflict and liveness', () => {
  it.concurrent.each(MUTATIONS.filter(({ isRequired }) => isRequired))(
    'notice $name',
    { timeout: 300_000 },
    async mutation => {
      const { found } = await runMutation(mutation)
      expect(found?.kind).toMatch(/^(conflict|liveness)$/)
    },
  )
})

describe('each mutation', () => {
  it.each(MUTATIONS)('still fits the source: $name', ({ file, original, mutated }) => {
    const text = readFileSync(fileURLToPath(new URL(`../../../${file}`, import.meta.url)), 'utf8')
    expect(text.split(original)).toHaveLength(2)
    expect(mutated).not.toBe(original)
  })
})
