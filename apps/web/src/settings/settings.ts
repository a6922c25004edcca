// The network that this page uses. A devnet serves `devnet.json` next to the page; elsewhere the addresses are in the
// page's own address (`?ws=…`) or saved by the settings page.
import { CodedError, type Reason, reasonOf } from '@tan/primitives'
import { integerFrom, list, object, optional, type Shape, type ShapeValue, text } from '@tan/protocol/tracker/shape'
import { EDGES_MAX, STATUS_MAX_CHARS, STATUS_TIMEOUT_MS } from '../limits.ts'

const url = (...protocols: string[]): Shape<string> => {
  const shape = text(2048)
  return (value, path) => {
    const address = shape(value, path)
    const isGood = URL.canParse(address) && protocols.includes(new URL(address).protocol)
    return isGood ? address : expectedUrl(path, protocols)
  }
}

const http = url('http:', 'https:')
const socket = url('ws:', 'wss:')

const settings = object({
  /** JSON-RPC over WebSocket, for everything that this page reads from the chain */
  wsUrl: socket,
  /** JSON-RPC over HTTP, for the player's payments and for wallets */
  rpcUrl: optional(http),
  trackerUrl: optional(socket),
  trackerStatsUrl: optional(http),
  edges: optional(list(object({ name: text(64), statusUrl: http }), EDGES_MAX)),
  originStatsUrl: optional(http),
  faucetUrl: optional(http),
  video: optional(object({ manifestUrl: http, title: text(256) })),
  chainId: optional(integerFrom(1, Number.MAX_SAFE_INTEGER)),
  /** the trust anchor of the player's light client, in the form of @tan/viewer */
  genesis: optional((value: unknown) => value),
})

export type Settings = ShapeValue<typeof settings>

/** Settings that are plain addresses, which a person can type or put into the page's own address. */
export const ADDRESS_FIELDS = [
  'wsUrl',
  'rpcUrl',
  'trackerUrl',
  'trackerStatsUrl',
  'originStatsUrl',
  'faucetUrl',
] as const
export type AddressField = (typeof ADDRESS_FIELDS)[number]
/** the parameter in the page's own address: `?ws=…&manifest=…` */
const QUERY_NAMES: Readonly<Record<AddressField, string>> = {
  wsUrl: 'ws',
  rpcUrl: 'rpc',
  trackerUrl: 'tracker',
  trackerStatsUrl: 'trackerStats',
  originStatsUrl: 'originStats',
  faucetUrl: 'faucet',
}

const SAVED_KEY = 'tan.settings'

export type SettingsResult =
  | { readonly kind: 'ready'; readonly settings: Settings; readonly from: 'devnet' | 'address' | 'saved' }
  /** no addresses found: ask the person */
  | { readonly kind: 'missing' }
  | { readonly kind: 'wrong'; readonly from: 'devnet' | 'address' | 'saved'; readonly rejection: Reason }

/** Throws `tracker/field` with the name of the wrong field. */
export function validateSettings(value: unknown): Settings {
  return settings(value, 'settings')
}

/** The page's own address takes precedence over `devnet.json`, and that over saved settings. */
export async function loadSettings(pageUrl: string, saved: Pick<Storage, 'getItem'>): Promise<SettingsResult> {
  const named = settingsOfAddress(pageUrl)
  const devnet = await fetchDevnet(pageUrl)
  if (devnet !== undefined) return checked({ ...devnet, ...named }, 'devnet')
  const kept = savedSettings(saved)
  if (named.wsUrl !== undefined) return checked({ ...kept, ...named }, 'address')
  return kept === undefined ? { kind: 'missing' } : checked(kept, 'saved')
}

export function saveSettings(value: Settings, storage: Pick<Storage, 'setItem'>): void {
  storage.setItem(SAVED_KEY, JSON.stringify(value))
}

/** Only the settings in the address, unchecked. */
export function settingsOfAddress(pageUrl: string): Partial<Settings> {
  const query = new URL(pageUrl).searchParams
  const named: Record<string, unknown> = {}
  for (const field of ADDRESS_FIELDS) {
    const value = query.get(QUERY_NAMES[field])
    if (value !== null) named[field] = value
  }
  const manifestUrl = query.get('manifest')
  if (manifestUrl !== null) named.video = { manifestUrl, title: query.get('title') ?? 'Video' }
  return named
}

function savedSettings(storage: Pick<Storage, 'getItem'>): object | undefined {
  try {
    const value: unknown = JSON.parse(storage.getItem(SAVED_KEY) ?? 'null')
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** Undefined if there is no such file: a static host may answer with its own page. */
async function fetchDevnet(pageUrl: string): Promise<object | undefined> {
  try {
    const address = new URL('devnet.json', pageUrl.split(/[?#]/)[0])
    const response = await fetch(address, { cache: 'no-store', signal: AbortSignal.timeout(STATUS_TIMEOUT_MS) })
    if (!response.ok) return undefined
    const source = await response.text()
    if (source.length > STATUS_MAX_CHARS) return undefined
    const value: unknown = JSON.parse(source)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function checked(value: unknown, from: 'devnet' | 'address' | 'saved'): SettingsResult {
  try {
    return { kind: 'ready', settings: validateSettings(value), from }
  } catch (error) {
    return { kind: 'wrong', from, rejection: reasonOf(error) }
  }
}

function expectedUrl(path: string, protocols: readonly string[]): never {
  throw new CodedError(
    'settings/url',
    `${path}: expected an address that starts with ${protocols.map(p => `${p}//`).join(' or ')}`,
  )
}
