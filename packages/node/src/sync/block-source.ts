// Blocks from peers: those that consensus misses, and the way up to a head that a peer tells of. Peers may be silent, or
// tell of heads that do not exist: no peer can keep the others from being asked.
import type { ConsensusReader, Outcome, Runner } from '@tan/consensus'
import type { PeerId, Transport } from '@tan/network'
import { type Clock, encode, type Hash, type Logger, type Metrics, type Reason, reasonOf } from '@tan/primitives'
import { type Eras, hashBlock, type Proposal } from '@tan/protocol'
import type { Chain } from '../chain/chain.ts'
import { reject } from '../codes.ts'
import { ANNOUNCED_FETCHES_MAX, VALIDATOR_FETCHES_MAX, WANTED_BLOCKS_MAX, WANTED_FETCHES_MAX } from '../limits.ts'
import { checkBody } from '../wire/body.ts'
import { decodeFromPeer } from '../wire/decode.ts'
import { blocksRequestCodec, blocksResponseCodec } from '../wire/messages.ts'
import { BLOCKS_PROTOCOL } from '../wire/protocols.ts'
import { answerBlocks } from './block-answers.ts'
import { PeerTrust } from './peer-trust.ts'

/** Peers asked for one block before it is given up until consensus asks again. */
const PEERS_TRIED_MAX = 4

interface BlockSourceParts {
  readonly transport: Transport
  readonly chain: Chain
  readonly eras: Eras
  readonly consensus: ConsensusReader
  readonly runner: Runner
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  /** has the peer proved to hold a validator's key? */
  readonly isValidator: (peer: PeerId) => boolean
}

/** Asked for by consensus. */
interface Wanted {
  readonly preferred: PeerId | undefined
  readonly tried: Set<PeerId>
  isInWork: boolean
}

interface Head {
  readonly hash: Hash
  readonly height: number
}

/**
 * `done`: the block is here. `some`: blocks came, but not this one. `nothing`: no block that was new. `full`: nothing more
 * fits before something settles. `silent`: no answer in time. `failed`: it could not be asked.
 */
type FetchResult = 'done' | 'some' | 'nothing' | 'full' | 'silent' | 'failed'

export class BlockSource {
  private readonly parts: BlockSourceParts
  private readonly trust: PeerTrust
  private readonly wanted = new Map<Hash, Wanted>()
  /** the newest that each peer told of */
  private readonly announced = new Map<PeerId, Head>()
  /** Peers that are asked, by why: what consensus misses never waits for the way up to a head. At most one each. */
  private readonly asking = { wanted: new Set<PeerId>(), announced: new Set<PeerId>() }
  private turn = 0

  constructor(parts: BlockSourceParts) {
    this.parts = parts
    this.trust = new PeerTrust(parts.clock)
    parts.transport.onRequest(BLOCKS_PROTOCOL, (_peer, request) => answerBlocks(parts, request))
  }

  /** For consensus: gets a block and what misses below it, from this peer first. */
  fetch(hash: Hash, preferred?: PeerId): void {
    if (!this.wanted.has(hash)) {
      if (this.wanted.size >= WANTED_BLOCKS_MAX) this.wanted.delete(this.wanted.keys().next().value!)
      this.wanted.set(hash, { preferred, tried: new Set(), isInWork: false })
    }
    this.askMore()
  }

  /** A peer tells that its head is this block, which is well above the own one. */
  announce(peer: PeerId, head: Head): void {
    this.announced.set(peer, head)
    this.askMore()
  }

  forget(peer: PeerId): void {
    this.announced.delete(peer)
  }

  // ------------------------------------------------------------------------------------------------ whom to ask

  private askMore(): void {
    for (const [hash, wanted] of this.wanted) {
      if (wanted.isInWork) continue
      const next = this.peerFor(wanted)
      if (next === 'nobody') this.wanted.delete(hash)
      else if (next !== 'later') void this.askWanted(hash, wanted, next)
    }
    for (const peer of this.announcers()) {
      const head = this.announced.get(peer)!
      if (!this.isMissing(head)) this.announced.delete(peer)
      else if (this.hasRoomFor(peer)) void this.askAnnounced(peer, head)
    }
  }

  /** Whoever sent what the block is missed for, then validators: these are waited for. Others by how often they failed. */
  private peerFor({ preferred, tried }: Wanted): PeerId | 'later' | 'nobody' {
    if (tried.size >= PEERS_TRIED_MAX) return 'nobody'
    const peers = this.parts.transport.peers().map(({ id }) => id)
    const start = peers.length === 0 ? 0 : this.turn++ % peers.length
    const untried = [...peers.slice(start), ...peers.slice(0, start)].filter(peer => !tried.has(peer))
    const isFirst = (peer: PeerId): boolean =>
      !this.trust.isDoubted(peer) && (peer === preferred || this.parts.isValidator(peer))
    const first = untried.filter(isFirst).sort((a, b) => Number(b === preferred) - Number(a === preferred))
    const rest = untried.filter(peer => !isFirst(peer)).sort(this.byFailures)
    if (first.length === 0 && this.asking.wanted.size >= WANTED_FETCHES_MAX) return 'later'
    const choice = first.length > 0 ? first : rest
    return choice.find(peer => !this.asking.wanted.has(peer)) ?? (choice.length > 0 ? 'later' : 'nobody')
  }

  private readonly byFailures = (a: PeerId, b: PeerId): number => this.trust.failuresOf(a) - this.trust.failuresOf(b)

