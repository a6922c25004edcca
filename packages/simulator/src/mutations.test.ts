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
