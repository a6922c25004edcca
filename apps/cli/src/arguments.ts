// Reads arguments and input files. Each error names the option, the values that it takes, and the value that was given.
import { CodedError } from '@tan/primitives'
import { readText } from './secrets.ts'

/** Errors in a command's arguments: the command exits with status 2. */
export const USAGE_CODES: ReadonlySet<string> = new Set([
  'cli/address',
  'cli/choice',
  'cli/hash',
  'cli/name',
  'cli/number',
  'cli/options',
  'cli/place',
  'devnet/size',
  'units/amount',
  'watch/data',
])

export const PORT_MAX = 65_535

/** `name` is the name in the message, such as `--port`. */
export function readInteger(text: string, name: string, least: number, most: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new CodedError('cli/number', `${name} must be a whole number from ${least} to ${most}, not ${quoted(text)}`)
}

export function readPort(text: string, name = '--port'): number {
  return readInteger(text, name, 0, PORT_MAX)
}

export function readChainId(text: string): number {
  return readInteger(text, '--chain-id', 1, Number.MAX_SAFE_INTEGER)
}

export function readPositive(text: string, name: string, most = 1e9): number {
  const value = /^\d{1,16}(\.\d{1,16})?$/.test(text) ? Number(text) : Number.NaN
  if (value > 0 && value <= most) return value
  throw new CodedError('cli/number', `${name} must be a number above 0 and at most ${most}, not ${quoted(text)}`)
}

export function readYesOrNo(text: string): boolean {
  if (text === 'yes' || text === 'no') return text === 'yes'
  throw new CodedError('cli/choice', `the answer must be yes or no, not ${quoted(text)}`)
}

/** The network is an autonomous system number; 0 means unknown. */
export function readPlace(text: string): { latitude: number; longitude: number; asn: number } {
  const parts = text.split(',').map(part => (part.trim() === '' ? Number.NaN : Number(part)))
  const [latitude = Number.NaN, longitude = Number.NaN, asn = 0] = parts
  if (Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 && Number.isInteger(asn) && asn >= 0)
    return { latitude, longitude, asn }
  throw new CodedError(
    'cli/place',
    `--place must be latitude,longitude in degrees, with an optional network number, not ${quoted(text)}`,
  )
}

export function readJson(file: string, what: string): unknown {
  const text = readText(file, what)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CodedError('cli/json', `the ${what} ${file} is not JSON`, { cause })
  }
}

export function readJsonObject(file: string, what: string): Record<string, unknown> {
  const value = readJson(file, what)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new CodedError('cli/json', `the ${what} ${file} is not a JSON object`)
}

function quoted(text: string): string {
  return text === '' ? 'empty' : text.slice(0, 100)
}
