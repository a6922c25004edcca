// One connection as the parts of the core share it, and what each of them can do with it.
import type { Address, Reason, Rejection } from '@tan/primitives'
import type { PieceRef, SwarmMessage, SwarmMessageOf } from '@tan/protocol'
import type { Asking } from '../asking/asking.ts'
import { reject } from '../codes.ts'
import type { LinkId, SwarmEffect } from '../effects.ts'
import type { Serving } from '../serving/serving.ts'
import type { Handshake } from './handshake.ts'

export interface Link {
  readonly id: LinkId
  readonly handshake: Handshake
  /** who it proved to be; undefined until then */
  address: Address | undefined
  readonly asking: Asking
  readonly serving: Serving
  /** messages since `secondMs` */
  messages: number
  secondMs: number
}

export interface OpenLink extends Link {
  address: Address
}

export function isOpen(link: Link): link is OpenLink {
  return link.address !== undefined
}

/** What the parts of the core can do. */
export interface Core {
  /** the time of this step */
  readonly nowMs: number
  /** those whose handshake is done */
  openLinks(): Iterable<OpenLink>
  emit(effect: SwarmEffect): void
  send(link: Link, message: SwarmMessage): void
  /** says why, and closes; whoever lied is never connected again (spec D-BAN) */
  refuse(link: Link, rejection: Rejection): void
}

/** Whatever the text: it fits into the message (`deliveryLimits`). */
export function refusal({ code, message }: Reason): SwarmMessageOf<'refused'> {
  return { type: 'refused', code: code.slice(0, 64), message: message.slice(0, 240) }
}

/** Why a peer is left that sent a piece which was not asked of it (`Swarm.expects`). */
export function unrequested({ rendition, segment, piece }: PieceRef): Rejection {
  return reject('swarm/unrequested', `piece ${rendition}/${segment}/${piece} was not asked for`)
}
