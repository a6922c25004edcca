// Token buckets that limit the requests of a peer or an address.
import type { Clock } from '@tan/primitives'
import { ADDRESSES_MAX, BURST_SECONDS } from './limits.ts'
import { createRecent } from './recent.ts'

export interface TokenBucket {
  /** False if the rate is used up; then takes nothing. */
  take(): boolean
}

export function createTokenBucket(clock: Clock, perSecond: number, burst = perSecond * BURST_SECONDS): TokenBucket {
  let tokens = burst
  let filledAtMs = clock.nowMs()
  return {
    take() {
      const nowMs = clock.nowMs()
      // A clock that is set back must not empty the bucket.
      tokens = Math.min(burst, tokens + (Math.max(0, nowMs - filledAtMs) / 1000) * perSecond)
      filledAtMs = nowMs
      if (tokens < 1) return false
      tokens--
      return true
    },
  }
}

/** Shared by all sockets of one address. It outlives them, so that closing a socket does not refill a bucket. */
export interface Customer {
  sockets: number
  readonly connects: TokenBucket
  readonly messages: TokenBucket
}

export interface Customers {
  of(key: string): Customer
}

export function createCustomers(create: () => Omit<Customer, 'sockets'>): Customers {
  const known = createRecent<string, Customer>(ADDRESSES_MAX)
  return {
    of(key) {
      const customer = known.get(key) ?? { sockets: 0, ...create() }
      known.set(key, customer)
      return customer
    },
  }
}
