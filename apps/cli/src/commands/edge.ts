// `tan edge`: caches what it is told to, serves it to whoever pays, and earns.
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
        "the chain's trust anchor (what `npx tan query rpc tan_anchor` prints); asked of the node when missing",
      )
      .option('--redeem-factor <n>', 'redeem when it is worth so many times its gas')
      .option('--devnet', 'allow loopback where manifests point'),
  ).action(async (options: EdgeCommandOptions) => {
    const { home } = program.opts<{ home: string }>()
    // what is written wrongly is told before a password is asked
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
      onRedeemed: ({ hash }) => logger.info('earnings were redeemed', { hash }),
    })
    say(`The edge earns for ${edge.address}${edge.statusUrl === '' ? '' : `; its status is at ${edge.statusUrl}`}`)
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
