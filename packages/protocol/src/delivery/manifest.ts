// The manifest of a resource: what a publisher signs, so that any peer can serve its pieces and nobody can change them.
// JSON for people, next to the playlist; a canonical encoding for its hash, which is the resource's id.
import {
  type Address,
  type Codec,
  CodedError,
  codec,
  encode,
  fromHex,
  type Hash,
  type Hex,
  keccak256,
  keccakHash,
  recoverAddress,
  shorten,
  signatureFromBytes,
  signatureToBytes,
  signDigest,
  toHex,
  utf8ToBytes,
} from '@tan/primitives'
import { POOL_AMOUNT_MAX } from '../payments/terms.ts'
import { hexOf, integerFrom, list, literal, object, parseJson, type Shape, text, wei } from '../tracker/shape.ts'
import {
  ENDPOINT_MAX_CHARS,
  FILE_URI_MAX_CHARS,
  MANIFEST_MAX_CHARS,
  MANIFEST_TEXT_MAX_CHARS,
  ORIGINS_MAX,
  RENDITIONS_MAX,
  SEGMENT_DURATION_MAX_MS,
  SEGMENTS_MAX,
  TRACKERS_MAX,
} from './limits.ts'
import { SEGMENT_MAX_BYTES } from './pieces.ts'

/** A run of bytes of one file: a media segment, an init segment, a playlist, or a part of any other file. */
export interface Segment {
  /** path of the file, relative to the manifest, not percent-encoded */
  readonly uri: string
  readonly offsetBytes: number
  readonly sizeBytes: number
  /** 0 for what is not on the timeline */
  readonly durationMs: number
  /** `pieceRoot` of its pieces' hashes */
  readonly root: Hash
}

/** One quality of a video, or a set of other files. Its timed segments follow one another on the timeline. */
export interface Rendition {
  readonly name: string
  /** bits per second, at peak; 0 where there is no timeline */
  readonly bandwidth: number
  readonly codecs: string
  /** media playlist; empty where there is none */
  readonly playlist: string
  /** file that holds the hashes of all its pieces one after the other, in order of segments */
  readonly pieces: string
  readonly segments: readonly Segment[]
}

export interface Manifest {
  readonly chainId: number
  readonly publisher: Address
  readonly title: string
  /** what a player opens: the master playlist, or the file */
  readonly entry: string
  readonly renditions: readonly Rendition[]
  /** TANGam wei a piece, to the peer that serves it; 0 is free */
  readonly piecePriceWei: bigint
  /** TANGam wei that a peer may ask before the first piece, for the gas of one redeem */
  readonly openingWei: bigint
  /** TANGam wei to the publisher */
  readonly licencePriceWei: bigint
  /** folders (URLs that end in /) in which the files lie; none is the manifest's own folder */
  readonly origins: readonly string[]
  readonly trackers: readonly string[]
  /** SPDX identifier or URL */
  readonly licence: string
}

export interface SignedManifest extends Manifest {
  /** 65 bytes, of the publisher, over `manifestSigningText` as EIP-191 has it */
  readonly signature: Hex
}

const { uint, uint256 } = codec
const uriCodec = codec.text(4 * FILE_URI_MAX_CHARS)
const textCodec = codec.text(4 * MANIFEST_TEXT_MAX_CHARS)
const endpointCodec = codec.text(ENDPOINT_MAX_CHARS)

const manifestCodec: Codec<Manifest> = codec.struct<Manifest>({
  chainId: uint,
  publisher: codec.address,
  title: textCodec,
  entry: uriCodec,
  renditions: codec.list(
    codec.struct<Rendition>({
      name: textCodec,
      bandwidth: uint,
      codecs: textCodec,
      playlist: uriCodec,
      pieces: uriCodec,
      segments: codec.list(
        codec.struct<Segment>({
          uri: uriCodec,
          offsetBytes: uint,
          sizeBytes: uint,
          durationMs: uint,
          root: codec.hash,
        }),
        SEGMENTS_MAX,
      ),
    }),
    RENDITIONS_MAX,
  ),
  piecePriceWei: uint256,
  openingWei: uint256,
  licencePriceWei: uint256,
  origins: codec.list(endpointCodec, ORIGINS_MAX),
  trackers: codec.list(endpointCodec, TRACKERS_MAX),
  licence: textCodec,
})

