// Ethereum's public state tests, in Node.
import { afterAll, describe, expect, test } from 'vitest'
import { areThere, hint, stateFiles, stateGroups } from './state-files.ts'
import { addUp, runStateTests, type StateReport } from './state-tests.ts'

const reports: StateReport[] = []

describe.skipIf(!areThere)(`state tests${hint}`, () => {
  for (const group of stateGroups())
    test(group, async () => {
      for (const vectors of stateFiles(group)) reports.push(await runStateTests(vectors))
      expect(addUp(reports).failures).toEqual([])
    })
})

afterAll(() => {
  if (!areThere) return
  const { run, passed, leftOut } = addUp(reports)
  const reasons = Object.entries(leftOut).map(([reason, count]) => `${count} left out: ${reason}`)
  console.log([`state tests: ${run} run, ${passed} passed`, ...reasons].join('\n'))
})
