// Encodes HLS with ffmpeg: several qualities with keyframes at the same times, so that a player can switch at any
// segment.
import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '@tan/primitives'
import { SEGMENT_S } from './limits.ts'

export interface Quality {
  readonly name: string
  readonly height: number
  /** bits per second, on average; a quarter more at most */
  readonly videoBitrate: number
  readonly audioBitrate: number
}

export const DEFAULT_QUALITIES: readonly Quality[] = [
  { name: '360p', height: 360, videoBitrate: 500_000, audioBitrate: 64_000 },
  { name: '720p', height: 720, videoBitrate: 1_300_000, audioBitrate: 96_000 },
]

export interface Tools {
  readonly ffmpeg: string
  readonly ffprobe: string
}

export const TOOLS_ON_PATH: Tools = { ffmpeg: 'ffmpeg', ffprobe: 'ffprobe' }
export const MASTER_PLAYLIST = 'master.m3u8'

interface Probe {
  readonly height: number
  readonly hasAudio: boolean
  readonly durationMs: number
}

/**
 * Writes `master.m3u8` and a folder for each quality. Skips qualities larger than the input, except the smallest.
 * Throws `publish/ffmpeg` if ffmpeg is missing or fails, and `publish/input` if the input holds no video.
 */
export async function makeHls(
  input: string,
  folder: string,
  qualities: readonly Quality[],
  tools: Tools,
  onProgress: (part: number) => void,
): Promise<void> {
  const probe = await probeInput(input, tools)
  const smallest = qualities.reduce((a, b) => (b.height < a.height ? b : a))
  const chosen = qualities.filter(quality => quality === smallest || quality.height <= probe.height)
  for (const { name } of chosen) await mkdir(join(folder, name), { recursive: true })
  await run(tools.ffmpeg, hlsArguments(input, folder, chosen, probe.hasAudio), line => {
    const outTimeUs = /^out_time_us=(\d+)/.exec(line)?.[1]
    if (outTimeUs !== undefined && probe.durationMs > 0)
      onProgress(Math.min(1, Number(outTimeUs) / 1_000 / probe.durationMs))
  })
}

function hlsArguments(input: string, folder: string, qualities: readonly Quality[], hasAudio: boolean): string[] {
  const scaled = qualities.map(({ height }, i) => `[v${i}]scale=-2:${height},format=yuv420p[out${i}]`)
  const split = `[0:v:0]split=${qualities.length}${qualities.map((_, i) => `[v${i}]`).join('')}`
  const streams = qualities.flatMap(({ videoBitrate, audioBitrate }, i) => [
    ...['-map', `[out${i}]`, `-c:v:${i}`, 'libx264', `-b:v:${i}`, `${videoBitrate}`],
    ...[`-maxrate:v:${i}`, `${1.25 * videoBitrate}`, `-bufsize:v:${i}`, `${2 * videoBitrate}`],
    ...(hasAudio ? ['-map', '0:a:0', `-c:a:${i}`, 'aac', `-b:a:${i}`, `${audioBitrate}`, `-ac:a:${i}`, '2'] : []),
  ])
  const variants = qualities.map(({ name }, i) => (hasAudio ? `v:${i},a:${i},name:${name}` : `v:${i},name:${name}`))
  return [
    ...['-hide_banner', '-loglevel', 'error', '-nostdin', '-y', '-progress', 'pipe:1', '-i', input],
    ...['-filter_complex', [split, ...scaled].join(';'), ...streams],
    ...['-preset', 'medium', '-profile:v', 'high', '-sc_threshold', '0', '-g', '600'],
    ...['-force_key_frames', `expr:gte(t,n_forced*${SEGMENT_S})`],
    ...['-f', 'hls', '-hls_time', `${SEGMENT_S}`, '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4'],
    ...['-hls_flags', 'independent_segments', '-hls_fmp4_init_filename', 'init.mp4'],
    ...['-hls_segment_filename', join(folder, '%v', '%03d.m4s'), '-master_pl_name', MASTER_PLAYLIST],
    ...['-var_stream_map', variants.join(' '), join(folder, '%v', 'index.m3u8')],
  ]
}

async function probeInput(input: string, tools: Tools): Promise<Probe> {
  const fields = 'stream=codec_type,height:format=duration'
  const text = await run(tools.ffprobe, ['-v', 'error', '-show_entries', fields, '-of', 'json', input])
  const { streams = [], format } = JSON.parse(text) as {
    streams?: { codec_type?: string; height?: number }[]
    format?: { duration?: string }
  }
  const video = streams.find(stream => stream.codec_type === 'video')
  if (video?.height === undefined) throw new CodedError('publish/input', `${input} contains no video`)
  return {
    height: video.height,
    hasAudio: streams.some(stream => stream.codec_type === 'audio'),
    durationMs: 1_000 * Number(format?.duration ?? 0),
  }
}

/** Returns the output. Errors carry the end of the tool's error output, which gives the reason. */
function run(command: string, args: readonly string[], onLine: (line: string) => void = () => {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let errors = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output = (output + chunk).slice(-OUTPUT_MAX_CHARS)
      for (const line of chunk.split('\n')) onLine(line)
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      errors = (errors + chunk).slice(-OUTPUT_MAX_CHARS)
    })
    child.once('error', (cause: NodeJS.ErrnoException) => {
      const message =
        cause.code === 'ENOENT'
          ? `${command} is not installed: install it to convert videos to HLS (apt-get install ffmpeg, or brew install ffmpeg), or publish an existing HLS playlist`
          : `${command} cannot be run: ${cause.message}`
      reject(new CodedError('publish/ffmpeg', message, { cause }))
    })
    child.once('close', code => {
      if (code === 0) resolve(output)
      else
        reject(
          new CodedError('publish/ffmpeg', `${command} failed: ${errors.trim().slice(-600) || `exit code ${code}`}`),
        )
    })
  })
}

const OUTPUT_MAX_CHARS = 1024 * 1024
