// TAN and TANGam have 18 decimals; the smallest unit of each is a wei. Amounts are bigint wei everywhere except on
// screen.

import { shorten } from './bytes.ts'
import { CodedError } from './errors.ts'

export const WEI_PER_TOKEN: bigint = 10n ** 18n
export const WEI_PER_GWEI: bigint = 10n ** 9n

/** `12.5` -> 12500000000000000000n. Throws `units/amount` for anything but a plain decimal of at most 18 places. */
export function parseAmount(text: string, decimals = 18): bigint {
  const match = /^(\d{1,60})(?:\.(\d+))?$/.exec(text.trim())
  const fraction = match?.[2] ?? ''
  if (match === null || fraction.length > decimals)
    throw new CodedError(
      'units/amount',
      `not an amount (digits, and at most ${decimals} after a point): ${shorten(text)}`,
    )
  return BigInt(match[1]! + fraction.padEnd(decimals, '0'))
}

/** 12500000000000000000n -> `12.5`; exact, no exponent, no grouping. */
export function formatAmount(wei: bigint, decimals = 18): string {
  const sign = wei < 0n ? '-' : ''
  const digits = (wei < 0n ? -wei : wei).toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '')
  return fraction === '' ? sign + whole : `${sign}${whole}.${fraction}`
}
