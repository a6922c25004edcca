// Formats figures and names for people. One language (English) and one set of rules for the whole app, so that a figure
// looks the same on every page. Rounded values are only for reading.
import { formatAmount, type Hex, WEI_PER_GWEI, WEI_PER_TOKEN } from '@tan/primitives'

export interface Quantity {
  readonly value: string
  readonly unit: string
}

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** 1234567 -> `1,234,567` */
export function formatCount(count: number | bigint): string {
  return whole.format(count)
}

/** Three significant digits at most and never an exponent: 1234 -> `1.23`, with `kB` beside it. Powers of 1,000. */
export function bytesQuantity(bytes: number): Quantity {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let value = Math.max(0, bytes)
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return { value: unit === 0 ? String(Math.round(value)) : threeDigits(value), unit: units[unit]! }
}

export function formatBytes(bytes: number): string {
  return joined(bytesQuantity(bytes))
}

export function formatByteRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`
}

/**
 * An amount with `digits` significant digits, rounded down so that nobody sees more than there is. Amounts too small
 * for a readable decimal become gwei, and then wei.
 */
export function tokenQuantity(wei: bigint, unit: string, digits = 4): Quantity {
  const size = wei < 0n ? -wei : wei
  if (size === 0n || size >= WEI_PER_TOKEN / 1_000_000n) return { value: decimal(wei, 18, digits), unit }
  if (size >= WEI_PER_GWEI / 1000n) return { value: decimal(wei, 9, digits), unit: 'gwei' }
  return { value: whole.format(wei), unit: 'wei' }
}

export function formatTokens(wei: bigint, unit: string, digits = 4): string {
  return joined(tokenQuantity(wei, unit, digits))
}

/** With all digits, for titles and copies. */
export function formatTokensExactly(wei: bigint, unit: string): string {
  return `${formatAmount(wei)} ${unit}`
}

/** 0.834 -> `83%`. Only all is 100%, and only none is 0%. */
export function formatShare(share: number): string {
  if (!Number.isFinite(share) || share <= 0) return '0%'
  if (share >= 1) return '100%'
  const percent = share * 100
  if (percent < 1) return '<1%'
  return `${Math.min(99, Math.round(percent))}%`
}

/** `850 ms`, `4.2 s`, `3 min 05 s`, `2 h 14 min`, `6 d 3 h` */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs)
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`
  const hours = Math.floor(minutes / 60)
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** How long ago, in steps that do not flicker: `now`, `4 s ago`, `3 min ago`, `2 h ago`, `6 d ago` */
export function formatAgo(elapsedMs: number): string {
  const seconds = Math.floor(Math.max(0, elapsedMs) / 1000)
  if (seconds < 2) return 'now'
  if (seconds < 60) return `${seconds} s ago`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`
  return `${Math.floor(seconds / 86_400)} d ago`
}

/** A place in a video: `1:05`, `1:02:09` */
export function formatTimecode(seconds: number): string {
  const at = Math.max(0, Math.floor(seconds))
  const hours = Math.floor(at / 3600)
  const minutes = Math.floor(at / 60) % 60
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(at % 60)}` : `${minutes}:${pad(at % 60)}`
}

/** `0x1234…cdef`: enough to distinguish values on one page. */
export function shortHex(hex: Hex, digits = 4): string {
  return hex.length <= 2 + 2 * digits + 1 ? hex : `${hex.slice(0, 2 + digits)}…${hex.slice(-digits)}`
}

/** `redeemGraceBlocks` -> `redeem grace blocks` */
export function words(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/_/g, ' ')
    .toLowerCase()
}

/** `1 piece`, `2 pieces` */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`
}

function joined({ value, unit }: Quantity): string {
  return `${value} ${unit}`
}

function threeDigits(value: number): string {
  return value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2)
}

function pad(value: number): string {
  return String(value).padStart(2, '0')
}

/** Grouped, with at most `digits` significant digits (but no digit before the point is dropped), rounded towards zero. */
function decimal(wei: bigint, decimals: number, digits: number): string {
  const [integer = '0', fraction = ''] = formatAmount(wei < 0n ? -wei : wei, decimals).split('.')
  const leadingZeros = /^0*/.exec(fraction)![0].length
  const places = integer === '0' ? leadingZeros + digits : Math.max(0, digits - integer.length)
  const kept = fraction.slice(0, places).replace(/0+$/, '')
  const sign = wei < 0n ? '-' : ''
  return `${sign}${whole.format(BigInt(integer))}${kept === '' ? '' : `.${kept}`}`
}
