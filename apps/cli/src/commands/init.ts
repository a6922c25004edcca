// `tan init`: creates a data folder for one node of a chain.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { initChain } from '@tan/node'
import { type Address, bls, CodedError, type Hex, secureRandomBytes, toHex } from '@tan/primitives'
import { type Genesis, parseGenesis } from '@tan/protocol'
import type { Command } from 'commander'
import { stringify } from 'yaml'
import { readAccount } from '../amounts.ts'
import { readPort } from '../arguments.ts'
import { nodeConfigSchema } from '../config.ts'
import { fields, print, say } from '../output.ts'
import { assertFolder, loadBlsKey, readPassword, readText, writeSecretFile } from '../secrets.ts'

interface InitOptions {
  readonly genesis: string
  readonly data: string
  readonly blsKey?: string
  readonly address?: string
  readonly passwordFile?: string
  readonly rpcPort?: string
  readonly listen?: string
  readonly bootstrap?: string[]
}

export function register(program: Command): void {
  program
    .command('init')
    .description('create a data folder for a node: the genesis block, a network identity, and a configuration to edit')
    .requiredOption('--genesis <file>', 'genesis file of the chain')
    .requiredOption('--data <folder>', 'new folder')
    .option('--bls-key <file>', 'BLS keystore of a guardian or validator; it must never have signed on this chain')
    .option('--address <address>', "the guardian's account")
    .option('--password-file <file>', 'file with the password of the BLS keystore (default: ask)')
    .option('--rpc-port <port>', 'port of JSON-RPC (default: 8545)')
    .option('--listen <multiaddr>', 'address on which to listen for peers (default: /ip4/0.0.0.0/tcp/30303)')
    .option('--bootstrap <multiaddr...>', 'peers to connect to first')
    .action(async (options: InitOptions) => {
      print(await initDataFolder(options), result => fields(result))
      say(`Start the node with: npx tan node --config ${join(options.data, 'tan.yaml')}`)
    })
}

export async function initDataFolder(options: InitOptions): Promise<{ genesisHash: string; config: string }> {
  const { data, blsKey, address } = options
  const genesis = parseGenesis(readText(options.genesis, 'genesis file'))
  const config = join(data, 'tan.yaml')
  if (existsSync(config)) throw new CodedError('cli/exists', `${data} already holds a node: choose a new folder`)
  if ((blsKey === undefined) !== (address === undefined))
    throw new CodedError('cli/options', 'a guardian needs both --bls-key and --address')
  assertFolder(data)
  const settings = {
    genesis: resolve(options.genesis),
    store: 'level:./store',
    networkKey: './network.key',
    ...(blsKey === undefined
      ? {}
      : {
          signer: {
            address: readAccount(address!),
            keyFile: resolve(blsKey),
            ...(options.passwordFile === undefined ? {} : { passwordFile: resolve(options.passwordFile) }),
          },
        }),
    network: {
      listen: [options.listen ?? '/ip4/0.0.0.0/tcp/30303'],
      bootstrap: options.bootstrap ?? [],
    },
    rpc: { host: '127.0.0.1', port: readPort(options.rpcPort ?? '8545', '--rpc-port'), allowedOrigins: [] },
  }
  const checked = nodeConfigSchema.safeParse(settings)
  if (!checked.success) {
    const { path, message } = checked.error.issues[0]!
    throw new CodedError('cli/options', `${path.join('.')}: ${message}`)
  }
  const publicKey =
    blsKey === undefined ? undefined : bls.publicKey(loadBlsKey(blsKey, await readPassword(options.passwordFile)))
  if (publicKey !== undefined) assertGuardian(genesis, readAccount(address!), toHex(publicKey))
  // The next step binds the key to this folder, so every check comes before it.
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const genesisHash = await initChain(`level:${resolve(data, 'store')}`, genesis, publicKey)
  writeSecretFile(join(data, 'network.key'), `${toHex(secureRandomBytes(32))}\n`)
  writeFileSync(config, stringify(settings))
  return { genesisHash, config }
}

/** Guardians do not change after genesis: with any other key, the node would sign nothing. */
function assertGuardian({ guardians }: Genesis, address: Address, blsPublicKey: Hex): void {
  const guardian = guardians.find(entry => entry.address === address)
  if (guardian === undefined)
    throw new CodedError('init/guardian', `the genesis file has no guardian ${address}: check --address`)
  if (guardian.blsPublicKey.toLowerCase() !== blsPublicKey)
    throw new CodedError(
      'init/guardian',
      `the genesis file has another BLS key for ${address}: ${guardian.blsPublicKey}, not ${blsPublicKey}`,
    )
}
