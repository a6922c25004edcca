// What one edge delivers: viewers in processes of their own take a large file from it piece by piece over WebRTC, check each,
// and pay for each before the next; the edge checks and stores each payment. The same viewer takes the same bytes from
// the origin over HTTP for comparison. Chain, tracker, origin and the edge share one process.
import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TestNetwork } from '@tan/edge/testing'
import { type Address, addressOfSecretKey, createSeededRandom, randomBytesFrom } from '@tan/primitives'
import type { FromViewer, ToViewer, ViewerFigures } from './swarm/viewer.ts'

const SEGMENTS = 64
const SEGMENT_BYTES = 4 * 1024 * 1024
const RUNS = 3
const AUDIENCE = 4

export const bench = {
  name: 'swarm',
  description: `${(SEGMENTS * SEGMENT_BYTES) / 2 ** 20} MiB through one edge to viewers that pay for every piece, compared with the origin`,
  async run(): Promise<{ metrics: Record<string, number>; ratios: Record<string, number> }> {
    const folder = mkdtempSync(join(tmpdir(), 'tan-swarm-'))
    const network = await TestNetwork.start({ input: makeVideo(folder) })
    try {
      const secretKey = network.key()
      await network.fund(addressOfSecretKey(secretKey), 10n ** 18n)
      const edge = await network.edge(secretKey, { cacheMaxBytes: 2 ** 31 })
      while (edge.status().resources[0]?.have !== 1) await new Promise(resolve => setTimeout(resolve, 100))

      const paid: ViewerFigures[] = []
      const fromOrigin: ViewerFigures[] = []
      for (let run = 0; run < RUNS; run++) {
        paid.push(await watch(network, true))
        fromOrigin.push(await watch(network, false))
      }
      const crowd = await Promise.all(Array.from({ length: AUDIENCE }, () => watch(network, true)))
      const sum = (of: (figures: ViewerFigures) => number) => crowd.reduce((total, one) => total + of(one), 0)
      const megabytes = median(paid.map(({ peerBytes, seconds }) => peerBytes / seconds / 1e6))
      const originMegabytes = median(fromOrigin.map(({ originBytes, seconds }) => originBytes / seconds / 1e6))
      const { servedPieces, earnedWei } = edge.status()
      if (earnedWei !== BigInt(servedPieces) * network.manifest.piecePriceWei)
        throw new Error(`${servedPieces} pieces were served, and ${earnedWei} wei earned`)
      return {
        metrics: {
          one_viewer_mb_per_s: round(megabytes),
          one_viewer_pieces_paid_and_verified_per_s: Math.round(median(paid.map(one => one.peerPieces / one.seconds))),
          one_viewer_payments_per_s: Math.round(median(paid.map(one => one.payments / one.seconds))),
          one_viewer_from_peers_percent: round(
            median(paid.map(one => (100 * one.peerBytes) / (one.peerBytes + one.originBytes))),
          ),
          [`${AUDIENCE}_viewers_mb_per_s`]: round(
            sum(one => one.peerBytes) / Math.max(...crowd.map(one => one.seconds)) / 1e6,
          ),
          [`${AUDIENCE}_viewers_pieces_paid_and_verified_per_s`]: Math.round(
            sum(one => one.peerPieces) / Math.max(...crowd.map(one => one.seconds)),
          ),
          origin_mb_per_s: round(originMegabytes),
        },
        ratios: { edge_to_origin: Math.round((megabytes / originMegabytes) * 1000) / 1000 },
      }
    } finally {
      await network.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

/** A playlist of random bytes: nothing in it compresses, and nothing looks at it. */
function makeVideo(folder: string): string {
  mkdirSync(folder, { recursive: true })
  const random = createSeededRandom(1)
  const lines = ['#EXTM3U', '#EXT-X-VERSION:3', '#EXT-X-TARGETDURATION:2', '#EXT-X-PLAYLIST-TYPE:VOD']
  for (let i = 0; i < SEGMENTS; i++) {
    writeFileSync(join(folder, `${i}.ts`), randomBytesFrom(random, SEGMENT_BYTES))
    lines.push('#EXTINF:2.0,', `${i}.ts`)
  }
  const playlist = join(folder, 'index.m3u8')
  writeFileSync(playlist, `${[...lines, '#EXT-X-ENDLIST'].join('\n')}\n`)
  return playlist
}

function watch(network: TestNetwork, usesPeers: boolean): Promise<ViewerFigures> {
  const child = fork(new URL('swarm/viewer.ts', import.meta.url), { stdio: 'inherit' })
  const tell = (message: ToViewer) => child.send(message)
  tell({ type: 'watch', manifestUrl: network.manifestUrl, rpcUrl: network.rpcUrl, usesPeers })
  return new Promise((resolve, reject) => {
    child.on('message', (message: FromViewer) => {
      if (message.type === 'done') resolve(message.figures)
      else
        void network.fund(message.address as Address, BigInt(message.wei)).then(() => tell({ type: 'funded' }), reject)
    })
    ended(child).then(code => reject(new Error(`a viewer ended with code ${code}`)), reject)
  })
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.on('exit', resolve)
    child.on('error', reject)
  })
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
