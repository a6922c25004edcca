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
  const { run, inEngine, passed, leftOut } = addUp(reports)
  const reasons = Object.entries(leftOut).map(([reason, count]) => `${count} left out: ${reason}`)
  const alone = `${inEngine} of them by the engine alone: they have more gas than a block of TAN counts`
  console.log([`state tests in blocks: ${run} run, ${passed} passed`, alone, ...reasons].join('\n'))
})
