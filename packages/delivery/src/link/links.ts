// The connections: how each begins with a handshake (spec D-HANDSHAKE), how much may come through it (spec D-FLOOD), how it
// ends, and who may never connect again (spec D-BAN).
import {
  type Address,
  type Random,
  type Reason,
  type Rejection,
  randomBytesFrom,
  signatureToBytes,
} from '@tan/primitives'
import { SWARM_VERSION, type SwarmMessage, type SwarmMessageOf } from '@tan/protocol'
import { Asking } from '../asking/asking.ts'
import { isLie, reject } from '../codes.ts'
import type { Catalog } from '../content/catalog.ts'
import type { LinkId, SwarmEffect, SwarmInput } from '../effects.ts'
import { BANNED_MAX, HANDSHAKE_MAX_MS, LINKS_MAX, MESSAGES_PER_SECOND_MAX } from '../limits.ts'
import { Serving } from '../serving/serving.ts'
import { checkAuth, checkHello, digestToSign, type Identity } from './handshake.ts'
import { type Core, isOpen, type Link, type OpenLink, refusal } from './link.ts'

/** What comes once a connection is open. */
export type OpenMessage = Exclude<SwarmMessage, { type: 'hello' | 'auth' }>

export interface LinksOptions {
  readonly catalog: Catalog
  readonly identity: Identity
  readonly random: Random
  onOpened(link: OpenLink): void
  onClosed(link: Link): void
}

export class Links implements Core {
  readonly #options: LinksOptions
  readonly #links = new Map<LinkId, Link>()
  readonly #banned = new Set<Address>()
  #nowMs = 0
  #effects: SwarmEffect[] = []

  constructor(options: LinksOptions) {
    this.#options = options
  }

  // ------------------------------------------------------------------------------------------------ for the core's parts

  get nowMs(): number {
    return this.#nowMs
  }

  /** A step begins at this time; what it emits from here on is what `takeEffects` answers. */
  begin(nowMs: number): void {
    this.#nowMs = nowMs
    this.#effects = []
  }

  takeEffects(): readonly SwarmEffect[] {
    return this.#effects
  }

  emit(effect: SwarmEffect): void {
    this.#effects.push(effect)
  }

  send(link: Link, message: SwarmMessage): void {
    this.emit({ type: 'send', link: link.id, message })
  }

  refuse(link: Link, rejection: Rejection): void {
    const { address } = link
    if (address !== undefined && isLie(rejection)) {
      this.#banned.add(address)
      if (this.#banned.size > BANNED_MAX) this.#banned.delete(this.#banned.values().next().value!)
      this.emit({ type: 'ban', address, rejection })
    }
    this.#refuse(link, rejection)
  }

  all(): Iterable<Link> {
    return this.#links.values()
  }

  *openLinks(): Generator<OpenLink> {
    for (const link of this.#links.values()) if (isOpen(link)) yield link
  }

  get(id: LinkId): Link | undefined {
    return this.#links.get(id)
  }

  getOpen(id: LinkId): OpenLink | undefined {
    const link = this.#links.get(id)
    return link !== undefined && isOpen(link) ? link : undefined
  }

  isBanned(address: Address): boolean {
    return this.#banned.has(address)
  }

  // ------------------------------------------------------------------------------------------------ beginning

  connected({ link: id, binding, expected }: Extract<SwarmInput, { type: 'connected' }>): void {
    const { catalog, identity, random } = this.#options
    const own: SwarmMessageOf<'hello'> = {
      type: 'hello',
      version: SWARM_VERSION,
      resourceId: catalog.resourceId,
      address: identity.address,
      nonce: randomBytesFrom(random, 32),
    }
    const link: Link = {
      id,
      handshake: { own, binding, expected, sinceMs: this.#nowMs, theirs: undefined },
      address: undefined,
      asking: new Asking(catalog),
      serving: new Serving(),
      messages: 0,
      secondMs: this.#nowMs,
    }
    this.#links.set(id, link)
    if (this.#links.size > LINKS_MAX) this.refuse(link, reject('swarm/full', `${LINKS_MAX} peers are connected`))
    else this.send(link, own)
  }

  /** Sees to the handshake and to how much comes; what is left is for `handle`. */
  receive(id: LinkId, message: SwarmMessage, handle: (link: OpenLink, message: OpenMessage) => void): void {
    const link = this.#links.get(id)
    if (link === undefined) return
    if (this.#nowMs - link.secondMs >= 1_000) {
      link.secondMs = this.#nowMs
      link.messages = 0
    }
    if (++link.messages > MESSAGES_PER_SECOND_MAX)
      return this.refuse(link, reject('swarm/flood', `more than ${MESSAGES_PER_SECOND_MAX} messages/s`))
    if (message.type === 'hello') return this.#hello(link, message)
    if (message.type === 'auth') return this.#auth(link, message)
    if (isOpen(link)) return handle(link, message)
    if (message.type === 'refused') return this.close(link, message)
    this.refuse(link, reject('swarm/unexpected', `${message.type} before the handshake`))
  }

  #hello(link: Link, hello: SwarmMessageOf<'hello'>): void {
    const wrong = checkHello(link.handshake, hello)
    if (wrong !== undefined) return this.refuse(link, wrong)
    if (this.#banned.has(hello.address))
      return this.refuse(link, reject('swarm/banned', `${hello.address} is banned here`))
    link.handshake.theirs = hello
    const digest = digestToSign(link.handshake, hello)
    this.send(link, { type: 'auth', signature: signatureToBytes(this.#options.identity.sign(digest)) })
  }

  #auth(link: Link, { signature }: SwarmMessageOf<'auth'>): void {
    if (isOpen(link)) return this.refuse(link, reject('swarm/unexpected', 'a second auth'))
    const wrong = checkAuth(link.handshake, signature)
    if (wrong !== undefined) return this.refuse(link, wrong)
    const { address } = link.handshake.theirs!
    // The same peer again: the older connection may be dead without our knowing.
    for (const other of this.openLinks())
      if (other.address === address) this.refuse(other, reject('swarm/replaced', 'a newer connection is there'))
    const opened: OpenLink = Object.assign(link, { address })
    this.emit({ type: 'opened', link: link.id, address })
    this.#options.onOpened(opened)
  }

  /** Ends handshakes that take too long. */
  tick(): void {
    for (const link of this.#links.values())
      if (!isOpen(link) && this.#nowMs - link.handshake.sinceMs > HANDSHAKE_MAX_MS)
        this.refuse(link, reject('swarm/handshake-timeout', `no handshake within ${HANDSHAKE_MAX_MS} ms`))
  }

  // ------------------------------------------------------------------------------------------------ ending

  /** What came could not be decoded (spec D-CHANNEL). */
  malformed(id: LinkId, reason: Reason): void {
    const link = this.#links.get(id)
    if (link !== undefined) this.#refuse(link, reason)
  }

  disconnected(id: LinkId): void {
    const link = this.#links.get(id)
    if (link !== undefined) this.#remove(link)
  }

  close(link: Link, { code, message }: Reason): void {
    if (!this.#links.has(link.id)) return
    this.emit({ type: 'close', link: link.id, rejection: { code, message } })
    this.#remove(link)
  }

  #refuse(link: Link, reason: Reason): void {
    if (!this.#links.has(link.id)) return
    this.send(link, refusal(reason))
    this.close(link, reason)
  }

  #remove(link: Link): void {
    this.#links.delete(link.id)
    this.#options.onClosed(link)
  }
}
