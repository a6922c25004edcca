// The real clock and randomness, to pass into other rooms.
import { type Clock, type Random, secureRandomBytes } from '@tan/primitives'

export const systemClock: Clock = { nowMs: () => Date.now() }

export const systemRandom: Random = {
  uint32: () => new DataView(secureRandomBytes(4).buffer).getUint32(0),
}
