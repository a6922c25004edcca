// Decoding what a peer sent: what is malformed is a Rejection, which is penalised, and no failure of ours.
import { type Codec, decode, type Rejection, rejectionOf } from '@tan/primitives'

export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly rejection: Rejection }

export function decodeFromPeer<T>(codec: Codec<T>, bytes: Uint8Array): Decoded<T> {
  try {
    return { ok: true, value: decode(codec, bytes) }
  } catch (error) {
    return { ok: false, rejection: rejectionOf(error) }
  }
}
