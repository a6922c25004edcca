// `tan watch`: a viewer without a screen. It plays as a page would, pays peers, and tells where the bytes came from.
import { resolve } from 'node:path'
import { createNodeWorld, openNodeSession } from '@tan/edge'
import { createLogger } from '@tan/node'
import { type Address, CodedError, formatAmount } from '@tan/primitives'
import { createPoolChain, createRpc, createViewer, fetchTrustAnchor, playHeadless } from '@tan/viewer'
import type { Command } from 'commander'
import { openSender, type RpcOptions, withRpc } from '../chain-client.ts'
import { runUntilStopped } from '../lifetime.ts'
import { fields, print, say } from '../output.ts'
import { readPlace } from './edge.ts'

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
      .description('play a resource without a screen, through paid peers, and tell where its bytes came from')
      .option('--from <key>', 'key that funds the session: its payment pool and gas')
      .option('--password-file <file>', 'its password; asked for when missing')
      .option('--faucet <url>', "fund the session from a devnet's faucet instead")
      .option('--tracker <url...>', 'trackers, instead of those that the manifest names')
      .option('--data <folder>', 'keep the session here; without it, it is forgotten at the end')
      .option('--rendition <n>', 'which one to play (the best)')
      .option('--rate <n>', 'how fast to play', '1')
      .option('--place <latitude,longitude[,network]>', 'where it says that it is: heeded by the trackers of devnets')
      .option('--loop', 'begin again at the end')
      .option('--no-peers', 'take all from the origin'),
  ).action(async (manifestUrl: string, options: WatchCommandOptions) => {
    const { home } = program.opts<{ home: string }>()
    await watch(manifestUrl, options, home)
  })
}

async function watch(manifestUrl: string, options: WatchCommandOptions, home: string): Promise<void> {
  if (options.from !== undefined && options.data === undefined)
    throw new CodedError('watch/data', 'with --from the session holds your money: say where to keep it with --data')
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
    place: options.place === undefined ? undefined : readPlace(options.place),
    ...(fund === undefined ? {} : { fund }),
  })
  viewer.on(event => {
    if (event.type === 'problem') say(`  ! ${event.rejection.message} [${event.rejection.code}]`)
    if (event.type === 'banned') say(`  ! banned ${event.address}: ${event.rejection.message}`)
  })
  const ended = new AbortController()
  void stopped.then(() => ended.abort())
  try {
    do {
      const report = await playHeadless({
        viewer,
        clock: world.clock,
        timers: world.timers,
        rate: readRate(options.rate),
        rendition: options.rendition === undefined ? undefined : Number(options.rendition),
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
      const response = await fetch(faucet, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ address }),
      })
      if (!response.ok)
        throw new CodedError('watch/faucet', `the faucet refuses: ${(await response.text()).slice(0, 200)}`)
    }
  if (from === undefined) return undefined
  const sender = await openSender({ ...options, from, home })
  return async (address, wei) => {
    await sender.send(address, wei)
  }
}

function readRate(text: string): number {
  const rate = Number(text)
  if (!(rate > 0 && rate <= 100)) throw new CodedError('cli/number', `--rate is a number above 0, not ${text}`)
  return rate
}
