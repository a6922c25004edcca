// HLS playlists (RFC 8216) as far as publishing needs them: the files of a video, their order and durations.
import { CodedError, shorten } from '@tan/primitives'

export interface MediaRun {
  /** as in the playlist, relative to it */
  readonly uri: string
  readonly offsetBytes: number
  /** undefined: the whole file */
  readonly sizeBytes: number | undefined
  /** 0 for an init segment */
  readonly durationMs: number
}

export interface MediaPlaylist {
  readonly type: 'media'
  /** init segments stand before the first segment that needs them */
  readonly runs: readonly MediaRun[]
}

export interface Variant {
  readonly uri: string
  readonly bandwidth: number
  readonly codecs: string
  /** `640x360`, or empty */
  readonly resolution: string
}

export interface MasterPlaylist {
  readonly type: 'master'
  readonly variants: readonly Variant[]
  /** audio, subtitles and the like, in playlists of their own */
  readonly others: readonly { readonly uri: string; readonly name: string }[]
}

/** Throws `publish/playlist` with the line. */
export function parsePlaylist(text: string): MediaPlaylist | MasterPlaylist {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/)
  if (lines[0]?.trim() !== '#EXTM3U') throw invalid(1, 'it does not start with #EXTM3U')
  return lines.some(line => line.startsWith('#EXT-X-STREAM-INF:')) ? parseMaster(lines) : parseMedia(lines)
}

function parseMaster(lines: readonly string[]): MasterPlaylist {
  const variants: Variant[] = []
  const others: { uri: string; name: string }[] = []
  let attributes: ReadonlyMap<string, string> | undefined
  lines.forEach((line, i) => {
    const tag = tagOf(line)
    if (tag?.name === 'EXT-X-STREAM-INF') attributes = attributesOf(tag.value)
    else if (tag?.name === 'EXT-X-MEDIA' || tag?.name === 'EXT-X-I-FRAME-STREAM-INF') {
      const { uri, name } = Object.fromEntries([...attributesOf(tag.value)].map(([k, v]) => [k.toLowerCase(), v]))
      if (uri !== undefined) others.push({ uri, name: name ?? uri })
    } else if (tag === undefined && line.trim() !== '' && !line.startsWith('#')) {
      if (attributes === undefined) throw invalid(i + 1, `${shorten(line)} follows no #EXT-X-STREAM-INF`)
      const bandwidth = Number(attributes.get('BANDWIDTH'))
      if (!Number.isSafeInteger(bandwidth) || bandwidth <= 0) throw invalid(i, 'a variant has no BANDWIDTH')
      variants.push({
        uri: line.trim(),
        bandwidth,
        codecs: attributes.get('CODECS') ?? '',
        resolution: attributes.get('RESOLUTION') ?? '',
      })
      attributes = undefined
    }
  })
  return { type: 'master', variants, others }
}

function parseMedia(lines: readonly string[]): MediaPlaylist {
  const runs: MediaRun[] = []
  const ends = new Map<string, number>()
  let durationMs: number | undefined
  let range: string | undefined
  const add = (line: number, uri: string, bytes: string | undefined, ms: number): void => {
    const [size, offset] = (bytes ?? '').split('@').map(Number)
    const isGood = bytes === undefined || (isCount(size) && (offset === undefined || isCount(offset)))
    if (!isGood) throw invalid(line, `${shorten(bytes)} is not a range of bytes`)
    const offsetBytes = bytes === undefined ? 0 : (offset ?? ends.get(uri) ?? 0)
    const sizeBytes = bytes === undefined ? undefined : size!
    if (sizeBytes !== undefined) ends.set(uri, offsetBytes + sizeBytes)
    const isThere = runs.some(run => run.uri === uri && run.offsetBytes === offsetBytes)
    if (!isThere) runs.push({ uri, offsetBytes, sizeBytes, durationMs: ms })
  }
  lines.forEach((line, i) => {
    const tag = tagOf(line)
    if (tag?.name === 'EXTINF') {
      durationMs = Math.round(1_000 * Number.parseFloat(tag.value))
      if (!(durationMs >= 0)) throw invalid(i + 1, `${shorten(tag.value)} is not a duration`)
    } else if (tag?.name === 'EXT-X-BYTERANGE') range = tag.value.trim()
    else if (tag?.name === 'EXT-X-MAP') {
      const attributes = attributesOf(tag.value)
      const uri = attributes.get('URI')
      if (uri === undefined) throw invalid(i + 1, '#EXT-X-MAP without a URI')
      add(i + 1, uri, attributes.get('BYTERANGE'), 0)
    } else if (tag === undefined && line.trim() !== '' && !line.startsWith('#')) {
      if (durationMs === undefined) throw invalid(i + 1, `${shorten(line)} follows no #EXTINF`)
      add(i + 1, line.trim(), range, durationMs)
      durationMs = undefined
      range = undefined
    }
  })
  if (!lines.some(line => line.trim() === '#EXT-X-ENDLIST'))
    throw new CodedError(
      'publish/live',
      'the playlist has no #EXT-X-ENDLIST: a live stream cannot be published as a file',
    )
  return { type: 'media', runs }
}

function tagOf(line: string): { readonly name: string; readonly value: string } | undefined {
  const match = /^#(EXT[A-Z0-9-]*)(?::(.*))?$/.exec(line.trim())
  return match === null ? undefined : { name: match[1]!, value: match[2] ?? '' }
}

/** `NAME=value,NAME="a, b"` */
function attributesOf(value: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [, name, quoted, plain] of value.matchAll(/([A-Z0-9-]+)=(?:"([^"]*)"|([^",]*))/g))
    found.set(name!, quoted ?? plain!)
  return found
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isSafeInteger(value) && value >= 0
}

function invalid(line: number, why: string): CodedError {
  return new CodedError('publish/playlist', `line ${line} of the playlist: ${why}`)
}
