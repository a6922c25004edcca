// Decoding what a peer sent: what is malformed is a Rejection, which is penalised, and no failure of ours.
import { accepted, type Codec, decode, type Result, rejected, rejectionOf } from '@tan/primitives'

export function decodeFromPeer<T>(codec: Codec<T>, bytes: Uint8Array): Result<T> {
  try {
    return accepted(decode(codec, bytes))
  } catch (error) {
    return rejected(rejectionOf(error))
  }
}
