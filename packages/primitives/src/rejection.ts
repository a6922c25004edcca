// Why something from outside was not accepted, and what follows for whoever sent it. A room declares its rejections in its
// `codes.ts`, each with its fault; whoever gets one acts on the fault and never on the code.
import { assert, CodedError, type Reason, reasonOf } from './errors.ts'

/**
 * What a rejection means beyond itself.
 * - `blame`: `sender` is the peer that sent it, since no honest peer makes it or passes it on; `author` is whoever signed
 *   it, since those who passed it on could not know; `nobody`: it happens among honest peers.
 * - `isFinal`: the very same bytes can never be accepted, here or elsewhere.
 * - `mayRepeat`: who may send the same again without being held to account for it.
 */
export interface Fault {
  readonly blame: 'sender' | 'author' | 'nobody'
  readonly isFinal: boolean
  readonly mayRepeat: 'nobody' | 'author' | 'anyone'
}

/** Malformed or forged: an honest peer neither sends it nor passes it on. */
export const FORGED: Fault = { blame: 'sender', isFinal: true, mayRepeat: 'nobody' }
/** Against what the two ends of a connection agreed on: the sender is to blame, but elsewhere or later it could be right. */
export const IMPROPER: Fault = { blame: 'sender', isFinal: false, mayRepeat: 'nobody' }
/** Signed as it should be, but against the rules, as not every peer that passed it on could see. */
export const AGAINST_RULES: Fault = { blame: 'author', isFinal: true, mayRepeat: 'nobody' }
/** Right when it was sent, and overtaken since. */
export const OUTDATED: Fault = { blame: 'nobody', isFinal: true, mayRepeat: 'anyone' }
/** Not acceptable here now; it may be later, or elsewhere. */
export const UNTIMELY: Fault = { blame: 'nobody', isFinal: false, mayRepeat: 'anyone' }
/** No room or no time for it: whoever made it may try again later. */
export const OVERLOADED: Fault = { blame: 'nobody', isFinal: false, mayRepeat: 'author' }

/** Why something from outside was not accepted, returned as data. */
export interface Rejection extends Reason, Fault {}

/** What became of something that may be refused. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly rejection: Rejection }

/** A room's rejections: code, fault, and what it means, as `docs/errors.md` tells it. */
export type RejectionTable = Readonly<Record<string, readonly [Fault, string]>>
/** A room's error codes, those of `CodedError`, and what they mean. */
export type ErrorTable = Readonly<Record<string, string>>

/** Makes the rejections of a table. */
export function rejecter<const T extends RejectionTable>(
  table: T,
): (code: keyof T & string, message: string) => Rejection {
  return (code, message) => {
    const entry = table[code]
    assert(entry !== undefined, `the rejection ${code} is not declared`)
    return { code, message, ...entry[0] }
  }
}

/** What a decoder threw at bytes from outside: whoever sent them is to blame, unless the failure is ours. */
export function rejectionOf(error: unknown): Rejection {
  return { ...reasonOf(error), ...(error instanceof CodedError ? FORGED : UNTIMELY) }
}

export function accepted<T>(value: T): Result<T> {
  return { ok: true, value }
}

export function rejected(rejection: Rejection): { readonly ok: false; readonly rejection: Rejection } {
  return { ok: false, rejection }
}
