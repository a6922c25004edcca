// `tan edge`: caches what it is told to, serves it to whoever pays, and earns.
import { resolve } from 'node:path'
import { createEdge } from '@tan/edge'
import { createLogger } from '@tan/node'
import { CodedError } from '@tan/primitives'
import { createRpc, fetchTrustAnchor, parseTrustAnchor } from '@tan/viewer'
import type { Command } from 'commander'
import { readAmount } from '../amounts.ts'
import { type RpcOptions, withRpc } from '../chain-client.ts'
import { runUntilStopped } from '../lifetime.ts'
import { say } from '../output.ts'
import { findAccount, loadAccountKey, readPassword, readText } from '../secrets.ts'

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
      .description('run an edge: it caches resources, serves them to viewers who pay, and redeems what it earns')
      .requiredOption('--data <folder>', 'for its cache and its earnings')
      .requiredOption('--from <key>', 'name or address of the key that earns')
      .option('--password-file <file>', 'its password; asked for when missing')
      .option('--pin <url...>', 'manifests of what it fetches and serves')
      .option('--tracker <url...>', 'trackers at which it offers itself')
      .option('--cache <GB>', 'disk that the cache may take', '10')
      .option('--status-port <port>', 'status and metrics, on loopback')
      .option('--price <amount>', 'TANGam a piece, if less than manifests allow')
      .option('--upload <Mbit/s>', 'upload that it may use')
      .option('--place <latitude,longitude[,network]>', 'where it says that it is: heeded by the trackers of devnets')
      .option(
        '--anchor <file>',
        "the chain's trust anchor (what `tan query rpc tan_anchor` prints); asked of the node when missing",
      )
      .option('--redeem-factor <n>', 'redeem when it is worth so many times its gas')
      .option('--devnet', 'allow loopback where manifests point'),
  ).action(async (options: EdgeCommandOptions) => {
    const { home } = program.opts<{ home: string }>()
    const { stopped } = runUntilStopped()
    const key = findAccount(home, options.from)
    const secretKey = loadAccountKey(key.path, await readPassword(options.passwordFile, `Password of ${key.name}: `))
    const logger = createLogger('info', 'edge')
    const anchor =
      options.anchor === undefined
        ? await fetchTrustAnchor(createRpc(options.rpc))
        : parseTrustAnchor(JSON.parse(readText(options.anchor, 'trust anchor')))
    const edge = await createEdge({
      folder: resolve(options.data),
      secretKey,
      anchor,
      chain: { rpcUrl: options.rpc },
      trackers: options.tracker ?? [],
      pins: options.pin ?? [],
      cacheBytesMost: readPositive(options.cache, 'cache') * 1e9,
      statusPort: options.statusPort === undefined ? undefined : Number(options.statusPort),
      isDevnet: options.devnet === true,
      piecePriceWei: options.price === undefined ? undefined : readAmount(options.price),
      uploadBytesPerSecond: options.upload === undefined ? undefined : readPositive(options.upload, 'upload') * 125_000,
      place: options.place === undefined ? undefined : readPlace(options.place),
      ...(options.redeemFactor === undefined ? {} : { redeem: { gasFactor: BigInt(options.redeemFactor) } }),
      logger,
      onRedeemed: ({ hash }) => logger.info('earnings were redeemed', { hash }),
    })
    say(`The edge earns for ${edge.address}${edge.statusUrl === '' ? '' : `; its status is at ${edge.statusUrl}`}`)
    await stopped
    await edge.stop()
  })
}

function readPositive(text: string, name: string): number {
  const value = Number(text)
  if (!(value > 0) || !Number.isFinite(value))
    throw new CodedError('cli/number', `--${name} is a number above 0, not ${text}`)
  return value
}

/** The network is the number of an autonomous system; 0 is none that is known. */
export function readPlace(text: string): { latitude: number; longitude: number; asn: number } {
  const [latitude = Number.NaN, longitude = Number.NaN, asn = 0] = text.split(',').map(Number)
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 && Number.isInteger(asn) && asn >= 0))
    throw new CodedError(
      'cli/place',
      `--place is latitude,longitude in degrees, and perhaps a network number, not ${text}`,
    )
  return { latitude, longitude, asn }
}
