import { expect, test } from 'vitest'
import { bufferedAhead } from './hls-playback.ts'

function ranges(...list: readonly (readonly [number, number])[]): TimeRanges {
  return { length: list.length, start: i => list[i]![0], end: i => list[i]![1] }
}

test.each([
  ['nothing is loaded', 5, ranges(), 0],
  ['inside of a range', 5, ranges([0, 12]), 7],
  ['ranges that all but touch', 5, ranges([0, 8], [8.05, 14]), 9],
  ['a hole ends it', 5, ranges([0, 8], [10, 14]), 3],
  ['what is loaded further on does not count', 5, ranges([10, 14]), 0],
  ['just before the first frame', 0, ranges([0.08, 6]), 6],
])('%s', (_, currentTime, buffered, ahead) => {
  expect(bufferedAhead({ currentTime, buffered })).toBeCloseTo(ahead)
})
