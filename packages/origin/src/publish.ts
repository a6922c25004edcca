// Publishing: a video, an HLS playlist or any other file becomes a resource: files in a folder that an HTTP server can
// serve, the hashes of their pieces, and a signed manifest beside the playlist.
import { copyFile, type FileHandle, mkdir, open, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, extname, join, posix, relative, resolve } from 'node:path'
import { addressOfSecretKey, CodedError, concatBytes, type Hash, shorten } from '@tan/primitives'
import {
  hashPieces,
  type Manifest,
  manifestToJson,
  pieceRoot,
  type Rendition,
  resourceIdOf,
  SEGMENT_MAX_BYTES,
  type Segment,
  type SignedManifest,
  signManifest,
} from '@tan/protocol'
import { DEFAULT_QUALITIES, MASTER_PLAYLIST, makeHls, type Quality, TOOLS_ON_PATH, type Tools } from './ffmpeg.ts'
import { FILE_PART_BYTES, PLAYLIST_MAX_BYTES } from './limits.ts'
import { type MediaRun, parsePlaylist } from './playlist.ts'

export interface PublishOptions {
  /** where the files and the manifest go; a playlist that lies there already is published in place */
  readonly folder: string
  /** the publisher's, 32 bytes */
  readonly secretKey: Uint8Array
  readonly chainId: number
  readonly title?: string | undefined
  /** TANGam wei */
  readonly piecePriceWei?: bigint | undefined
  readonly openingWei?: bigint | undefined
  readonly licencePriceWei?: bigint | undefined
  /** folders that hold the files, as URLs that end in /; without any, the manifest's own */
  readonly origins?: readonly string[] | undefined
  readonly trackers?: readonly string[] | undefined
  readonly licence?: string | undefined
  readonly qualities?: readonly Quality[] | undefined
  readonly tools?: Tools | undefined
  /** part of the making that is done, 0 to 1 */
  readonly onProgress?: ((part: number) => void) | undefined
}

export interface Published {
  readonly manifest: SignedManifest
  readonly resourceId: Hash
  /** path of the manifest */
  readonly manifestFile: string
}

/** Name of the manifest of what a player opens. */
export function manifestName(entry: string): string {
  return `${entry}.tan.json`
}

/**
 * spec D-MANIFEST, D-HASHES.
 * Publishes a file, a playlist (`.m3u8`), or what ffmpeg can read from a URL. Videos that are not HLS are made into it;
 * files that are no videos are published as they are. Throws `publish/…` and `manifest/invalid`.
 */
export async function publish(input: string, options: PublishOptions): Promise<Published> {
  await mkdir(options.folder, { recursive: true })
  const { entry, plans } = await prepare(input, options)
  const renditions: Rendition[] = []
  for (const [i, plan] of plans.entries()) renditions.push(await describe(options.folder, entry, i, plan))
  const manifest = createManifest(entry, renditions, { ...options, title: options.title ?? nameOf(input) })
  const signed = signManifest(manifest, options.secretKey)
  const manifestFile = join(options.folder, manifestName(entry))
  // Whole or not at all: whoever polls the folder never sees half a manifest.
  await writeFile(`${manifestFile}.new`, manifestToJson(signed))
  await rename(`${manifestFile}.new`, manifestFile)
  return { manifest: signed, resourceId: resourceIdOf(manifest), manifestFile }
}

