// A tracker's public figures: the statistics page that the web app's map draws, and the metrics for operators.
import type { Clock, Metrics } from '@tan/primitives'
import type { PeerRole, TrackerStats } from '@tan/protocol/tracker'
import { STATS_PEERS_MAX, STATS_RESOURCES_MAX } from '@tan/protocol/tracker/limits'
import { STATS_CACHE_MS } from './limits.ts'
import type { SwarmSize } from './swarms.ts'
import type { TanDialect, TanPeer } from './tan-dialect.ts'
import type { WebtorrentDialect } from './webtorrent-dialect.ts'

export interface StatsSources {
  readonly clock: Clock
  readonly tan: TanDialect
  readonly webtorrent: WebtorrentDialect
  readonly sockets: () => number
}

export interface StatsPage {
  readonly stats: TrackerStats
  /** the same as JSON */
  readonly json: string
}

/** Rebuilt at most once per second, because it reads all swarms, and anyone may request it. */
export function createStats(sources: StatsSources): () => StatsPage {
  let page: StatsPage | undefined
  let madeAtMs = 0
  return () => {
    const nowMs = sources.clock.nowMs()
    if (page === undefined || Math.abs(nowMs - madeAtMs) >= STATS_CACHE_MS) {
      const stats = makeStats(sources)
      page = { stats, json: JSON.stringify(stats) }
      madeAtMs = nowMs
    }
    return page
  }
}

export function gaugeTracker(metrics: Metrics, { tan, webtorrent, sockets }: StatsSources): void {
  metrics.gauge('tan_tracker_sockets', sockets())
  for (const role of ['viewer', 'edge'] as const) metrics.gauge('tan_tracker_peers', tan.count(role), { role })
  metrics.gauge('tan_tracker_swarms', tan.swarms.count)
  metrics.gauge('tan_tracker_claimed_pools', tan.claims.pools)
  metrics.gauge('tan_tracker_webtorrent_swarms', webtorrent.swarms.count)
}

function makeStats({ tan, webtorrent, sockets }: StatsSources): TrackerStats {
  let webtorrentPeers = 0
  for (const [, { viewers, edges }] of webtorrent.swarms.sizes()) webtorrentPeers += viewers + edges
  return {
    viewers: tan.count('viewer'),
    edges: tan.count('edge'),
    sockets: sockets(),
    webtorrent: { swarms: webtorrent.swarms.count, peers: webtorrentPeers },
    resources: largest(tan.swarms.sizes(), STATS_RESOURCES_MAX),
    peers: shownPeers(tan),
  }
}

/** The largest swarms, kept sorted while the others pass. */
function largest(sizes: Iterable<readonly [string, SwarmSize]>, most: number): TrackerStats['resources'] {
  const kept: TrackerStats['resources'][number][] = []
  const total = (size: SwarmSize) => size.viewers + size.edges
  for (const [name, size] of sizes) {
    if (kept.length === most && total(size) <= total(kept[most - 1]!)) continue
    const at = kept.findIndex(other => total(other) < total(size))
    // Swarms of this dialect are named by the resource's hash.
    kept.splice(at < 0 ? kept.length : at, 0, { resourceId: name as `0x${string}`, ...size })
    kept.length = Math.min(kept.length, most)
  }
  return kept
}

function shownPeers(tan: TanDialect): TrackerStats['peers'] {
  const shown: TrackerStats['peers'][number][] = []
  for (const role of ['edge', 'viewer'] satisfies PeerRole[])
    for (const [peer, resources] of tan.peers(role)) {
      if (shown.length === STATS_PEERS_MAX) return shown
      shown.push(shownPeer(peer, resources))
    }
  return shown
}

function shownPeer(peer: TanPeer, resources: number): TrackerStats['peers'][number] {
  const { role, region, load, uploadBytesPerSecond, servedBytes } = peer
  // Edges seek customers; viewers stay private.
  return {
    role,
    peerId: role === 'edge' ? peer.id : undefined,
    region,
    load,
    uploadBytesPerSecond,
    servedBytes,
    resources,
  }
}
