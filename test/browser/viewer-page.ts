// The page that the browser test plays in: an hls.js player with the one line that joins it to the swarm, and counters for
// the test to read.
import { playWithTan } from '@tan/viewer/browser'
import Hls from 'hls.js'

const query = new URL(location.href).searchParams
const json = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, entry: unknown) => (typeof entry === 'bigint' ? entry.toString() : entry)))

const events: string[] = []
const problems: string[] = []
const video = document.createElement('video')
video.muted = true
document.body.append(video)
/** media ahead of the playhead */
const aheadS = (): number => {
  const { buffered, currentTime } = video
  for (let i = 0; i < buffered.length; i++)
    if (buffered.start(i) <= currentTime && currentTime <= buffered.end(i)) return buffered.end(i) - currentTime
  return 0
}
let hasPlayed = false
video.addEventListener('playing', () => {
  hasPlayed = true
})
// Waiting with media at hand is the machine's: its decoder is late.
video.addEventListener('waiting', () => {
  if (hasPlayed && aheadS() < 0.5 && !video.ended) events.push(`starved at ${video.currentTime.toFixed(2)}`)
})
video.addEventListener('ended', () => events.push('ended'))
video.addEventListener('error', () => events.push(`error ${video.error?.message}`))

const hls = new Hls({ debug: false })
hls.on(Hls.Events.ERROR, (_, { details, fatal }) => {
  if (fatal || details !== 'bufferStalledError') events.push(`hls ${details} ${fatal ? 'fatal' : 'passing'}`)
})
hls.attachMedia(video)
const viewer = await playWithTan(hls, {
  manifestUrl: query.get('manifest')!,
  rpcUrl: query.get('rpc')!,
  anchor: await (await fetch(query.get('anchor')!)).json(),
  fund: async (address, wei) => {
    const response = await fetch(`${query.get('faucet')}?to=${address}&wei=${wei}`)
    if (!response.ok) throw new Error(await response.text())
  },
})
viewer.on(event => {
  if (event.type === 'problem' || event.type === 'banned') problems.push(JSON.stringify(event.rejection))
})
video.playbackRate = Number(query.get('rate') ?? 1)
hls.on(Hls.Events.MEDIA_ATTACHED, () => void video.play())
void video.play()

Object.assign(globalThis, {
  tanPage: () =>
    json({
      events,
      problems,
      ended: video.ended,
      timeS: video.currentTime,
      height: video.videoHeight,
      bufferedS: video.buffered.length === 0 ? 0 : video.buffered.end(video.buffered.length - 1),
      stats: viewer.stats(),
    }),
})
