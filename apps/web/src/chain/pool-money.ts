// How the money of a payment pool divides into paid out, reserved or claimed, and left, as shares for a meter.
import type { TanPool } from '../rpc/tan.ts'

export interface PoolMoney {
  readonly paidWei: bigint
  /** reserved for payees and not paid yet */
  readonly reservedWei: bigint
  readonly leftWei: bigint
  readonly shares: { readonly paid: number; readonly reserved: number; readonly left: number }
  readonly kind: 'credit' | 'strict'
}

export function poolMoney({
  deposit,
  paid,
  claims,
  collateral,
}: Pick<TanPool, 'deposit' | 'paid' | 'claims' | 'collateral'>): PoolMoney {
  const claimed = claims > deposit ? deposit : claims > paid ? claims : paid
  const reservedWei = claimed - paid
  const leftWei = deposit - claimed
  return {
    paidWei: paid,
    reservedWei,
    leftWei,
    shares: { paid: share(paid, deposit), reserved: share(reservedWei, deposit), left: share(leftWei, deposit) },
    kind: collateral === 0n ? 'strict' : 'credit',
  }
}

/** Precise to a millionth, even for amounts too large for an exact number. */
export function share(part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number((part * 1_000_000n) / whole) / 1_000_000
}
