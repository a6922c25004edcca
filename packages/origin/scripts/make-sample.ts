// Makes the sample video that ships with the repository, from nothing but ffmpeg's own sources: a minute of slow colours,
// drifting discs, a counter of seconds and soft chimes, with a little noise, as real pictures have. Run by `node packages/origin/scripts/make-sample.ts`.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeHls, type Quality, TOOLS_ON_PATH } from '../src/index.ts'

const DURATION_S = 60
const WIDTH = 1280
const HEIGHT = 720
const FPS = 25
const FONT = '/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf'
const QUALITIES: readonly Quality[] = [
  { name: '360p', height: 360, videoBitrate: 280_000, audioBitrate: 48_000 },
  { name: '720p', height: 720, videoBitrate: 700_000, audioBitrate: 64_000 },
]

/** A soft disc on a transparent square, whose centre follows a slow Lissajous path. */
function disc(name: string, size: number, rgb: readonly [number, number, number], alpha: number): string {
  const r = size / 2
  const distance = `hypot(X-${r},Y-${r})`
  const soft = `${alpha}*clip((${r}-${distance})/${Math.round(size / 6)},0,1)`
  return (
    `color=c=black@0:s=${size}x${size}:r=${FPS}:d=1,format=rgba,` +
    `geq=r=${rgb[0]}:g=${rgb[1]}:b=${rgb[2]}:a='${soft}',loop=loop=-1:size=1,setpts=N/${FPS}/TB[${name}]`
  )
}

function path(size: number, x: readonly [number, number], y: readonly [number, number]): string {
  const centre = (span: number, [periodS, phase]: readonly [number, number]) =>
    `${(span - size) / 2}+${Math.round((span - size) * 0.42)}*sin(2*PI*t/${periodS}+${phase})`
  return `x='${centre(WIDTH, x)}':y='${centre(HEIGHT, y)}':shortest=0`
}

const DISCS = [
  { size: 260, rgb: [255, 196, 92], alpha: 215, x: [19, 0], y: [13, 1] },
  { size: 180, rgb: [96, 214, 196], alpha: 220, x: [23, 2], y: [17, 0] },
  { size: 120, rgb: [240, 120, 130], alpha: 230, x: [11, 4], y: [29, 3] },
] as const

function picture(): string {
  const background =
    `gradients=s=${WIDTH}x${HEIGHT}:r=${FPS}:d=${DURATION_S}:n=3:seed=11:speed=0.006:` +
    'c0=0x12233f:c1=0x1f4f63:c2=0x3b2f5c,format=yuv420p[g0]'
  const discs = DISCS.map(({ size, rgb, alpha }, i) => disc(`d${i}`, size, rgb, alpha))
  const overlays = DISCS.map(({ size, x, y }, i) => `[g${i}][d${i}]overlay=${path(size, x, y)}[g${i + 1}]`)
  const text = (what: string, size: number, y: string, colour: string) =>
    `drawtext=fontfile=${FONT}:text='${what}':fontsize=${size}:fontcolor=${colour}:x=(w-text_w)/2:y=${y}`
  const bar = `color=c=0xd8dee6:s=${WIDTH}x8:r=${FPS}[bar]`
  const barOverlay = `[t][bar]overlay=x='-w+w*t/${DURATION_S}':y=H-h,noise=alls=4:allf=t,trim=duration=${DURATION_S}[v]`
  const texts = [
    text('%{eif\\:t\\:d\\:2}', 190, '(h-text_h)/2-20', 'white@0.92'),
    text('TAN sample', 34, 'h/2+110', 'white@0.75'),
  ]
  return [background, ...discs, bar, ...overlays, `[g${DISCS.length}]${texts.join(',')}[t]`, barOverlay].join(';')
}

/** Two voices of decaying sines on a pentatonic scale: one note each half second, a lower one every two. */
function sound(): string {
  const scale = (step: string) => `pow(2,(floor(mod(${step},5))*2+floor(mod(${step},5)/3))/12)`
  const high = `0.16*sin(2*PI*t*392*${scale('floor(t*2)*3+floor(t/4)')})*exp(-5*mod(t,0.5))`
  const low = `0.22*sin(2*PI*t*98*${scale('floor(t/2)*2')})*exp(-1.2*mod(t,2))`
  return `aevalsrc=exprs='${high}+${low}':s=48000:c=mono:d=${DURATION_S},aecho=0.8:0.7:180|260:0.3|0.2,afade=t=out:st=${DURATION_S - 2}:d=2[a]`
}

const work = mkdtempSync(join(tmpdir(), 'tan-sample-'))
const raw = join(work, 'raw.mkv')
const made = spawnSync(
  'ffmpeg',
  [
    ...['-hide_banner', '-loglevel', 'error', '-y', '-filter_complex', `${picture()};${sound()}`],
    ...['-map', '[v]', '-map', '[a]', '-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '8', '-c:a', 'pcm_s16le'],
    ...['-t', `${DURATION_S}`, raw],
  ],
  { stdio: 'inherit' },
)
if (made.status !== 0) process.exit(1)
const folder = new URL('../samples/minute/', import.meta.url).pathname
rmSync(folder, { recursive: true, force: true })
await makeHls(raw, folder, QUALITIES, TOOLS_ON_PATH, () => {})
rmSync(work, { recursive: true })
