// Viewers of a devnet's video in this process, with a faucet to fund them: the peers that they meet are other processes.
import { join } from 'node:path'
import type { Devnet } from '@tan/cli/devnet'
import { createNodeWorld, openNodeSession } from '@tan/edge'
import { createPoolChain, createRpc, fetchTrustAnchor, type PoolChain, type Session } from '@tan/peer'
import type { Address } from '@tan/primitives'
import { createViewer, type HeadlessReport, playHeadless, type Viewer } from '@tan/viewer'
import { eventually } from './eventually.ts'

/** times the speed at which people watch */
const RATE = 4

export class Audience {
  readonly chain: PoolChain
  readonly #devnet: Devnet
  readonly #manifestUrl: string
  readonly #anchor: Awaited<ReturnType<typeof fetchTrustAnchor>>

  static async gather(devnet: Devnet): Promise<Audience> {
    const settings = (await (await fetch(`${devnet.webUrl}/devnet.json`)).json()) as { video: { manifestUrl: string } }
    return new Audience(devnet, settings.video.manifestUrl, await fetchTrustAnchor(createRpc(devnet.rpcUrl)))
  }

  private constructor(devnet: Devnet, manifestUrl: string, anchor: Awaited<ReturnType<typeof fetchTrustAnchor>>) {
    this.#devnet = devnet
    this.#manifestUrl = manifestUrl
    this.#anchor = anchor
    this.chain = createPoolChain(createRpc(devnet.rpcUrl), anchor.chainId, createNodeWorld().timers)
  }

  /** `change` may spoil the session: viewers that cheat. */
  async viewer(name: string, change: (session: Session) => void = () => {}): Promise<Viewer> {
    const session = await openNodeSession(`level:${join(this.#devnet.layout.folder, 'viewers', name)}`)
    change(session)
    return createViewer({
      manifestUrl: this.#manifestUrl,
      session,
      world: createNodeWorld(),
      chain: this.chain,
      anchor: this.#anchor,
      fund: address => this.fund(address),
    })
  }

  async fund(address: Address): Promise<void> {
    const response = await fetch(`${this.#devnet.webUrl}/faucet`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ address }),
    })
    if (!response.ok) throw new Error(await response.text())
  }

  /** From the start to the end, once it has a pool and peers: at this speed both would come too late. */
  async play(
    viewer: Viewer,
    onSegment: (segment: number, bytes: Uint8Array) => void = () => {},
  ): Promise<HeadlessReport> {
    const { edges } = this.#devnet.layout.size
    await eventually('the viewer has a pool and knows every edge', () => {
      const { pool, peers } = viewer.stats()
      return pool !== undefined && peers.length === edges
    })
    const { clock, timers } = createNodeWorld()
    return playHeadless({ viewer, clock, timers, rate: RATE, onSegment })
  }
}