  private announcers(): PeerId[] {
    const peers = [...this.announced.keys()].filter(peer => !this.asking.announced.has(peer))
    const { isValidator } = this.parts
    return peers
      .filter(peer => !this.trust.isDoubted(peer))
      .sort((a, b) => Number(isValidator(b)) - Number(isValidator(a)) || this.byFailures(a, b))
  }

  /** Validators have places of their own, which no number of strangers can take; while one is asked, strangers are not. */
  private hasRoomFor(peer: PeerId): boolean {
    const validators = [...this.asking.announced].filter(this.parts.isValidator).length
    if (this.parts.isValidator(peer)) return validators < VALIDATOR_FETCHES_MAX
    return validators === 0 && this.asking.announced.size < ANNOUNCED_FETCHES_MAX
  }

  private isMissing({ hash, height }: Head): boolean {
    const { consensus } = this.parts
    return consensus.proposal(hash) === undefined && height > consensus.settlementStatus().settledHeight
  }

  // ------------------------------------------------------------------------------------------------ asking

  private async askWanted(hash: Hash, wanted: Wanted, peer: PeerId): Promise<void> {
    wanted.isInWork = true
    wanted.tried.add(peer)
    this.asking.wanted.add(peer)
    const result = await this.fetchFrom(peer, hash)
    this.asking.wanted.delete(peer)
    wanted.isInWork = false
    if (result === 'done' || result === 'full') this.wanted.delete(hash)
    this.judge(peer, result)
    this.askMore()
  }

  private async askAnnounced(peer: PeerId, head: Head): Promise<void> {
    this.asking.announced.add(peer)
    const result = await this.fetchFrom(peer, head.hash)
    this.asking.announced.delete(peer)
    if (this.announced.get(peer)?.hash === head.hash) this.announced.delete(peer)
    this.judge(peer, result)
    // meanwhile it may have come from another
    if (result === 'nothing' && this.isMissing(head)) {
      const message = `the peer told of block ${head.hash} at height ${head.height}, but does not give it`
      this.punish(peer, reject('sync/announced', message))
    }
    this.askMore()
  }

  private judge(peer: PeerId, result: FetchResult): void {
    if (result === 'silent') this.punish(peer, reject('sync/silent', 'the peer did not give blocks in time'))
    else if (result === 'failed') this.trust.failed(peer)
    else if (result === 'done' || result === 'some') this.trust.delivered(peer)
  }

  private punish(peer: PeerId, reason: Reason): void {
    this.trust.failed(peer)
    this.parts.transport.penalize(peer, BLOCKS_PROTOCOL, reason)
  }

  /** Never rejects. */
  private async fetchFrom(peer: PeerId, hash: Hash): Promise<FetchResult> {
    try {
      return await this.fetchBatches(peer, hash)
    } catch (error) {
      const { code, message } = reasonOf(error)
      this.parts.logger.debug('a peer did not give blocks', { peer, code, reason: message })
      return code === 'network/timeout' ? 'silent' : 'failed'
    }
  }

  /** From the settled block up. Each batch begins above what is held on the way, whether or not anything settled of it. */
  private async fetchBatches(peer: PeerId, hash: Hash): Promise<FetchResult> {
    const { transport, consensus } = this.parts
    let aboveHeight = consensus.settlementStatus().settledHeight
    let isAnyNew = false
    for (;;) {
      const request = encode(blocksRequestCodec, { hash, aboveHeight })
      const response = decodeFromPeer(blocksResponseCodec, await transport.request(peer, BLOCKS_PROTOCOL, request))
      if (!response.ok) {
        transport.penalize(peer, BLOCKS_PROTOCOL, response.rejection)
        return 'failed'
      }
      const { isNew, isFull, heldHeight } = await this.takeIn(peer, response.value, aboveHeight)
      isAnyNew ||= isNew
      if (consensus.proposal(hash) !== undefined) return 'done'
      if (isFull) return 'full'
      if (heldHeight <= aboveHeight) return isAnyNew ? 'some' : 'nothing'
      aboveHeight = heldHeight
    }
  }

  private async takeIn(peer: PeerId, proposals: readonly Proposal[], aboveHeight: number) {
    const { transport, consensus, metrics } = this.parts
    let heldHeight = aboveHeight
    let isNew = false
    let isFull = false
    for (const proposal of proposals) {
      const outcome = checkBody(proposal.block) ?? (await this.deliver(proposal))
      if (outcome === 'taken') isNew = true
      else if (outcome !== 'nothing-new') {
        if (outcome.code === 'proposal/full') isFull = true
        if (outcome.blame === 'sender') transport.penalize(peer, BLOCKS_PROTOCOL, outcome)
      }
      const { height } = proposal.block.header
      const isHeld =
        height <= consensus.settlementStatus().settledHeight || consensus.proposal(hashBlock(proposal.block))
      if (height === heldHeight + 1 && isHeld) heldHeight = height
    }
    metrics.count('tan_sync_blocks_total', proposals.length)
    return { isNew, isFull, heldHeight }
  }

  /** To the era that its height belongs to. */
  private deliver(proposal: Proposal): Promise<Outcome> {
    const { height } = proposal.block.header
    const era = this.parts.eras.at(height)?.start.hash
    if (era === undefined) return Promise.resolve(reject('sync/era', `the era of height ${height} is not known here`))
    const message = { type: 'proposal', proposal } as const
    return new Promise(resolve =>
      this.parts.runner.deliver({ type: 'settlement-message', era, message, from: undefined }, resolve),
    )
  }
}
