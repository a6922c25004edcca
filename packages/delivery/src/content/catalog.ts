// The manifest as the swarm works with it: each segment with its pieces, its place on the timeline and its place in the
// list of hashes, found by number or by file.
import type { Hash } from '@tan/primitives'
import { deliveryLimits, type Manifest, type PieceRef, pieceCountOf, type Rendition, resourceIdOf } from '@tan/protocol'

/** A segment of a resource as one number, so that maps and sets can be keyed by it. */
export type SegmentId = number

export interface CatalogSegment {
  readonly id: SegmentId
  readonly rendition: number
  readonly segment: number
  readonly uri: string
  readonly offsetBytes: number
  readonly sizeBytes: number
  readonly pieceCount: number
  readonly root: Hash
  /** on the timeline of its rendition; both 0 for what is not on it */
  readonly startMs: number
  readonly durationMs: number
  /** how many pieces of the rendition come before its own */
  readonly firstHash: number
}

export interface CatalogRendition extends Omit<Rendition, 'segments'> {
  readonly segments: readonly CatalogSegment[]
  readonly durationMs: number
  readonly pieceCount: number
}

export interface Catalog {
  readonly resourceId: Hash
  readonly manifest: Manifest
  readonly renditions: readonly CatalogRendition[]
  readonly segmentCount: number
  readonly sizeBytes: number
  segment(rendition: number, segment: number): CatalogSegment | undefined
  segmentById(id: SegmentId): CatalogSegment | undefined
  /** The segments of a file, in order of their offsets. */
  file(uri: string): readonly CatalogSegment[]
}

export function segmentId(rendition: number, segment: number): SegmentId {
  return rendition * deliveryLimits.SEGMENTS_MAX + segment
}

/** above the pieces of any segment */
const PIECE_KEYS = 4_096

/** The same for a piece. */
export function pieceKey({ rendition, segment, piece }: PieceRef): number {
  return segmentId(rendition, segment) * PIECE_KEYS + piece
}

export function createCatalog(manifest: Manifest): Catalog {
  const byId = new Map<SegmentId, CatalogSegment>()
  const files = new Map<string, CatalogSegment[]>()
  let sizeBytes = 0
  const renditions = manifest.renditions.map((rendition, r): CatalogRendition => {
    let startMs = 0
    let firstHash = 0
    const segments = rendition.segments.map((given, s): CatalogSegment => {
      const pieceCount = pieceCountOf(given.sizeBytes)
      const id = segmentId(r, s)
      const entry = { ...given, id, rendition: r, segment: s, pieceCount, startMs, firstHash }
      startMs += given.durationMs
      firstHash += pieceCount
      sizeBytes += given.sizeBytes
      byId.set(id, entry)
      const file = files.get(given.uri)
      if (file === undefined) files.set(given.uri, [entry])
      else file.push(entry)
      return entry
    })
    return { ...rendition, segments, durationMs: startMs, pieceCount: firstHash }
  })
  for (const file of files.values()) file.sort((a, b) => a.offsetBytes - b.offsetBytes)
  return {
    resourceId: resourceIdOf(manifest),
    manifest,
    renditions,
    segmentCount: byId.size,
    sizeBytes,
    segment: (rendition, segment) => renditions[rendition]?.segments[segment],
    segmentById: id => byId.get(id),
    file: uri => files.get(uri) ?? [],
  }
}
