// `tan origin`: an HTTP server in place of a CDN.
import { resolve } from 'node:path'
import { createLogger } from '@tan/node'
import { createOriginServer } from '@tan/origin'
import type { Command } from 'commander'
import { readPort } from '../arguments.ts'
import { runUntilStopped } from '../lifetime.ts'
import { say } from '../output.ts'
import { systemClock } from '../world.ts'

interface OriginCommandOptions {
  readonly folder: string
  readonly host: string
  readonly port: string
  readonly accessLog?: string
}

export function register(program: Command): void {
  program
    .command('origin')
    .description('serve published files over HTTP, with an access log; any other HTTP server will do as well')
    .requiredOption('--folder <folder>', 'folder to serve')
    .option('--host <host>', 'address on which to listen', '127.0.0.1')
    .option('--port <port>', 'port on which to listen', '8001')
    .option('--access-log <file>', 'append a JSON line per response to this file')
    .action(async ({ folder, host, port, accessLog }: OriginCommandOptions) => {
      const listenPort = readPort(port)
      const { stopped } = runUntilStopped()
      const origin = createOriginServer({
        folder: resolve(folder),
        host,
        port: listenPort,
        clock: systemClock,
        logger: createLogger('info', 'origin'),
        ...(accessLog === undefined ? {} : { accessLogFile: resolve(accessLog) }),
      })
      await origin.start()
      say(`The origin serves ${folder} at ${origin.url}`)
      await stopped
      await origin.stop()
    })
}
