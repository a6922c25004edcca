// `tan web`: serves the web app.
import { existsSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { CodedError } from '@tan/primitives'
import type { Command } from 'commander'
import { readJsonObject, readPort } from '../arguments.ts'
import { openFaucet } from '../faucet.ts'
import { runUntilStopped } from '../lifetime.ts'
import { say } from '../output.ts'
import { startWebServer } from '../web-server.ts'

interface WebOptions {
  readonly folder: string
  readonly settings: string
  readonly port: string
  readonly host: string
  readonly faucetKey?: string
  readonly passwordFile?: string
}

export function register(program: Command): void {
  program
    .command('web')
    .description('serve the web app: player, explorer and wallet')
    .requiredOption('--folder <folder>', 'folder of the built app')
    .requiredOption('--settings <file>', 'JSON file with the addresses that the app uses')
    .option('--port <port>', 'port on which to listen', '8080')
    .option('--host <host>', 'address on which to listen', '127.0.0.1')
    .option('--faucet-key <name>', 'key of a faucet that funds anyone who asks; only for devnets')
    .option('--password-file <file>', 'file with its password (default: ask)')
    .action(async (options: WebOptions) => {
      const port = readPort(options.port)
      const folder = resolve(options.folder)
      if (!existsSync(folder))
        throw new CodedError('web/folder', `${folder} does not exist: build the app with \`npm run build -w @tan/web\``)
      const settings = readJsonObject(options.settings, 'settings file')
      const { home } = program.opts<{ home: string }>()
      const { faucetKey, passwordFile } = options
      const faucet =
        faucetKey === undefined
          ? undefined
          : await openFaucet({
              rpc: String(settings.rpcUrl),
              from: faucetKey,
              home,
              ...(passwordFile === undefined ? {} : { passwordFile }),
            })
      const { stopped } = runUntilStopped()
      const { host } = options
      const server = await startWebServer({
        host,
        port,
        folder,
        settings,
        ...(faucet === undefined ? {} : { faucet }),
      })
      say(`The web app is at http://${host}:${(server.address() as AddressInfo).port}`)
      await stopped
      server.closeAllConnections()
      server.close()
    })
}