/** Of what was given, not of what became of it: every video becomes a playlist of the same name. */
function nameOf(input: string): string {
  return basename(/^https?:\/\//.test(input) ? new URL(input).pathname : input) || input
}

function createManifest(
  entry: string,
  renditions: readonly Rendition[],
  options: PublishOptions & { readonly title: string },
): Manifest {
  return {
    chainId: options.chainId,
    publisher: addressOfSecretKey(options.secretKey),
    title: options.title,
    entry,
    renditions,
    piecePriceWei: options.piecePriceWei ?? 0n,
    openingWei: options.openingWei ?? 0n,
    licencePriceWei: options.licencePriceWei ?? 0n,
    origins: options.origins ?? [],
    trackers: options.trackers ?? [],
    licence: options.licence ?? '',
  }
}

// -------------------------------------------------------------------------------------------------- what there is

/** A rendition before its bytes were read. Paths are relative to the folder. */
interface Plan extends Omit<Rendition, 'pieces' | 'segments'> {
  readonly runs: readonly MediaRun[]
}

interface Prepared {
  readonly entry: string
  readonly plans: readonly Plan[]
}

const VIDEO_EXTENSIONS = ['.mp4', '.m4v', '.mkv', '.webm', '.mov', '.avi', '.mpg', '.mpeg', '.ts', '.flv', '.ogv']

async function prepare(input: string, options: PublishOptions): Promise<Prepared> {
  const isUrl = /^https?:\/\//.test(input)
  if (!isUrl) await assertFile(input)
  const extension = extname(isUrl ? new URL(input).pathname : input).toLowerCase()
  if (!isUrl && extension === '.m3u8') return prepareHls(input, options.folder)
  if (!isUrl && !VIDEO_EXTENSIONS.includes(extension)) return prepareFile(input, options.folder)
  const { qualities = DEFAULT_QUALITIES, tools = TOOLS_ON_PATH, onProgress = () => {} } = options
  await makeHls(input, options.folder, qualities, tools, onProgress)
  return prepareHls(join(options.folder, MASTER_PLAYLIST), options.folder)
}

async function assertFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (found?.isFile() !== true) throw new CodedError('publish/input', `there is no file ${path}`)
  if (found.size === 0) throw new CodedError('publish/input', `${path} is empty`)
}

/** One file, in parts that can be fetched from different peers. */
async function prepareFile(input: string, folder: string): Promise<Prepared> {
  const entry = basename(input)
  const target = join(folder, entry)
  if (resolve(input) !== resolve(target)) await copyFile(input, target)
  const { size } = await stat(target)
  const runs: MediaRun[] = []
  for (let offsetBytes = 0; offsetBytes < size; offsetBytes += FILE_PART_BYTES)
    runs.push({
      uri: entry,
      offsetBytes,
      sizeBytes: Math.min(FILE_PART_BYTES, size - offsetBytes),
      durationMs: 0,
    })
  return { entry, plans: [{ name: 'file', bandwidth: 0, codecs: '', playlist: '', runs }] }
}

async function prepareHls(input: string, folder: string): Promise<Prepared> {
  const source = dirname(resolve(input))
  const entry = basename(input)
  const root = parsePlaylist(await readPlaylist(input))
  const variants =
    root.type === 'media'
      ? [{ uri: entry, name: 'video', bandwidth: 0, codecs: '', runs: root.runs }]
      : await Promise.all(
          [
            ...root.variants.map(variant => ({ ...variant, name: variantName(variant) })),
            ...root.others.map(other => ({ ...other, bandwidth: 0, codecs: '' })),
          ].map(async variant => {
            const media = parsePlaylist(await readPlaylist(join(source, plainPath(variant.uri))))
            if (media.type === 'master')
              throw new CodedError('publish/playlist', `${variant.uri} names playlists again`)
            return { ...variant, runs: media.runs }
          }),
        )
  const plans = variants.map(({ uri, name, bandwidth, codecs, runs }): Plan => {
    const placed = runs.map(run => ({ ...run, uri: plainPath(run.uri, posix.dirname(plainPath(uri))) }))
    return { name, bandwidth, codecs, playlist: plainPath(uri), runs: placed }
  })
  const playlists = [...new Set([entry, ...plans.map(plan => plan.playlist)])]
  const whole = (uri: string): MediaRun => ({ uri, offsetBytes: 0, sizeBytes: undefined, durationMs: 0 })
  // Playlists are part of the resource too: no byte that a player gets is unchecked.
  const files: Plan = { name: 'playlists', bandwidth: 0, codecs: '', playlist: '', runs: playlists.map(whole) }
  await copyInto(folder, source, [...playlists, ...plans.flatMap(plan => plan.runs.map(run => run.uri))])
  return { entry, plans: [...plans, files] }
}

