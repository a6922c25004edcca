// `tan node`: runs one node until a signal stops it.
import { existsSync } from 'node:fs'
import { createLogger, Node } from '@tan/node'
import { type Address, CodedError, fromHex, secureRandomBytes, toHex } from '@tan/primitives'
import { parseGenesis } from '@tan/protocol'
import type { Command } from 'commander'
import { loadNodeConfig, type NodeConfig, nodeConfigJsonSchema } from '../config.ts'
import { runUntilStopped } from '../lifetime.ts'
import { loadBlsKey, readPassword, readSecretFile, readText, writeSecretFile } from '../secrets.ts'

export function register(program: Command): void {
  program
    .command('node')
    .description(
      'run a node: it follows the chain; with a signer it is a guardian, and a validator if its key is in the committee',
    )
    .option('--config <file>', 'configuration file', 'tan.yaml')
    .option('--config-schema', 'print the JSON schema of the configuration file')
    .action(async ({ config, configSchema }: { config: string; configSchema?: boolean }) => {
      if (configSchema === true) process.stdout.write(`${JSON.stringify(nodeConfigJsonSchema(), null, 2)}\n`)
      else await runNode(loadNodeConfig(config))
    })
}

async function runNode(config: NodeConfig): Promise<void> {
  const genesis = parseGenesis(readText(config.genesis, 'genesis file'))
  const { signer, network, rpc } = config
  const logger = createLogger(config.log, 'node')
  let fault: CodedError | undefined
  const { stopped, stop } = runUntilStopped()
  const node = await Node.create({
    genesis,
    storeUrl: config.store,
    ...(signer === undefined
      ? {}
      : {
          signer: {
            address: signer.address.toLowerCase() as Address,
            secretKey: loadBlsKey(signer.keyFile, await readPassword(signer.passwordFile, 'Password of the BLS key: ')),
          },
        }),
    network: { ...network, key: networkKey(config.networkKey) },
    ...(rpc.enabled ? { rpc } : {}),
    ...(config.recoveryThreads === undefined ? {} : { recoveryThreads: config.recoveryThreads }),
    logger,
    onFault: error => {
      fault = error
      stop()
    },
  })
  await node.start()
  await stopped
  await node.stop()
  if (fault !== undefined) throw fault
}

function networkKey(path: string): Uint8Array {
  if (!existsSync(path)) writeSecretFile(path, `${toHex(secureRandomBytes(32))}\n`)
  const key = fromHex(readSecretFile(path, 'network key').trim())
  if (key.length !== 32)
    throw new CodedError('cli/network-key', `${path} does not hold 32 bytes: delete it to create a new identity`)
  return key
}
