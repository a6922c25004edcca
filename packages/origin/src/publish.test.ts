import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { addressOfSecretKey, createSeededRandom, equalBytes, randomBytesFrom } from '@tan/primitives'
import { hashPieces, PIECE_HASH_BYTES, parseManifest, pieceRoot, resourceIdOf } from '@tan/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import { parsePlaylist } from './playlist.ts'
import { type Published, publish } from './publish.ts'

const work = mkdtempSync(join(tmpdir(), 'tan-publish-'))
afterAll(() => rmSync(work, { recursive: true }))

const random = createSeededRandom(3)
const secretKey = randomBytesFrom(random, 32)
const SAMPLE = fileURLToPath(new URL('../samples/minute/', import.meta.url))
const options = { secretKey, chainId: 7, piecePriceWei: 5n }
const hasFfmpeg = (() => {
  try {
    execFileSync('ffmpeg', ['-version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

/** Reads all that the manifest names from the folder, and checks every hash. */
function check(folder: string, { manifest, manifestFile, resourceId }: Published): void {
  const parsed = parseManifest(readFileSync(manifestFile, 'utf8'))
  expect(parsed).toEqual(manifest)
  expect(resourceIdOf(parsed)).toBe(resourceId)
  expect(parsed.publisher).toBe(addressOfSecretKey(secretKey))
  for (const { pieces, segments } of parsed.renditions) {
    const list = readFileSync(join(folder, pieces))
    let at = 0
    for (const { uri, offsetBytes, sizeBytes, root } of segments) {
      const bytes = readFileSync(join(folder, uri)).subarray(offsetBytes, offsetBytes + sizeBytes)
      expect(bytes.length).toBe(sizeBytes)
      const hashes = hashPieces(bytes)
      expect(pieceRoot(hashes)).toBe(root)
      expect(equalBytes(list.subarray(at, at + hashes.length), hashes)).toBe(true)
      at += hashes.length
    }
    expect(at).toBe(list.length)
    expect(at % PIECE_HASH_BYTES).toBe(0)
  }
}

describe('publishing', () => {
  // spec D-HASHES
  it('takes a playlist that is HLS already, and copies it where it is served', async () => {
    const folder = join(work, 'sample')
    const published = await publish(join(SAMPLE, 'master.m3u8'), { ...options, folder, title: 'A minute' })
    check(folder, published)
    const { manifest } = published
    expect(manifest.entry).toBe('master.m3u8')
    expect(published.manifestFile).toBe(join(folder, 'master.m3u8.tan.json'))
    expect(manifest.renditions.map(({ name }) => name)).toEqual(['360p', '720p', 'playlists'])
    for (const { segments, codecs, playlist } of manifest.renditions.slice(0, 2)) {
      expect(codecs).toMatch(/^avc1\..*,mp4a/)
      expect(playlist).toMatch(/index\.m3u8$/)
      expect(segments).toHaveLength(31)
      expect(segments.reduce((sum, { durationMs }) => sum + durationMs, 0)).toBe(60_000)
    }
    // the same content gives the same resource, published anew or in place
    const again = await publish(join(folder, 'master.m3u8'), { ...options, folder, title: 'A minute' })
    expect(again.resourceId).toBe(published.resourceId)
  })

  it('takes byte ranges of one file', async () => {
    const folder = join(work, 'ranges')
    mkdirSync(folder)
    writeFileSync(join(folder, 'all.mp4'), randomBytesFrom(random, 5_000))
    const lines = [
      '#EXTM3U',
      '#EXT-X-MAP:URI="all.mp4",BYTERANGE="1000@0"',
      '#EXTINF:4,',
      '#EXT-X-BYTERANGE:1500@1000',
      'all.mp4',
      '#EXTINF:4,',
      '#EXT-X-BYTERANGE:2500',
      'all.mp4',
      '#EXT-X-ENDLIST',
    ]
    writeFileSync(join(folder, 'v.m3u8'), lines.join('\n'))
    const published = await publish(join(folder, 'v.m3u8'), { ...options, folder })
    check(folder, published)
    expect(published.manifest.renditions[0]!.segments.map(s => [s.offsetBytes, s.sizeBytes, s.durationMs])).toEqual([
      [0, 1000, 0],
      [1000, 1500, 4000],
      [2500, 2500, 4000],
    ])
  })

  it('takes any other file, in parts', async () => {
    const folder = join(work, 'file')
    const input = join(work, 'data.bin')
    writeFileSync(input, randomBytesFrom(random, 5_000_000))
    const published = await publish(input, { ...options, folder })
    check(folder, published)
    expect(published.manifest.entry).toBe('data.bin')
    expect(published.manifest.renditions[0]!.segments).toHaveLength(2)
    expect(readdirSync(folder).sort()).toEqual(['data.bin', 'data.bin.0.pieces', 'data.bin.tan.json'])
  })

  it.skipIf(!hasFfmpeg)('makes HLS of a video', async () => {
    const input = join(work, 'in.mp4')
    const source = ['-f', 'lavfi', '-i', 'testsrc2=s=320x240:r=10:d=5', '-f', 'lavfi', '-i', 'sine=d=5']
    execFileSync('ffmpeg', ['-v', 'error', ...source, '-c:v', 'libx264', '-preset', 'ultrafast', '-shortest', input])
    const folder = join(work, 'made')
    const seen: number[] = []
    const qualities = [
      { name: 'tiny', height: 120, videoBitrate: 50_000, audioBitrate: 32_000 },
      { name: 'small', height: 240, videoBitrate: 100_000, audioBitrate: 32_000 },
      { name: 'large', height: 720, videoBitrate: 500_000, audioBitrate: 32_000 },
    ]
    const published = await publish(input, { ...options, folder, qualities, onProgress: part => seen.push(part) })
    check(folder, published)
    // people know it by the name of what was given, if nobody names it
    expect(published.manifest.title).toBe('in.mp4')
    // nothing is blown up beyond its own size
    expect(published.manifest.renditions.map(({ name }) => name)).toEqual(['120p', '240p', 'playlists'])
    const starts = published.manifest.renditions.slice(0, 2).map(({ segments }) => segments.map(s => s.durationMs))
    expect(starts[0]).toEqual(starts[1])
    expect(seen.at(-1)).toBeGreaterThan(0.9)
  })

  it('says what is wrong with its input', async () => {
    const folder = join(work, 'bad')
    const fails = (input: string, more = {}) =>
      publish(input, { ...options, folder, ...more }).then(
        () => 'published',
        (error: { code?: string }) => error.code,
      )
    const write = (name: string, text: string): string => {
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    }
    expect(await fails(join(work, 'nothing.mp4'))).toBe('publish/input')
    expect(await fails(write('empty.bin', ''))).toBe('publish/input')
    expect(await fails(write('x.mp4', 'x'), { tools: { ffmpeg: 'no-such-tool', ffprobe: 'no-such-tool' } })).toBe(
      'publish/ffmpeg',
    )
    if (hasFfmpeg) expect(await fails(write('x.mp4', 'no video'))).toBe('publish/ffmpeg')
    expect(await fails(write('a.m3u8', 'hello'))).toBe('publish/playlist')
    expect(await fails(write('b.m3u8', '#EXTM3U\n#EXTINF:4,\nseg.ts\n'))).toBe('publish/live')
    const media = (uri: string) => `#EXTM3U\n#EXTINF:4,\n${uri}\n#EXT-X-ENDLIST\n`
    expect(await fails(write('c.m3u8', media('gone.ts')))).toBe('publish/input')
    for (const uri of ['../x.ts', '/etc/passwd', 'http://x/y.ts', 'a/../../x.ts', '%2e%2e/x.ts'])
      expect(await fails(write('d.m3u8', media(uri))), uri).toBe('publish/playlist')
    expect(await fails(write('e.m3u8', '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=x\nlow.m3u8\n'))).toBe('publish/playlist')
  })
})

describe('a playlist', () => {
  it('is read as RFC 8216 has it', () => {
    const master = parsePlaylist(
      [
        '#EXTM3U',
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English, main",URI="audio/en.m3u8"',
        '#EXT-X-STREAM-INF:BANDWIDTH=800000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,AUDIO="a"',
        'video/720.m3u8',
      ].join('\r\n'),
    )
    expect(master).toEqual({
      type: 'master',
      variants: [
        { uri: 'video/720.m3u8', bandwidth: 800_000, codecs: 'avc1.64001f,mp4a.40.2', resolution: '1280x720' },
      ],
      others: [{ uri: 'audio/en.m3u8', name: 'English, main' }],
    })
  })
})
