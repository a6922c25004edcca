// What this node listens to on streams: the handler of each protocol, and what stands between a peer's message and it
// (rate), and between its answer and the peer (verdict, failure). Gossip has its own in gossip/topics.ts.
import { assert, type Reason } from '@tan/primitives'
import { type MessageProtocol, type Protocol, protocolId, type RequestProtocol } from '../protocols.ts'
import type { Telemetry } from '../telemetry.ts'
import type { MessageHandler, PeerId, RequestHandler } from '../transport.ts'
import { RATE, type Verdicts } from '../verdicts.ts'
import type { Standing } from './standing.ts'

interface Registered<P, H> {
  readonly protocol: P
  readonly handler: H
}

export class Handlers {
  readonly #prefix: string
  readonly #standing: Standing
  readonly #telemetry: Telemetry
  readonly #verdicts: Verdicts
  readonly #messages = new Map<string, Registered<MessageProtocol, MessageHandler>>()
  readonly #requests = new Map<string, Registered<RequestProtocol, RequestHandler>>()

  constructor(prefix: string, standing: Standing, telemetry: Telemetry, verdicts: Verdicts) {
    this.#prefix = prefix
    this.#standing = standing
    this.#telemetry = telemetry
    this.#verdicts = verdicts
  }

  addMessage(protocol: MessageProtocol, handler: MessageHandler): void {
    this.#add(this.#messages, protocol, handler)
  }

  addRequest(protocol: RequestProtocol, handler: RequestHandler): void {
    this.#add(this.#requests, protocol, handler)
  }

  /** Of streams that peers may open. */
  get protocolIds(): readonly string[] {
    return [...this.#messages.keys(), ...this.#requests.keys()]
  }

  protocolOf(id: string): MessageProtocol | RequestProtocol | undefined {
    return (this.#messages.get(id) ?? this.#requests.get(id))?.protocol
  }

  /** A promise if the handler needs time; it never rejects. */
  deliver(peer: PeerId, protocol: MessageProtocol, message: Uint8Array): Promise<void> | undefined {
    if (!this.#takeToken(peer, protocol)) return undefined
    this.#telemetry.received(protocol, message.length)
    const { handler } = this.#messages.get(protocolId(this.#prefix, protocol))!
    try {
      const verdict = handler(peer, message)
      if (verdict instanceof Promise)
        return verdict.then(
          settled => {
            this.#verdicts.judge(peer, protocol, settled)
          },
          error => this.#verdicts.handlerFailed(protocol, error),
        )
      this.#verdicts.judge(peer, protocol, verdict)
    } catch (error) {
      this.#verdicts.handlerFailed(protocol, error)
    }
    return undefined
  }

  /** Never rejects. */
  async respond(peer: PeerId, protocol: RequestProtocol, request: Uint8Array): Promise<Uint8Array | Reason> {
    if (!this.#takeToken(peer, protocol)) return RATE
    this.#telemetry.received(protocol, request.length)
    try {
      const response = await this.#requests.get(protocolId(this.#prefix, protocol))!.handler(peer, request)
      const size = response instanceof Uint8Array ? response.length : 0
      assert(size <= protocol.responseSizeMaxBytes, `${protocol.name}: a response of ${size} bytes is above its bound`)
      return response
    } catch (error) {
      this.#verdicts.handlerFailed(protocol, error)
      return { code: 'network/internal', message: 'the request could not be answered' }
    }
  }

  #add<P extends Protocol, H>(to: Map<string, Registered<P, H>>, protocol: P, handler: H): void {
    const id = protocolId(this.#prefix, protocol)
    assert(!to.has(id), `${protocol.name}: one handler for each protocol`)
    to.set(id, { protocol, handler })
  }

  #takeToken(peer: PeerId, protocol: Protocol): boolean {
    if (this.#standing.take(peer, protocol)) return true
    this.#verdicts.penalize(peer, protocol, RATE)
    return false
  }
}
