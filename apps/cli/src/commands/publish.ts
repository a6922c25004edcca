// `tan publish`: a video, or any file, becomes a resource: pieces with hashes, and a signed manifest.
import { resolve } from 'node:path'
import { publish } from '@tan/origin'
import type { Command } from 'commander'
import { readAmount, tangam } from '../amounts.ts'
import { readChainId } from '../arguments.ts'
import { connect, type RpcOptions, withRpc } from '../chain-client.ts'
import { fields, print, say } from '../output.ts'
import { assertFolder, findAccount, loadAccountKey, readPassword } from '../secrets.ts'

interface PublishCommandOptions extends RpcOptions {
  readonly folder: string
  readonly from: string
  readonly passwordFile?: string
  readonly chainId?: string
  readonly title?: string
  readonly price: string
  readonly opening: string
  readonly origin?: string[]
  readonly tracker?: string[]
  readonly licence?: string
}

export function register(program: Command): void {
  withRpc(
    program
      .command('publish <input>')
      .description(
        'make a resource of a video, an HLS playlist, or any file: hashes of its pieces, and a signed manifest',
      )
      .requiredOption('--folder <folder>', 'where the files and the manifest go')
      .requiredOption('--from <key>', "name or address of the publisher's key")
      .option('--password-file <file>', 'its password; asked for when missing')
      .option('--chain-id <id>', 'chain on which peers are paid; asked of the node when missing')
      .option('--title <title>', 'what people see')
      .option('--price <amount>', 'TANGam that a peer earns for a piece of 64 KiB', '0')
      .option('--opening <amount>', 'TANGam paid to a peer at the start, for the gas of its redeem', '0')
      .option('--origin <url...>', "folders that hold the files; the manifest's own, if none is named")
      .option('--tracker <url...>', 'trackers that introduce peers')
      .option('--licence <text>', 'what may be done with it'),
  ).action(async (input: string, options: PublishCommandOptions) => {
    const { home } = program.opts<{ home: string }>()
    const piecePriceWei = readAmount(options.price)
    const openingWei = readAmount(options.opening)
    const folder = resolve(options.folder)
    assertFolder(folder)
    const chainId =
      options.chainId === undefined ? await (await connect(options)).getChainId() : readChainId(options.chainId)
    const key = findAccount(home, options.from)
    const secretKey = loadAccountKey(key.path, await readPassword(options.passwordFile, `Password of ${key.name}: `))
    const { title, licence } = options
    let shown = -1
    const { resourceId, manifestFile, manifest } = await publish(/^https?:/.test(input) ? input : resolve(input), {
      folder,
      secretKey,
      chainId,
      piecePriceWei,
      openingWei,
      origins: options.origin ?? [],
      trackers: options.tracker ?? [],
      ...(title === undefined ? {} : { title }),
      ...(licence === undefined ? {} : { licence }),
      onProgress: part => {
        const percent = Math.floor(part * 10) * 10
        if (percent > shown) say(`  ${percent} % made`)
        shown = Math.max(shown, percent)
      },
    })
    const pieces = manifest.renditions.reduce(
      (sum, rendition) =>
        sum + rendition.segments.reduce((count, { sizeBytes }) => count + Math.ceil(sizeBytes / 65_536), 0),
      0,
    )
    print(
      {
        resourceId,
        manifestFile,
        renditions: manifest.renditions.length,
        pieces,
        piecePriceWei: manifest.piecePriceWei,
      },
      ({ piecePriceWei: priceWei, ...rest }) => fields({ ...rest, 'a piece': tangam(priceWei) }),
    )
  })
}
