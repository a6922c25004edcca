// One resource that an edge holds and serves: its part of the cache, and what is fetched into it.
import type { CatalogSegment, Wanted } from '@tan/delivery'
import type { HeldSegment, MemberEvents, Peer, PieceStore, Resource, SwarmMember } from '@tan/peer'
import type { Hash, Logger } from '@tan/primitives'
import type { PieceRef } from '@tan/protocol'
import type { PieceCache } from './cache.ts'
import { PEERS_MAX, PINNING_MAX, SEEK_MAX } from './limits.ts'

export interface HostingOptions {
  readonly resource: Resource
  readonly peer: Peer
  readonly cache: PieceCache
  readonly logger: Logger
  /** TANGam wei per piece; the manifest's price unless the operator asks for less */
  readonly piecePriceWei: bigint | undefined
  readonly unredeemedMaxWei: bigint
  readonly expiryMarginBlocks: number
  readonly events: MemberEvents
}

export class HostedResource {
  readonly resource: Resource
  readonly member: SwarmMember
  readonly #options: HostingOptions
  /** segments that were dropped: they are fetched again only where there is room */
  readonly #dropped = new Set<number>()

  constructor(options: HostingOptions) {
    this.#options = options
    this.resource = options.resource
    this.member = this.#join()
    this.#fill()
  }

  /** The cache let go of the segments with this root: to make room, or because they were damaged. */
  dropped(root: Hash): void {
    for (const { id, rendition, segment } of this.#segments().filter(entry => entry.root === root))
      if (this.member.holds(rendition, segment)) {
        this.#dropped.add(id)
        this.member.dropped(rendition, segment)
      }
    this.#fill()
  }

  stop(): void {
    this.#options.peer.leave(this.resource.resourceId)
  }

  #segments(): CatalogSegment[] {
    return this.resource.catalog.renditions.flatMap(rendition => rendition.segments)
  }

  /** The next segments that are missing, as far as the cache has room (spec D-FILL). */
  #fill(): void {
    const { cache } = this.#options
    let roomBytes = cache.maxBytes - cache.sizeBytes
    const wanted: Wanted[] = []
    for (const { id, rendition, segment, sizeBytes } of this.#segments()) {
      if (wanted.length >= PINNING_MAX) break
      if (this.member.holds(rendition, segment) || (this.#dropped.has(id) && sizeBytes > roomBytes)) continue
      roomBytes -= sizeBytes
      if (roomBytes < 0 && this.#dropped.size > 0) break
      wanted.push({ rendition, segment, deadlineMs: Number.POSITIVE_INFINITY })
    }
    this.member.want(wanted)
  }

  #join(): SwarmMember {
    const { peer, piecePriceWei: askedWei, unredeemedMaxWei, expiryMarginBlocks, events } = this.#options
    const { manifest } = this.resource
    const piecePriceWei =
      askedWei !== undefined && askedWei < manifest.piecePriceWei ? askedWei : manifest.piecePriceWei
    // An edge pays nobody: it fills from the origin, and from peers that ask nothing.
    const isFree = piecePriceWei === 0n && manifest.openingWei === 0n
    return peer.join({
      ...{ resource: this.resource, piecePriceWei, unredeemedMaxWei, expiryMarginBlocks },
      pieces: this.#createPieces(),
      held: this.#held(),
      serves: true,
      peersWanted: have => (isFree && have < 1 ? SEEK_MAX : 0),
      peersMax: PEERS_MAX,
      seeks: ({ have }) => have > 0,
      events: {
        ...events,
        complete: (rendition, segment) => {
          events.complete?.(rendition, segment)
          this.#fill()
        },
      },
    })
  }

  /** What earlier runs left in the cache. */
  *#held(): Generator<HeldSegment> {
    for (const { rendition, segment, root } of this.#segments()) {
      const hashes = this.#options.cache.hashesOf(root)
      if (hashes !== undefined) yield { rendition, segment, hashes }
    }
  }

  #createPieces(): PieceStore {
    const { cache, logger } = this.#options
    const { catalog } = this.resource
    const rootOf = (rendition: number, segment: number): Hash => catalog.segment(rendition, segment)!.root
    return {
      keep: (_ref: PieceRef, bytes, hash) => cache.keep(hash, bytes),
      complete: (rendition, segment, hashes) => {
        const { root, sizeBytes } = catalog.segment(rendition, segment)!
        cache
          .complete(root, hashes, sizeBytes)
          .catch((error: unknown) => logger.error('a segment cannot be kept', { root, error: String(error) }))
      },
      read: ({ rendition, segment, piece }) => cache.read(rootOf(rendition, segment), piece),
      // Loose pieces are not kept over the next start.
      forget: () => {},
    }
  }
}