/** spec D-RESOURCE: keccak256 of the canonical encoding, without the signature. */
export function resourceIdOf(manifest: Manifest): Hash {
  return keccakHash(encode(manifestCodec, manifest))
}

export function manifestSigningText(resourceId: Hash): string {
  return `TAN manifest\nresource: ${resourceId}`
}

function manifestDigest(resourceId: Hash): Uint8Array {
  const message = manifestSigningText(resourceId)
  return keccak256(utf8ToBytes(`\x19Ethereum Signed Message:\n${message.length}${message}`))
}

/** Validates what it signs. Throws `manifest/invalid`. */
export function signManifest(manifest: Manifest, secretKey: Uint8Array): SignedManifest {
  validateManifest(manifest)
  const signature = toHex(signatureToBytes(signDigest(manifestDigest(resourceIdOf(manifest)), secretKey)))
  return { ...manifest, signature }
}

/** Amounts are decimal strings of wei. */
export function manifestToJson(manifest: SignedManifest): string {
  const json = { format: FORMAT, ...manifest }
  return `${JSON.stringify(json, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value), 1)}\n`
}

/** spec D-MANIFEST: throws `manifest/size`, `manifest/invalid` with the path of what is wrong, or `manifest/signature`. */
export function parseManifest(source: string): SignedManifest {
  const { format: _, ...manifest } = shaped(source)
  validateManifest(manifest)
  if (signerOf(manifest) !== manifest.publisher)
    throw new CodedError(
      'manifest/signature',
      `the manifest is not signed by its publisher ${manifest.publisher}: it was changed, or signed with another key`,
    )
  return manifest
}

function signerOf(manifest: SignedManifest): Address | undefined {
  try {
    return recoverAddress(manifestDigest(resourceIdOf(manifest)), signatureFromBytes(fromHex(manifest.signature)))
  } catch {
    return undefined
  }
}

// -------------------------------------------------------------------------------------------------- shape

const FORMAT = 'tan-manifest-1'
const count: Shape<number> = integerFrom(0, Number.MAX_SAFE_INTEGER)

const manifestShape = object({
  format: literal(FORMAT),
  chainId: integerFrom(1, Number.MAX_SAFE_INTEGER),
  publisher: hexOf(20),
  title: text(MANIFEST_TEXT_MAX_CHARS),
  entry: text(FILE_URI_MAX_CHARS),
  renditions: list(
    object({
      name: text(MANIFEST_TEXT_MAX_CHARS),
      bandwidth: count,
      codecs: text(MANIFEST_TEXT_MAX_CHARS),
      playlist: text(FILE_URI_MAX_CHARS),
      pieces: text(FILE_URI_MAX_CHARS),
      segments: list(
        object({
          uri: text(FILE_URI_MAX_CHARS),
          offsetBytes: count,
          sizeBytes: integerFrom(1, SEGMENT_MAX_BYTES),
          durationMs: integerFrom(0, SEGMENT_DURATION_MAX_MS),
          root: hexOf(32),
        }),
        SEGMENTS_MAX,
      ),
    }),
    RENDITIONS_MAX,
  ),
  piecePriceWei: wei(),
  openingWei: wei(),
  licencePriceWei: wei(),
  origins: list(text(ENDPOINT_MAX_CHARS), ORIGINS_MAX),
  trackers: list(text(ENDPOINT_MAX_CHARS), TRACKERS_MAX),
  licence: text(MANIFEST_TEXT_MAX_CHARS),
  signature: hexOf(65),
})

