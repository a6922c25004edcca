import { expect, test } from 'vitest'
import { bufferedAhead, playHls } from './hls-playback.ts'

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

test('an element that is taken back while the player is being loaded is left alone', async () => {
  const ended = new AbortController()
  const untouchable = new Proxy({} as HTMLVideoElement, {
    get: (_, name) => expect.unreachable(`${String(name)} of an element that may be another's by now`),
  })
  const attach = () => expect.unreachable('a player was made')
  const playing = playHls(untouchable, {
    url: 'http://127.0.0.1/video.m3u8',
    startS: 0,
    attach,
    failed: () => expect.unreachable('it failed'),
    ended: ended.signal,
  })
  ended.abort()
  await playing
})
