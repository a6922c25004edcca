// `tan publish`: turns a video, or any file, into a resource: hashed pieces and a signed manifest.
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
        'turn a video, an HLS playlist, or any file into a resource: hashes of its pieces, and a signed manifest',
      )
      .requiredOption('--folder <folder>', 'folder for the files and the manifest')
      .requiredOption('--from <key>', "name or address of the publisher's key")
      .option('--password-file <file>', 'file with its password (default: ask)')
      .option('--chain-id <id>', 'chain on which peers are paid (default: ask the node)')
      .option('--title <title>', "title that viewers see (default: the file's name)")
      .option('--price <amount>', 'TANGam that a peer earns per piece of 64 KiB', '0')
      .option('--opening <amount>', 'TANGam paid once to each peer, for the gas of redeeming', '0')
      .option('--origin <url...>', "URLs of folders that hold the files (default: the manifest's own)")
      .option('--tracker <url...>', 'trackers that introduce peers')
      .option('--licence <text>', 'licence of the content'),
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
        if (percent > shown) say(`  ${percent} % done`)
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
      ({ piecePriceWei: priceWei, ...rest }) => fields({ ...rest, 'per piece': tangam(priceWei) }),
    )
  })
}
