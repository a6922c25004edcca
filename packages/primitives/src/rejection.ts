// Why outside input was not accepted, and what follows for its sender. A room declares its rejections in its
// `codes.ts`, each with its fault; callers act on the fault, never on the code.
import { assert, CodedError, type Reason, reasonOf } from './errors.ts'

/**
 * What a rejection means beyond itself.
 * - `blame`: `sender` is the peer that sent it, because no honest peer makes it or passes it on; `author` is its
 * signer, because relaying peers could not know; `nobody`: it happens among honest peers.
 * - `isFinal`: the very same bytes can never be accepted, here or elsewhere.
 * - `mayRepeat`: who may send the same again without penalty.
 */
export interface Fault {
  readonly blame: 'sender' | 'author' | 'nobody'
  readonly isFinal: boolean
  readonly mayRepeat: 'nobody' | 'author' | 'anyone'
}

/** Malformed or forged: an honest peer neither sends it nor passes it on. */
export const FORGED: Fault = { blame: 'sender', isFinal: true, mayRepeat: 'nobody' }
/** Correctly signed, but against the rules, which not every relaying peer could see. */
export const AGAINST_RULES: Fault = { blame: 'author', isFinal: true, mayRepeat: 'nobody' }
/** Valid when it was sent, and outdated since. */
export const OUTDATED: Fault = { blame: 'nobody', isFinal: true, mayRepeat: 'anyone' }
/** Not acceptable here now; it may be later, or elsewhere. */
export const UNTIMELY: Fault = { blame: 'nobody', isFinal: false, mayRepeat: 'anyone' }
/** No room or time for it: its author may try again later. */
export const OVERLOADED: Fault = { blame: 'nobody', isFinal: false, mayRepeat: 'author' }

/** Why outside input was not accepted, returned as data. */
export interface Rejection extends Reason, Fault {}

/** The result of something that may be rejected. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly rejection: Rejection }

/** A room's rejections: code, fault, and meaning, as listed in `docs/errors.md`. */
export type RejectionTable = Readonly<Record<string, readonly [Fault, string]>>
/** A room's error codes (of `CodedError`) and their meanings. */
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

/** Turns a decoder's error into a rejection that blames the sender, unless the failure is ours. */
export function rejectionOf(error: unknown): Rejection {
  return { ...reasonOf(error), ...(error instanceof CodedError ? FORGED : UNTIMELY) }
}

export function accepted<T>(value: T): Result<T> {
  return { ok: true, value }
}

export function rejected(rejection: Rejection): { readonly ok: false; readonly rejection: Rejection } {
  return { ok: false, rejection }
}
