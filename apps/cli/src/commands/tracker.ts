// `tan tracker`: introduces peers to each other.
import { createLogger } from '@tan/node'
import { createTracker, loadLocate } from '@tan/tracker'
import type { Command } from 'commander'
import { readPort } from '../arguments.ts'
import { runUntilStopped } from '../lifetime.ts'
import { say } from '../output.ts'
import { systemClock, systemRandom } from '../world.ts'

interface TrackerCommandOptions {
  readonly host: string
  readonly port: string
  readonly stun?: string[]
  readonly origin?: string[]
  readonly trustProxy?: boolean
  readonly trustPlaces?: boolean
  readonly networks?: string[]
  readonly places?: string[]
}

export function register(program: Command): void {
  program
    .command('tracker')
    .description('run a tracker: it tracks which peers are alive and near each other, and introduces them')
    .option('--host <host>', 'address on which to listen', '127.0.0.1')
    .option('--port <port>', 'port on which to listen', '8000')
    .option('--stun <url...>', 'STUN servers for peers to use')
    .option('--origin <origin...>', 'origins of the web pages that may connect (default: all)')
    .option('--trust-proxy', 'trust X-Forwarded-For; only behind a proxy that sets it')
    .option('--trust-places', 'trust the positions that peers report; for devnets')
    .option('--networks <csv...>', 'tables that map IP ranges to networks (ASN)')
    .option('--places <csv...>', 'tables that map IP ranges to positions')
    .action(async (options: TrackerCommandOptions) => {
      const { host, stun = [], origin } = options
      const port = readPort(options.port)
      const { stopped } = runUntilStopped()
      const { networks = [], places: positions = [] } = options
      const locate = networks.length + positions.length === 0 ? undefined : await loadLocate({ networks, positions })
      const tracker = createTracker({
        clock: systemClock,
        random: systemRandom,
        host,
        port,
        logger: createLogger('info', 'tracker'),
        iceServers: stun,
        trustProxy: options.trustProxy === true,
        trustReportedPlaces: options.trustPlaces === true,
        ...(origin === undefined ? {} : { origins: origin }),
        ...(locate === undefined ? {} : { locate }),
      })
      const { url } = await tracker.start()
      say(`The tracker listens on ${url}`)
      await stopped
      await tracker.stop()
    })
}
