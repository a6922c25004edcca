// One resource that an edge holds and serves: its manifest, its swarm, and the filling of its cache.
import type { Catalog, EarningRecord, ProvenPool, Wanted } from '@tan/delivery'
import {
  Meetings,
  Origin,
  originFolders,
  type PeerWorld,
  type PieceStore,
  type RunnerEvents,
  type Session,
  type SwarmMember,
  SwarmRunner,
  type Trackers,
  type VerifyPool,
} from '@tan/peer'
import { type Address, CodedError, type Hash } from '@tan/primitives'
import type { PieceRef, SignedManifest } from '@tan/protocol'
import type { PieceCache } from './cache.ts'
import { PEERS_MAX, PINNING_MAX, SEEK_MAX } from './limits.ts'

export interface HostingOptions {
  readonly manifestUrl: string
  readonly manifest: SignedManifest
  /** of the manifest */
  readonly catalog: Catalog
  readonly world: PeerWorld
  readonly session: Session
  readonly cache: PieceCache
  readonly trackers: Trackers
  readonly verifyPool: VerifyPool
  /** TANGam wei a piece; the manifest's price unless the operator asks for less */
  readonly piecePriceWei: bigint | undefined
  readonly unredeemedMaxWei: bigint
  readonly expiryMarginBlocks: number
  /** what earlier runs earned with any resource */
  readonly earnings: readonly EarningRecord[]
  readonly saveEarnings: (records: readonly EarningRecord[]) => Promise<void>
  readonly events: RunnerEvents
}

export class HostedResource {
  readonly catalog: Catalog
  readonly manifest: SignedManifest
  readonly runner: SwarmRunner
  readonly #options: HostingOptions
  readonly #meetings: Meetings
  /** claims that the tracker has not answered, by pool */
  readonly #claims = new Map<Hash, bigint>()
  /** segments that were dropped: they are fetched again only where there is room */
  readonly #dropped = new Set<number>()

  constructor(options: HostingOptions) {
    this.#options = options
    this.manifest = options.manifest
    this.catalog = options.catalog
    this.runner = this.#createRunner()
    this.#meetings = this.#createMeetings()
    for (const { rendition, segment, root } of this.#segments()) {
      const hashes = options.cache.hashesOf(root)
      if (hashes !== undefined) this.runner.dispatch({ type: 'held', rendition, segment, hashes })
    }
    options.trackers.join(this.catalog.resourceId, this.#member())
    this.#fill()
  }

  get resourceId(): Hash {
    return this.catalog.resourceId
  }

  heightChanged(height: number): void {
    this.runner.dispatch({ type: 'height', height })
  }

  poolChanged(proven: ProvenPool): void {
    this.runner.dispatch({ type: 'pool-changed', proven })
  }

  poolEnded(poolId: Hash): void {
    this.runner.dispatch({ type: 'pool-ended', poolId })
  }

  /** The cache let go of the segments with this root: to make room, or because they were damaged. */
  dropped(root: Hash): void {
    for (const entry of this.#segments())
      if (entry.root === root && this.runner.holds(entry.rendition, entry.segment)) {
        this.#dropped.add(entry.id)
        this.runner.dispatch({ type: 'dropped', rendition: entry.rendition, segment: entry.segment })
      }
    this.#fill()
  }

  stop(): void {
    this.#options.trackers.leave(this.resourceId)
    this.#meetings.stop()
    this.runner.stop()
  }

  get #isFree(): boolean {
    return this.#pieceWei === 0n && this.manifest.openingWei === 0n
  }

  get #pieceWei(): bigint {
    const { piecePriceWei } = this.#options
    return piecePriceWei !== undefined && piecePriceWei < this.manifest.piecePriceWei
      ? piecePriceWei
      : this.manifest.piecePriceWei
  }

