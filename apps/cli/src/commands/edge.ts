// `tan edge`: caches pinned resources, serves them to paying viewers, and earns.
import { resolve } from 'node:path'
import { createEdge } from '@tan/edge'
import { createLogger } from '@tan/node'
import { createRpc, fetchTrustAnchor, parseTrustAnchor } from '@tan/peer'
import type { Command } from 'commander'
import { readAmount } from '../amounts.ts'
import { readInteger, readJson, readPlace, readPort, readPositive } from '../arguments.ts'
import { type RpcOptions, withRpc } from '../chain-client.ts'
import { runUntilStopped } from '../lifetime.ts'
import { say } from '../output.ts'
import { findAccount, loadAccountKey, readPassword } from '../secrets.ts'

interface EdgeCommandOptions extends RpcOptions {
  readonly data: string
  readonly from: string
  readonly passwordFile?: string
  readonly pin?: string[]
  readonly tracker?: string[]
  readonly cache: string
  readonly statusPort?: string
  readonly price?: string
  readonly upload?: string
  readonly place?: string
  readonly anchor?: string
  readonly devnet?: boolean
  readonly redeemFactor?: string
}

export function register(program: Command): void {
  withRpc(
    program
      .command('edge')
      .description('run an edge: it caches resources, serves them to paying viewers, and redeems its earnings')
      .requiredOption('--data <folder>', 'folder for its cache and its earnings')
      .requiredOption('--from <key>', 'name or address of the key that earns')
      .option('--password-file <file>', 'file with its password (default: ask)')
      .option('--pin <url...>', 'manifests of the resources to fetch and serve')
      .option('--tracker <url...>', 'trackers at which to announce the edge')
      .option('--cache <GB>', 'maximum size of the cache', '10')
      .option('--status-port <port>', 'port for status and metrics, on loopback')
      .option('--price <amount>', "TANGam per piece, if less than the manifest's price")
      .option('--upload <Mbit/s>', 'upload capacity to announce (default: 100)')
      .option('--place <latitude,longitude[,network]>', 'position to report; only trackers with --trust-places use it')
      .option(
        '--anchor <file>',
        "the chain's trust anchor, as `npx tan query rpc tan_anchor` prints it (default: ask the node)",
      )
      .option('--redeem-factor <n>', 'redeem when the amount is worth this many times the gas (default: 20)')
      .option('--devnet', 'allow manifests that point to loopback'),
  ).action(async (options: EdgeCommandOptions) => {
    const { home } = program.opts<{ home: string }>()
    // Report wrong options before asking for a password.
    const given = readOptions(options)
    const { stopped } = runUntilStopped()
    const key = findAccount(home, options.from)
    const secretKey = loadAccountKey(key.path, await readPassword(options.passwordFile, `Password of ${key.name}: `))
    const logger = createLogger('info', 'edge')
    const anchor =
      options.anchor === undefined
        ? await fetchTrustAnchor(createRpc(options.rpc))
        : parseTrustAnchor(readJson(options.anchor, 'trust anchor'))
    const edge = await createEdge({
      folder: resolve(options.data),
      secretKey,
      anchor,
      chain: { rpcUrl: options.rpc },
      trackers: options.tracker ?? [],
      pins: options.pin ?? [],
      isDevnet: options.devnet === true,
      ...given,
      logger,
      onRedeemed: ({ hash }) => logger.info('redeemed earnings', { hash }),
    })
    say(`The edge earns for ${edge.address}${edge.statusUrl === '' ? '' : `; status: ${edge.statusUrl}`}`)
    await stopped
    await edge.stop()
  })
}

function readOptions({ cache, statusPort, price, upload, place, redeemFactor }: EdgeCommandOptions) {
  return {
    cacheMaxBytes: readPositive(cache, '--cache') * 1e9,
    statusPort: statusPort === undefined ? undefined : readPort(statusPort, '--status-port'),
    piecePriceWei: price === undefined ? undefined : readAmount(price),
    uploadBytesPerSecond: upload === undefined ? undefined : readPositive(upload, '--upload') * 125_000,
    place: place === undefined ? undefined : readPlace(place),
    ...(redeemFactor === undefined
      ? {}
      : { redeem: { gasFactor: BigInt(readInteger(redeemFactor, '--redeem-factor', 1, 1_000_000)) } }),
  }
}