function shaped(source: string): ReturnType<typeof manifestShape> {
  if (source.length > MANIFEST_MAX_CHARS)
    throw new CodedError(
      'manifest/size',
      `a manifest of ${source.length} characters; at most ${MANIFEST_MAX_CHARS} are allowed`,
    )
  try {
    return manifestShape(parseJson(source, MANIFEST_MAX_CHARS), 'manifest')
  } catch (error) {
    if (error instanceof CodedError) throw new CodedError('manifest/invalid', error.message, { cause: error })
    throw error
  }
}

// -------------------------------------------------------------------------------------------------- rules

function validateManifest(manifest: Manifest): void {
  const { renditions } = manifest
  for (const name of ['piecePriceWei', 'openingWei', 'licencePriceWei'] as const)
    if (manifest[name] > POOL_AMOUNT_MAX) throw invalid(name, `${manifest[name]} wei is more than any pool can hold`)
  if (renditions.length === 0) throw invalid('renditions', 'there is none')
  const segments = renditions.reduce((sum, rendition) => sum + rendition.segments.length, 0)
  if (segments > SEGMENTS_MAX) throw invalid('renditions', `${segments} segments; at most ${SEGMENTS_MAX} are allowed`)
  const files = new Set<string>()
  const places = new Set<string>()
  renditions.forEach((rendition, r) => {
    validateUri(rendition.pieces, `renditions[${r}].pieces`)
    if (rendition.segments.length === 0) throw invalid(`renditions[${r}].segments`, 'there is none')
    rendition.segments.forEach((segment, s) => {
      const path = `renditions[${r}].segments[${s}]`
      validateUri(segment.uri, `${path}.uri`)
      if (!Number.isSafeInteger(segment.offsetBytes + segment.sizeBytes))
        throw invalid(`${path}.offsetBytes`, 'is beyond 2^53')
      const place = `${segment.offsetBytes} ${segment.uri}`
      if (places.has(place)) throw invalid(path, `byte ${segment.offsetBytes} of ${segment.uri} occurs twice`)
      places.add(place)
      files.add(segment.uri)
    })
  })
  if (!files.has(manifest.entry)) throw invalid('entry', `${shorten(manifest.entry)} is in no segment`)
  renditions.forEach(({ playlist }, r) => {
    if (playlist !== '' && !files.has(playlist))
      throw invalid(`renditions[${r}].playlist`, `${shorten(playlist)} is in no segment`)
  })
  manifest.origins.forEach((origin, i) => {
    validateEndpoint(origin, ['http:', 'https:'], `origins[${i}]`)
    if (!origin.endsWith('/')) throw invalid(`origins[${i}]`, `${shorten(origin)} must end in /`)
  })
  manifest.trackers.forEach((tracker, i) => {
    validateEndpoint(tracker, ['ws:', 'wss:'], `trackers[${i}]`)
  })
}

/** A plain relative path: nothing that could lead out of the manifest's folder, or mean something else in a URL. */
function validateUri(uri: string, path: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
  const isPlain = uri !== '' && uri.length <= FILE_URI_MAX_CHARS && !/[\\?#%:\u0000-\u001f\u007f]/.test(uri)
  if (!isPlain || uri.split('/').some(part => part === '' || part === '.' || part === '..'))
    throw invalid(path, `${shorten(uri)} is not a plain relative path`)
}

function validateEndpoint(endpoint: string, protocols: readonly string[], path: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (url === undefined || !protocols.includes(url.protocol) || url.username !== '' || url.hash !== '')
    throw invalid(path, `${shorten(endpoint)} is not a URL with ${protocols.join(' or ')}`)
}

function invalid(path: string, why: string): CodedError {
  return new CodedError('manifest/invalid', `manifest.${path}: ${why}`)
}

// -------------------------------------------------------------------------------------------------- addresses of files

/** The URL of a file of the resource, below a folder's URL. */
export function fileUrl(folder: string, uri: string): string {
  return new URL(uri.split('/').map(encodeURIComponent).join('/'), folder).href
}
