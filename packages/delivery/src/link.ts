// One connection as the parts of the core share it.
import type { Address, Reason } from '@tan/primitives'
import type { SwarmMessage, SwarmMessageOf } from '@tan/protocol'
import type { Asking } from './asking.ts'
import type { LinkId, SwarmEffect } from './effects.ts'
import type { Handshake } from './handshake.ts'
import type { Serving } from './serving.ts'

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

/** What the parts of the core can do. */
export interface Core {
  /** the time of this step */
  readonly nowMs: number
  /** those whose handshake is done */
  openLinks(): Iterable<OpenLink>
  emit(effect: SwarmEffect): void
  send(link: Link, message: SwarmMessage): void
  /** says why, and closes */
  refuse(link: Link, rejection: Reason): void
  /** closes, never to be connected again */
  ban(link: Link, rejection: Reason): void
}

export interface OpenLink extends Link {
  address: Address
}

/** Whatever the text: it fits into the message (`deliveryLimits`). */
export function refusal({ code, message }: Reason): SwarmMessageOf<'refused'> {
  return { type: 'refused', code: code.slice(0, 64), message: message.slice(0, 240) }
}
