// The channels to connected peers, one line for each: decodes and hashes what comes, and sends what the core decides.
import { type LinkId, type SwarmInput, unrequested } from '@tan/delivery'
import { type Address, type Logger, type Reason, reasonOf } from '@tan/primitives'
import {
  decodeSwarmMessage,
  encodeSwarmMessage,
  type PieceMessage,
  type PieceRef,
  type SwarmMessage,
} from '@tan/protocol'
import { CHANNEL_BUFFER_MAX_BYTES, CHANNEL_UNREAD_MAX_BYTES } from '../limits.ts'
import type { Channel, Sha256 } from '../ports.ts'

export interface LinesOptions {
  readonly sha256: Sha256
  readonly logger: Logger
  dispatch(input: SwarmInput, bytes?: Uint8Array): void
  /** was this piece asked of this peer? */
  expects(link: LinkId, ref: PieceRef): boolean
  /** `rejection`: we left it; undefined: it left us */
  closed(address: Address, rejection: Reason | undefined): void
}

interface Line {
  readonly channel: Channel
  /** once the handshake has proven it */
  address: Address | undefined
  /** pieces whose hash is being computed */
  readonly hashing: Set<string>
}

export interface SentPiece {
  readonly to: Address | undefined
  /** the channel holds so much that the next piece waits until it has drained */
  readonly isCrowding: boolean
}

export class Lines {
  readonly #options: LinesOptions
  readonly #lines = new Map<LinkId, Line>()
  #nextLink = 1

  constructor(options: LinesOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#lines.size
  }

  /** A connected peer; `expected` is who it should be. */
  add(channel: Channel, expected: Address | undefined): void {
    const { dispatch } = this.#options
    const link = this.#nextLink++
    const { binding } = channel
    this.#lines.set(link, { channel, address: undefined, hashing: new Set() })
    dispatch({ type: 'connected', link, binding, ...(expected === undefined ? {} : { expected }) })
    // What came before anybody listened is handed over at once, and belongs after the connection itself.
    channel.listen({
      message: bytes => this.#receive(link, bytes),
      drained: () => dispatch({ type: 'drained', link }),
      closed: () => this.#lost(link),
    })
  }

  isConnectedTo(address: Address): boolean {
    for (const line of this.#lines.values()) if (line.address === address) return true
    return false
  }

  addressOf(link: LinkId): Address | undefined {
    return this.#lines.get(link)?.address
  }

  /** The handshake has shown whose line it is. */
  identify(link: LinkId, address: Address): void {
    const line = this.#lines.get(link)
    if (line !== undefined) line.address = address
  }

  /** Pieces wait for room in the channel. Whoever reads nothing of all else is left, before it fills the memory. */
  send(link: LinkId, message: SwarmMessage): void {
    const channel = this.#lines.get(link)?.channel
    if (channel === undefined) return
    if (channel.bufferedBytes <= CHANNEL_UNREAD_MAX_BYTES) return channel.send(encodeSwarmMessage(message))
    this.#options.logger.debug('a peer does not read', { link })
    channel.close()
    this.#lost(link)
  }

  /** Undefined where the peer is gone. What is in the channel counts as served, whatever becomes of it (spec D-ONE). */
  sendPiece(link: LinkId, ref: PieceRef, bytes: Uint8Array): SentPiece | undefined {
    const line = this.#lines.get(link)
    if (line === undefined) return undefined
    const { channel, address } = line
    channel.send(encodeSwarmMessage({ type: 'piece', ...ref, bytes }))
    return { to: address, isCrowding: channel.bufferedBytes > CHANNEL_BUFFER_MAX_BYTES }
  }

  /** What a peer did makes us leave it (spec D-BAN, D-FLOOD and others). */
  close(link: LinkId, rejection: Reason): void {
    const line = this.#lines.get(link)
    if (line === undefined) return
    this.#lines.delete(link)
    this.#options.logger.debug('a peer is left', { peer: line.address, ...rejection })
    line.channel.close()
    if (line.address !== undefined) this.#options.closed(line.address, rejection)
  }

  /** As if each of them had broken. */
  disconnectAll(): void {
    for (const [link, { channel }] of [...this.#lines]) {
      channel.close()
      this.#lost(link)
    }
  }

  stop(): void {
    for (const { channel } of this.#lines.values()) channel.close()
    this.#lines.clear()
  }

  #receive(link: LinkId, bytes: Uint8Array): void {
    let message: ReturnType<typeof decodeSwarmMessage>
    try {
      message = decodeSwarmMessage(bytes)
    } catch (error) {
      // spec D-CHANNEL: the core closes the connection
      this.#options.dispatch({ type: 'malformed', link, rejection: reasonOf(error) })
      return
    }
    if (message.type === 'piece') this.#receivePiece(link, message)
    else this.#options.dispatch({ type: 'message', link, message })
  }

  /** spec D-CHECKED: a piece reaches the core with its hash, and nobody before the core has compared it. */
  #receivePiece(link: LinkId, { rendition, segment, piece, bytes }: PieceMessage): void {
    const { dispatch, expects, sha256 } = this.#options
    const line = this.#lines.get(link)
    if (line === undefined) return
    const ref = { rendition, segment, piece }
    const key = `${rendition}/${segment}/${piece}`
    // Nothing is hashed that was not asked for, and nothing twice.
    if (!expects(link, ref) || line.hashing.has(key)) {
      const rejection = unrequested(ref)
      dispatch({ type: 'malformed', link, rejection })
      return
    }
    line.hashing.add(key)
    void sha256(bytes).then(hash => {
      line.hashing.delete(key)
      dispatch({ type: 'piece', from: { link }, ref, sizeBytes: bytes.length, hash }, bytes)
    })
  }

  #lost(link: LinkId): void {
    const line = this.#lines.get(link)
    if (line === undefined) return
    this.#lines.delete(link)
    this.#options.dispatch({ type: 'disconnected', link })
    if (line.address !== undefined) this.#options.closed(line.address, undefined)
  }
}
