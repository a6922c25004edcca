// The one line that an existing player needs: `await playWithTan(hls, { manifestUrl, … })`.

import {
  commonWorld,
  createMemoryStore,
  createPoolChain,
  createRpc,
  openSession,
  type PeerWorld,
  parseTrustAnchor,
} from '@tan/peer'
import { type Address, type Logger, reasonOf } from '@tan/primitives'
import type Hls from 'hls.js'
import { attachToHls } from '../player/hls.ts'
import { createViewer, type Viewer, type ViewerOptions } from '../player/viewer.ts'
import { connectBrowserRtc } from './rtc.ts'
import { openBrowserSession } from './session.ts'

export interface BrowserViewerOptions
  extends Omit<ViewerOptions, 'session' | 'world' | 'chain' | 'anchor' | 'fund' | 'manifestUrl'> {
  readonly manifestUrl: string
  /** of a node that the page trusts: without it, only what is free comes from peers */
  readonly rpcUrl?: string | undefined
  /** as `tan_anchor` of a trusted node gives it: without it, this page serves no others for money */
  readonly anchor?: unknown
  /** sends the session's account what it needs, from a wallet or a platform; resolves once it is there */
  readonly fund?: ((address: Address, wei: bigint) => Promise<void>) | undefined
  readonly logger?: Logger | undefined
}

export function createBrowserWorld(logger?: Logger): PeerWorld {
  return { ...commonWorld(logger), connect: connectBrowserRtc }
}

/** Throws what `createViewer` throws, and `anchor/invalid`. Where a browser keeps no session, it plays without paying. */
export async function createBrowserViewer(options: BrowserViewerOptions): Promise<Viewer> {
  const { rpcUrl, anchor: given, fund, logger, ...rest } = options
  const world = createBrowserWorld(logger)
  const anchor = given === undefined ? undefined : parseTrustAnchor(given)
  const session = await openBrowserSession().catch((error: unknown) => {
    world.logger.warn('playing without a session', { ...reasonOf(error) })
    return undefined
  })
  const chain =
    rpcUrl === undefined || anchor === undefined || session === undefined
      ? undefined
      : createPoolChain(createRpc(rpcUrl), anchor.chainId, world.timers)
  // Without one, an identity for as long as the page lives: it never holds money, so that nothing is lost with it.
  return createViewer({
    ...rest,
    session: session ?? (await openSession(createMemoryStore())),
    world,
    chain,
    anchor,
    fund,
  })
}

/** The viewer of a page and its player, wired up; playing starts when a media element is attached to `hls`. */
export async function playWithTan(hls: Hls, options: BrowserViewerOptions): Promise<Viewer> {
  const viewer = await createBrowserViewer(options)
  const detach = attachToHls(hls, viewer)
  hls.once('hlsDestroying' as Parameters<Hls['once']>[0], detach)
  hls.loadSource(viewer.entryUrl)
  return viewer
}
