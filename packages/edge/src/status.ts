// What an edge tells about itself: `/status`, and the same as metrics.
import type { Address, Hash, Reason } from '@tan/primitives'
import type { Place } from '@tan/protocol/tracker'

/** What `/status` answers; amounts as decimal strings there. */
export interface EdgeStatus {
  readonly address: Address
  readonly place: Place | undefined
  readonly uploadBytesPerSecond: number
  /** part of its upload that was in use lately */
  readonly load: number
  readonly servedBytes: number
  readonly servedPieces: number
  readonly earnedWei: bigint
  readonly redeemedWei: bigint
  readonly gasWei: bigint
  readonly peers: number
  readonly cacheBytes: number
  readonly cacheMaxBytes: number
  readonly hasTracker: boolean
  readonly resources: readonly {
    readonly resourceId: Hash
    readonly title: string
    readonly manifestUrl: string
    /** part of it that it holds */
    readonly have: number
    readonly peers: number
  }[]
  readonly problem: Reason | undefined
}

export function metricsOf(status: EdgeStatus): string {
  const lines: [name: string, type: 'counter' | 'gauge', value: number][] = [
    ['tan_edge_served_bytes_total', 'counter', status.servedBytes],
    ['tan_edge_served_pieces_total', 'counter', status.servedPieces],
    ['tan_edge_earned_tangam', 'gauge', Number(status.earnedWei) / 1e18],
    ['tan_edge_redeemed_tangam', 'gauge', Number(status.redeemedWei) / 1e18],
    ['tan_edge_gas_tangam_total', 'counter', Number(status.gasWei) / 1e18],
    ['tan_edge_peers_count', 'gauge', status.peers],
    ['tan_edge_resources_count', 'gauge', status.resources.length],
    ['tan_edge_cache_bytes', 'gauge', status.cacheBytes],
    ['tan_edge_load_ratio', 'gauge', status.load],
  ]
  return lines.map(([name, type, value]) => `# TYPE ${name} ${type}\n${name} ${value}\n`).join('')
}
