// A viewer in a process of its own: takes all segments of a file as fast as they come, always well ahead of where they
// would be played, so that nothing is urgent and the origin is not needed.
import { createNodeWorld, openNodeSession } from '@tan/edge'
import { createPoolChain, createRpc, fetchTrustAnchor } from '@tan/peer'
import { createViewer } from '@tan/viewer'

export type ToViewer =
  | { readonly type: 'watch'; readonly manifestUrl: string; readonly rpcUrl: string; readonly usesPeers: boolean }
  | { readonly type: 'funded' }

export type FromViewer =
  | { readonly type: 'fund'; readonly address: string; readonly wei: string }
  | { readonly type: 'done'; readonly figures: ViewerFigures }

export interface ViewerFigures {
  readonly peerBytes: number
  readonly peerPieces: number
  readonly originBytes: number
  readonly payments: number
  readonly seconds: number
}

/** of the timeline, between the playhead and the first segment that is missing; the origin is asked for what is urgent */
const AHEAD_MS = { peers: 20_000, origin: 0 }
/** before the clock starts: channels open, and what each side knows of the other's speed */
const WARM_UP_SEGMENTS = 8

let funded: (() => void) | undefined
process.on('message', (message: ToViewer) => {
  if (message.type === 'funded') funded?.()
  else void watch(message)
})

function tell(message: FromViewer): void {
  process.send!(message)
}

async function watch({ manifestUrl, rpcUrl, usesPeers }: ToViewer & { type: 'watch' }): Promise<void> {
  const world = createNodeWorld()
  const rpc = createRpc(rpcUrl)
  const anchor = await fetchTrustAnchor(rpc)
  const viewer = await createViewer({
    manifestUrl,
    session: await openNodeSession('memory:'),
    world,
    anchor,
    chain: createPoolChain(rpc, anchor.chainId, world.timers),
    usesPeers,
    servesPeers: false,
    fund: (address, wei) =>
      new Promise(resolve => {
        funded = resolve
        tell({ type: 'fund', address, wei: wei.toString() })
      }),
  })
  let payments = 0
  let peerPieces = 0
  /** of each segment */
  const pieces = new Map<number, number>()
  viewer.on(event => {
    if (event.type === 'payment') payments++
    if (event.type !== 'piece') return
    if (event.from !== 'origin') peerPieces++
    pieces.set(event.ref.segment, (pieces.get(event.ref.segment) ?? 0) + 1)
  })
  const isReady = () => !usesPeers || (viewer.stats().pool !== undefined && viewer.stats().peers.length > 0)
  while (!isReady()) await new Promise(resolve => setTimeout(resolve, 50))

  const aheadMs = usesPeers ? AHEAD_MS.peers : AHEAD_MS.origin
  const { segments } = viewer.catalog.renditions[0]!
  let start = { atMs: 0, stats: viewer.stats(), payments, peerPieces }
  for (const { segment, startMs, pieceCount } of segments) {
    if (segment === WARM_UP_SEGMENTS) start = { atMs: performance.now(), stats: viewer.stats(), payments, peerPieces }
    viewer.setPlayhead({ rendition: 0, segment, positionMs: startMs - aheadMs, rate: 1 })
    while ((pieces.get(segment) ?? 0) < pieceCount) await new Promise(resolve => setTimeout(resolve, 5))
  }
  const seconds = (performance.now() - start.atMs) / 1000
  const { peerBytes, originBytes } = viewer.stats()
  tell({
    type: 'done',
    figures: {
      peerBytes: peerBytes - start.stats.peerBytes,
      peerPieces: peerPieces - start.peerPieces,
      originBytes: originBytes - start.stats.originBytes,
      payments: payments - start.payments,
      seconds,
    },
  })
  await viewer.close()
  process.disconnect?.()
}
