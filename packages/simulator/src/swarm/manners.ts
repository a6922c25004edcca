// The ways in which simulated peers are hostile.
import { createSeededRandom, randomBelow, randomBytesFrom } from '@tan/primitives'
import { PRICE_WEI } from './film.ts'
import type { Manner } from './manner.ts'

const wrong = new Uint8Array(32).fill(0xee)
const dice = (seed: number, among: number) => {
  const random = createSeededRandom(seed)
  return () => randomBelow(random, among) === 0
}

/** Of those who serve. */
export const HOSTILE_SERVERS: Readonly<Record<string, (seed: number) => Manner>> = {
  wrongBytes: () => ({ serve: () => wrong }),
  sometimesWrong: seed => {
    const isWrong = dice(seed, 10)
    return { serve: hash => (isWrong() ? wrong : hash) }
  },
  /** takes requests and payments, and sends nothing */
  silent: () => ({ serve: () => undefined }),
  /** serves a while, until it is trusted */
  silentLater: seed => {
    let left = 5 + (seed % 40)
    return { serve: hash => (left-- > 0 ? hash : undefined) }
  },
  rejecting: () => ({
    serve: hash => hash,
    say: message =>
      message.type === 'pool-accepted'
        ? [message, { type: 'choke', choked: true }, { type: 'choke', choked: false }]
        : [message],
  }),
  /** says that it served what it did not */
  overcharging: () => ({
    say: message =>
      message.type === 'pool-accepted' ? [{ ...message, chargedWei: message.chargedWei + 15n * PRICE_WEI }] : [message],
  }),
  /** says after each break that one piece more was lost than came */
  inventsLosses: () => ({
    say: message =>
      message.type === 'pool-accepted' ? [{ ...message, chargedWei: message.chargedWei + PRICE_WEI }] : [message],
  }),
  dear: () => ({ piecePriceWei: 50n * PRICE_WEI }),
  /** refuses every pool */
  refusing: () => ({
    say: message =>
      message.type === 'pool-accepted' ? [{ type: 'refused', code: 'payment/pool', message: 'no' }] : [message],
  }),
  wrongHashes: seed => {
    const random = createSeededRandom(seed)
    return {
      say: message =>
        message.type === 'have'
          ? [message, { type: 'hashes', rendition: 0, segment: 3, hashes: randomBytesFrom(random, 32 * 5) }]
          : [message],
    }
  },
  /** never says who it is */
  mute: () => ({ say: () => [] }),
  impostor: () => ({
    say: message => (message.type === 'auth' ? [{ ...message, signature: new Uint8Array(65).fill(27) }] : [message]),
  }),
}

/** Of those who take. */
export const HOSTILE_VIEWERS: Readonly<Record<string, (seed: number) => Manner>> = {
  /** pays for some pieces, and then no more */
  stopsPaying: seed => {
    let left = seed % 20
    return {
      say: message =>
        message.type === 'preimage' || message.type === 'voucher' ? (left-- > 0 ? [message] : []) : [message],
    }
  },
  paysNothing: () => ({
    say: message => (message.type === 'preimage' || message.type === 'voucher' ? [] : [message]),
  }),
  forgesPreimages: () => ({
    say: message => (message.type === 'preimage' ? [{ ...message, preimage: wrong }] : [message]),
  }),
  forgesVouchers: () => ({
    say: message =>
      message.type === 'voucher'
        ? [{ type: 'voucher', voucher: { ...message.voucher, amount: message.voucher.amount + 1_000n * PRICE_WEI } }]
        : [message],
  }),
  replaysPreimages: () => ({ say: message => (message.type === 'preimage' ? [message, message] : [message]) }),
  /** promises a hundred times what its pool holds */
  overspends: () => ({ budget: wei => 100n * wei }),
  floods: () => ({
    say: message =>
      message.type === 'request'
        ? Array.from({ length: 100 }, (_, i) => ({ ...message, segment: (message.segment + i) % 30, piece: 0 }))
        : [message],
  }),
}
