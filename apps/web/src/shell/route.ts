// The current page, in the part of the address after `#`: so the app works from any folder of any static host.
import { type Address, type Hash, type Hex, isHex } from '@tan/primitives'
import { formatCount, shortHex } from '../format.ts'

export type Route =
  | { readonly page: 'watch' }
  | { readonly page: 'network' }
  | { readonly page: 'chain' }
  | { readonly page: 'block'; readonly id: Hash | number }
  | { readonly page: 'transaction'; readonly hash: Hash }
  | { readonly page: 'address'; readonly address: Address }
  | { readonly page: 'pool'; readonly poolId: Hash }
  | { readonly page: 'stake' }
  | { readonly page: 'publisher' }
  | { readonly page: 'wallet' }
  | { readonly page: 'settings' }
  | { readonly page: 'unknown'; readonly path: string }

const PLAIN = ['network', 'chain', 'stake', 'publisher', 'wallet', 'settings'] as const

/** The route of `location.hash`, with or without `#`. Any text gives a route. */
export function parseRoute(hash: string): Route {
  const path = hash.replace(/^#?\/?/, '').replace(/\/$/, '')
  if (path === '' || path === 'watch') return { page: 'watch' }
  const plain = PLAIN.find(page => page === path)
  if (plain !== undefined) return { page: plain }
  const [section, kind, id = '', more] = path.split('/')
  if (section === 'chain' && more === undefined) {
    const lower = id.toLowerCase()
    if (kind === 'block') {
      if (isHex(lower, 32)) return { page: 'block', id: lower }
      if (/^\d{1,15}$/.test(id)) return { page: 'block', id: Number(id) }
    }
    if (kind === 'transaction' && isHex(lower, 32)) return { page: 'transaction', hash: lower }
    if (kind === 'address' && isHex(lower, 20)) return { page: 'address', address: lower }
    if (kind === 'pool' && isHex(lower, 32)) return { page: 'pool', poolId: lower }
  }
  return { page: 'unknown', path }
}

/** For a link's `href`. */
export function hrefOf(route: Route): string {
  switch (route.page) {
    case 'watch':
      return '#/'
    case 'block':
      return `#/chain/block/${route.id}`
    case 'transaction':
      return `#/chain/transaction/${route.hash}`
    case 'address':
      return `#/chain/address/${route.address}`
    case 'pool':
      return `#/chain/pool/${route.poolId}`
    case 'unknown':
      return `#/${route.path}`
    default:
      return `#/${route.page}`
  }
}

/** The title of the browser's tab. */
export function titleOf(route: Route): string {
  switch (route.page) {
    case 'watch':
      return 'TAN'
    case 'block':
      return `Block ${typeof route.id === 'number' ? formatCount(route.id) : shortHex(route.id)} - TAN`
    case 'transaction':
      return `Transaction ${shortHex(route.hash)} - TAN`
    case 'address':
      return `Account ${shortHex(route.address)} - TAN`
    case 'pool':
      return `Pool ${shortHex(route.poolId)} - TAN`
    case 'publisher':
      return 'Publish - TAN'
    case 'unknown':
      return 'No such page - TAN'
    default:
      return `${route.page.charAt(0).toUpperCase()}${route.page.slice(1)} - TAN`
  }
}

/** Input of the search field: a height, an address, or 32 bytes that name a block, transaction or pool. */
export type Query =
  | { readonly kind: 'height'; readonly height: number }
  | { readonly kind: 'address'; readonly address: Address }
  | { readonly kind: 'hash'; readonly hash: Hash }

/** Undefined for anything else. */
export function parseQuery(text: string): Query | undefined {
  const term = text.trim().replace(/^#/, '').replaceAll(',', '')
  if (/^\d{1,15}$/.test(term)) return { kind: 'height', height: Number(term) }
  const hex = (/^0x/i.test(term) ? term : `0x${term}`).toLowerCase() as Hex
  if (isHex(hex, 20)) return { kind: 'address', address: hex }
  if (isHex(hex, 32)) return { kind: 'hash', hash: hex }
  return undefined
}