function variantName({ resolution, bandwidth }: { readonly resolution: string; readonly bandwidth: number }): string {
  const height = /x(\d+)$/.exec(resolution)?.[1]
  return height === undefined ? `${Math.round(bandwidth / 1_000)} kbit/s` : `${height}p`
}

async function readPlaylist(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw new CodedError('publish/input', `there is no playlist ${path}`)
  if (found.size > PLAYLIST_MAX_BYTES)
    throw new CodedError('publish/playlist', `${path} has more than ${PLAYLIST_MAX_BYTES} bytes`)
  return readFile(path, 'utf8')
}

/** The path that a playlist in the folder `below` names, decoded; it must stay in the folder that is published. */
function plainPath(uri: string, below = '.'): string {
  let decoded: string
  try {
    decoded = decodeURIComponent(uri)
  } catch {
    throw new CodedError('publish/playlist', `${shorten(uri)} is not a well-formed path`)
  }
  const path = posix.join(below, decoded)
  if (/^([a-z][a-z0-9+.-]*:|\/)/i.test(decoded) || path.startsWith('..'))
    throw new CodedError('publish/playlist', `${shorten(uri)} lies outside the playlist's folder`)
  return path
}

async function copyInto(folder: string, source: string, uris: readonly string[]): Promise<void> {
  if (relative(resolve(folder), source) === '') return
  for (const uri of new Set(uris)) {
    const target = join(folder, uri)
    await mkdir(dirname(target), { recursive: true })
    await copyFile(join(source, uri), target).catch((cause: unknown) => {
      throw new CodedError('publish/input', `${join(source, uri)} cannot be copied to ${target}`, { cause })
    })
  }
}

// -------------------------------------------------------------------------------------------------- its pieces

async function describe(folder: string, entry: string, index: number, { runs, ...plan }: Plan): Promise<Rendition> {
  const segments: Segment[] = []
  const lists: Uint8Array[] = []
  for (const run of runs) {
    const bytes = await readRun(folder, run)
    const hashes = hashPieces(bytes)
    lists.push(hashes)
    const { uri, offsetBytes, durationMs } = run
    segments.push({ uri, offsetBytes, sizeBytes: bytes.length, durationMs, root: pieceRoot(hashes) })
  }
  const pieces = `${entry}.${index}.pieces`
  await writeFile(join(folder, pieces), concatBytes(...lists))
  return { ...plan, bandwidth: plan.bandwidth || peakBandwidth(segments), pieces, segments }
}

async function readRun(folder: string, { uri, offsetBytes, sizeBytes }: MediaRun): Promise<Uint8Array> {
  let file: FileHandle
  try {
    file = await open(join(folder, uri))
  } catch (cause) {
    throw new CodedError('publish/input', `the playlist names ${uri}, which cannot be read`, { cause })
  }
  try {
    const size = sizeBytes ?? (await file.stat()).size - offsetBytes
    if (size <= 0 || size > SEGMENT_MAX_BYTES)
      throw new CodedError('publish/segment', `${uri} has ${size} bytes; a segment has 1 to ${SEGMENT_MAX_BYTES}`)
    const bytes = new Uint8Array(size)
    const { bytesRead } = await file.read(bytes, 0, size, offsetBytes)
    if (bytesRead < size)
      throw new CodedError('publish/segment', `${uri} ends before byte ${offsetBytes + size}, which the playlist names`)
    return bytes
  } finally {
    await file.close()
  }
}

/** Of the fullest segment, where no playlist says it. 0 without a timeline. */
function peakBandwidth(segments: readonly Segment[]): number {
  return segments.reduce(
    (most, { sizeBytes, durationMs }) =>
      durationMs === 0 ? most : Math.max(most, Math.round((8_000 * sizeBytes) / durationMs)),
    0,
  )
}
