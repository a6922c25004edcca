// `tan watch`: a viewer without a screen. It plays like a page, pays peers, and reports where the bytes came from.
import { resolve } from 'node:path'
import { createNodeWorld, openNodeSession } from '@tan/edge'
import { createLogger } from '@tan/node'
import { createPoolChain, createRpc, fetchTrustAnchor } from '@tan/peer'
import { type Address, CodedError, formatAmount } from '@tan/primitives'
import { createViewer, playHeadless } from '@tan/viewer'
import type { Command } from 'commander'
import { readInteger, readPlace, readPositive } from '../arguments.ts'
import { openSender, type RpcOptions, withRpc } from '../chain-client.ts'
import { runUntilStopped } from '../lifetime.ts'
import { fields, print, say } from '../output.ts'
import { patient, repeatedOnce } from '../watching.ts'

interface WatchCommandOptions extends RpcOptions {
  readonly from?: string
  readonly passwordFile?: string
  readonly faucet?: string
  readonly tracker?: string[]
  readonly data?: string
  readonly rendition?: string
  readonly rate: string
  readonly place?: string
  readonly loop?: boolean
  readonly peers: boolean
}

export function register(program: Command): void {
  withRpc(
    program
      .command('watch <manifest-url>')
      .description('play a resource without a screen, through paid peers, and report where its bytes came from')
      .option('--from <key>', 'key that funds the payment pool and the gas of the session')
      .option('--password-file <file>', 'file with its password (default: ask)')
      .option('--faucet <url>', "fund the session from a devnet's faucet instead")
      .option('--tracker <url...>', "trackers to use instead of the manifest's")
      .option('--data <folder>', 'folder for the session; without it, the session and its money are lost at the end')
      .option('--rendition <n>', 'rendition to play (default: the best)')
      .option('--rate <n>', 'playback speed', '1')
      .option('--place <latitude,longitude[,network]>', 'position to report; only trackers with --trust-places use it')
      .option('--loop', 'start again at the end')
      .option('--no-peers', 'download everything from the origin'),
  ).action(async (manifestUrl: string, options: WatchCommandOptions) => {
    const { home } = program.opts<{ home: string }>()
    await watch(manifestUrl, options, home)
  })
}

async function watch(manifestUrl: string, options: WatchCommandOptions, home: string): Promise<void> {
  if (options.from !== undefined && options.data === undefined)
    throw new CodedError('watch/data', '--from puts your money into the session: name a folder to keep it with --data')
  const rate = readPositive(options.rate, '--rate', 100)
  const rendition =
    options.rendition === undefined ? undefined : readInteger(options.rendition, '--rendition', 0, 1_000)
  const place = options.place === undefined ? undefined : readPlace(options.place)
  const { stopped } = runUntilStopped()
  const world = createNodeWorld(createLogger('error', 'watch'))
  const rpc = createRpc(options.rpc)
  const anchor = await fetchTrustAnchor(rpc)
  const session = await openNodeSession(options.data === undefined ? 'memory:' : `level:${resolve(options.data)}`)
  const fund = await funder(options, home)
  const viewer = await createViewer({
    manifestUrl,
    session,
    world,
    anchor,
    chain: createPoolChain(rpc, anchor.chainId, world.timers),
    trackers: options.tracker,
    usesPeers: options.peers,
    place,
    ...(fund === undefined ? {} : { fund }),
  })
  const problems = repeatedOnce(line => say(`  ! ${line}`))
  viewer.on(event => {
    if (event.type === 'problem') problems.tell(`${event.rejection.message} [${event.rejection.code}]`)
    if (event.type === 'banned') problems.tell(`banned ${event.address}: ${event.rejection.message}`)
  })
  const watched = patient(viewer, world.clock, world.timers)
  const ended = new AbortController()
  void stopped.then(() => ended.abort())
  try {
    const count = viewer.catalog.renditions.length
    if (rendition !== undefined) readInteger(String(rendition), '--rendition', 0, count - 1)
    do {
      const report = await playHeadless({
        viewer: watched,
        clock: world.clock,
        timers: world.timers,
        rate,
        rendition,
        signal: ended.signal,
      })
      const stats = viewer.stats()
      print({ ...report, offload: stats.offload, peers: stats.peers.length, paidWei: stats.paidWei }, result =>
        fields({
          'start-up': `${Math.round(result.startUpMs)} ms`,
          stalls: `${result.stalls} (${Math.round(result.stalledMs)} ms)`,
          played: `${(result.playedMs / 1000).toFixed(1)} s, ${result.bytes} bytes`,
          'from peers': `${((result.offload ?? 0) * 100).toFixed(1)} %`,
          paid: `${formatAmount(result.paidWei)} TANGam to ${result.peers} peers`,
        }),
      )
    } while (options.loop === true && !ended.signal.aborted)
  } catch (error) {
    if (!ended.signal.aborted) throw error
  } finally {
    problems.end()
    await viewer.close()
    await session.close()
  }
}

async function funder(
  options: WatchCommandOptions,
  home: string,
): Promise<((address: Address, wei: bigint) => Promise<void>) | undefined> {
  const { faucet, from } = options
  if (faucet !== undefined)
    return async address => {
      let response: Response
      try {
        const headers = { 'content-type': 'application/json' }
        response = await fetch(faucet, { method: 'POST', headers, body: JSON.stringify({ address }) })
      } catch (cause) {
        throw new CodedError('watch/faucet', `the faucet at ${faucet} does not answer`, { cause })
      }
      if (!response.ok)
        throw new CodedError('watch/faucet', `the faucet refused: ${(await response.text()).slice(0, 200)}`)
    }
  if (from === undefined) return undefined
  const sender = await openSender({ ...options, from, home })
  return async (address, wei) => {
    await sender.send(address, wei)
  }
}
