// A whole network on this machine, each part a process of its own: validators, guardians, tracker, origin, edges and the
// web app. Started in the order in which they need each other, with a line for each step.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CodedError } from '@tan/primitives'
import { parseGenesis } from '@tan/protocol'
import { findAccount, loadAccountKey, readPassword } from '../secrets.ts'
import { Children, type ChildSpec } from './children.ts'
import {
  DEFAULT_PORT,
  DEFAULT_SIZE,
  type DevnetLayout,
  type DevnetSize,
  FAUCET_KEY,
  layOut,
  nodeName,
  nodeNames,
  rpcNode,
  rpcUrl,
} from './layout.ts'
import { assertPortsFree, findFreePorts } from './ports.ts'
import { assertSameSize, setUp, writeNodeConfig } from './setup.ts'
import { ensureWebApp } from './web-app.ts'

export interface DevnetOptions {
  /** where its data lies */
  readonly folder: string
  /** first of the ports; 0 finds free ones */
  readonly port?: number
  readonly size?: Partial<DevnetSize>
  /** forget what is there */
  readonly fresh?: boolean
  /** without tracker, origin, edges and web app */
  readonly chainOnly?: boolean
  /** a video to publish instead of the sample */
  readonly video?: string
  readonly log?: (line: string) => void
  /** a part ended by itself; the rest goes on */
  readonly onDeath?: (name: string, how: string) => void
}

const START_TIMEOUT_MS = 60_000
const SETTLED_HEIGHT = 2

export class Devnet {
  readonly layout: DevnetLayout
  readonly children: Children
  private readonly log: (line: string) => void
  private readonly specs = new Map<string, ChildSpec>()

  private constructor(layout: DevnetLayout, children: Children, log: (line: string) => void) {
    this.layout = layout
    this.children = children
    this.log = log
  }

  /** Throws `devnet/port`, `devnet/size`, `devnet/dead`, `devnet/timeout`, and what its parts throw. */
  static async start(options: DevnetOptions): Promise<Devnet> {
    const { folder, port = DEFAULT_PORT, fresh = false, log = () => {}, onDeath = () => {} } = options
    const size: DevnetSize = { ...DEFAULT_SIZE, ...options.size }
    if (fresh) rmSync(folder, { recursive: true, force: true })
    const layout = port === 0 ? await findFreePorts(free => layOut(folder, free, size)) : layOut(folder, port, size)
    await assertPortsFree(layout)
    mkdirSync(layout.logFolder, { recursive: true })
    if (existsSync(layout.genesisFile)) {
      assertSameSize(layout, parseGenesis(readFileSync(layout.genesisFile, 'utf8')))
      log(`going on with the devnet in ${folder} (--fresh starts a new one)`)
    }
    await setUp(layout, log)
    const devnet = new Devnet(layout, new Children(layout.logFolder, onDeath), log)
    try {
      await devnet.startChain()
      if (options.chainOnly !== true) await devnet.startDelivery(options.video)
      return devnet
    } catch (error) {
      await devnet.stop()
      throw error
    }
  }

  get rpcUrl(): string {
    return rpcUrl(this.layout)
  }

  get webUrl(): string {
    return `http://127.0.0.1:${this.layout.ports.web}`
  }

  /** JSON-RPC of one node. */
  rpcUrlOf(i: number): string {
    return `http://127.0.0.1:${this.layout.ports.rpc[i]}`
  }

  /** A key of this devnet, for tests and benches that sign with it. */
  async secretKeyOf(name: string): Promise<Uint8Array> {
    const { folder, passwordFile } = this.layout
    return loadAccountKey(findAccount(folder, name).path, await readPassword(passwordFile))
  }

  /** kill -9 */
  kill(name: string): Promise<void> {
    return this.children.end(name, 'SIGKILL')
  }

  /** Starts a part again that was killed or has died. */
  restart(name: string): void {
    const spec = this.specs.get(name)
    if (spec === undefined) throw new CodedError('devnet/part', `no part of the devnet is called ${name}`)
    this.children.start(spec)
  }

  stop(): Promise<void> {
    return this.children.endAll()
  }

  private run(spec: ChildSpec): void {
    this.specs.set(spec.name, spec)
    this.children.start(spec)
  }

  private async startChain(): Promise<void> {
    const { validators, guardians } = this.layout.size
    this.log(`starting ${validators} validators and ${guardians - validators} more guardians`)
    for (const [i, name] of nodeNames(this.layout).entries())
      this.run({ name, args: ['node', '--config', await writeNodeConfig(this.layout, i)] })
    const before = await this.settledHeight()
    await this.children.until(
      nodeName(this.layout, rpcNode(this.layout)),
      'settling blocks',
      async () => ((await this.settledHeight()) >= before + SETTLED_HEIGHT ? true : undefined),
      START_TIMEOUT_MS,
    )
    this.log('the chain settles blocks')
  }

  private async settledHeight(): Promise<number> {
    return this.children.until(
      nodeName(this.layout, rpcNode(this.layout)),
      'answering',
      async () => {
        const response = await fetch(`${this.rpcUrl}/health`)
        return ((await response.json()) as { settled: { height: number } }).settled.height
      },
      START_TIMEOUT_MS,
    )
  }

  private async startDelivery(_video: string | undefined): Promise<void> {
    const { folder, passwordFile, ports } = this.layout
    const app = await ensureWebApp(this.log)
    const settings = join(folder, 'web.json')
    writeFileSync(settings, `${JSON.stringify(this.webSettings(), null, 2)}\n`)
    this.run({
      name: 'web',
      args: [
        '--home',
        folder,
        'web',
        '--folder',
        app,
        '--settings',
        settings,
        '--port',
        String(ports.web),
        '--faucet-key',
        FAUCET_KEY,
        '--password-file',
        passwordFile,
      ],
    })
    await this.children.until(
      'web',
      'answering',
      async () => ((await fetch(`${this.webUrl}/devnet.json`)).ok ? true : undefined),
      START_TIMEOUT_MS,
    )
  }

  private webSettings(): object {
    const { ports } = this.layout
    return {
      rpcUrl: this.rpcUrl,
      wsUrl: this.rpcUrl.replace('http', 'ws'),
      trackerUrl: `ws://127.0.0.1:${ports.tracker}`,
      trackerStatsUrl: `http://127.0.0.1:${ports.tracker}/stats`,
      originStatsUrl: `http://127.0.0.1:${ports.origin}/stats`,
      faucetUrl: `${this.webUrl}/faucet`,
    }
  }
}