  #segments() {
    return this.catalog.renditions.flatMap(rendition => rendition.segments)
  }

  /** The next segments that are missing, as far as the cache has room. */
  #fill(): void {
    const { cache } = this.#options
    let roomBytes = cache.maxBytes - cache.sizeBytes
    const wanted: Wanted[] = []
    for (const { id, rendition, segment, sizeBytes } of this.#segments()) {
      if (wanted.length >= PINNING_MAX) break
      if (this.runner.holds(rendition, segment) || (this.#dropped.has(id) && sizeBytes > roomBytes)) continue
      roomBytes -= sizeBytes
      if (roomBytes < 0 && this.#dropped.size > 0) break
      wanted.push({ rendition, segment, deadlineMs: Number.POSITIVE_INFINITY })
    }
    this.runner.want(wanted)
  }

  // ------------------------------------------------------------------------------------------------ parts

  #createRunner(): SwarmRunner {
    const { world, session, verifyPool, trackers, events } = this.#options
    const { chainId } = this.manifest
    return new SwarmRunner({
      catalog: this.catalog,
      swarm: {
        identity: session,
        random: world.random,
        serves: true,
        payee: {
          piecePriceWei: this.#pieceWei,
          openingWei: this.manifest.openingWei,
          unredeemedMaxWei: this.#options.unredeemedMaxWei,
          expiryMarginBlocks: this.#options.expiryMarginBlocks,
          announcesClaims: true,
          followsChain: true,
          records: this.#options.earnings.filter(({ resourceId }) => resourceId === this.catalog.resourceId),
        },
        signVoucher: voucher => session.signVoucher(chainId, voucher),
      },
      origin: new Origin({
        catalog: this.catalog,
        folders: originFolders(this.#options.manifestUrl, this.manifest),
        get: world.get,
        timers: world.timers,
        client: 'edge',
      }),
      pieces: this.#createPieces(),
      sha256: world.sha256,
      clock: world.clock,
      timers: world.timers,
      logger: world.logger,
      savePayments: () => Promise.resolve(),
      saveEarnings: this.#options.saveEarnings,
      // An edge has no pool of its own: it fills from the origin, and from peers that ask nothing.
      provePool: () => Promise.reject(new CodedError('edge/pool', 'this edge pays nobody')),
      verifyPool: proof => verifyPool(proof, session.address),
      reserve: () => Promise.resolve(),
      claim: claim => {
        this.#claims.set(claim.poolId, claim.claimWei)
        // Without a tracker, what may stay unredeemed bounds the risk alone.
        if (!trackers.claim(claim)) this.#claimed(claim.poolId, true)
      },
      events: {
        ...events,
        complete: (rendition, segment) => {
          events.complete?.(rendition, segment)
          this.#fill()
        },
      },
    })
  }

  #createPieces(): PieceStore {
    const { cache, world } = this.#options
    const rootOf = (rendition: number, segment: number): Hash => this.catalog.segment(rendition, segment)!.root
    return {
      keep: (_ref: PieceRef, bytes, hash) => cache.keep(hash, bytes),
      complete: (rendition, segment, hashes) => {
        const { root, sizeBytes } = this.catalog.segment(rendition, segment)!
        cache
          .complete(root, hashes, sizeBytes)
          .catch((error: unknown) => world.logger.error('a segment cannot be kept', { root, error: String(error) }))
      },
      read: ({ rendition, segment, piece }) => cache.read(rootOf(rendition, segment), piece),
      // Loose pieces are not kept over the next start.
      forget: () => {},
    }
  }

  #createMeetings(): Meetings {
    const { world, session, trackers } = this.#options
    return new Meetings({
      resourceId: this.catalog.resourceId,
      self: session.address,
      connect: world.connect,
      clock: world.clock,
      timers: world.timers,
      random: world.random,
      wanted: SEEK_MAX,
      most: PEERS_MAX,
      isConnectedTo: peer => this.runner.isConnectedTo(peer),
      isBanned: peer => this.runner.swarm.isBanned(peer),
      connections: () => this.runner.connections,
      signal: (to, signal) => trackers.signal(this.resourceId, to, signal),
      opened: (channel, peer) => this.runner.add(channel, peer),
      failed: (peer: Address, rejection) => world.logger.debug('no connection', { peer, ...rejection }),
    })
  }

  #member(): SwarmMember {
    const seeks = () => this.#isFree && this.runner.swarm.have < 1
    return {
      announcement: () => ({ have: this.runner.swarm.have, want: seeks() ? SEEK_MAX : 0 }),
      candidates: peers => {
        if (seeks()) this.#meetings.seek(peers.filter(({ have }) => have > 0).map(({ peerId }) => peerId))
      },
      signal: (from, signal) => this.#meetings.receive(from, signal),
      iceServers: servers => this.#meetings.setIceServers(servers),
      claimed: (poolId, isAdmitted) => this.#claimed(poolId, isAdmitted),
    }
  }

  #claimed(poolId: Hash, isAdmitted: boolean): void {
    const claimWei = this.#claims.get(poolId)
    if (claimWei !== undefined) this.runner.dispatch({ type: 'claimed', poolId, claimWei, isAdmitted })
  }
}
