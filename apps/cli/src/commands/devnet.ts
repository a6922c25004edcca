// `tan devnet`: a whole network on this machine, with one command.
import { resolve } from 'node:path'
import { CodedError } from '@tan/primitives'
import type { Command } from 'commander'
import { readInteger } from '../arguments.ts'
import { Devnet } from '../devnet/devnet.ts'
import { DEFAULT_PORT, DEFAULT_SIZE } from '../devnet/layout.ts'
import { runUntilStopped } from '../lifetime.ts'
import { isJsonWanted, print, say } from '../output.ts'

interface DevnetCommandOptions {
  readonly data: string
  readonly port: string
  readonly fresh?: boolean
  readonly chainOnly?: boolean
  readonly video?: string
  readonly validators: string
  readonly guardians: string
  readonly edges: string
}

export function register(program: Command): void {
  program
    .command('devnet')
    .description('run a whole network on this machine: validators, guardians, tracker, origin, edges, web app')
    .option('--data <folder>', 'folder for its data', '.tan/devnet')
    .option('--port <port>', 'first of its 100 ports; 0 finds free ones', String(DEFAULT_PORT))
    .option('--fresh', 'delete the old devnet in the folder and start a new one')
    .option('--video <file>', 'publish this video instead of the sample')
    .option('--chain-only', 'run only the chain: no tracker, origin, edges or web app')
    .option('--validators <n>', 'number of validators', String(DEFAULT_SIZE.validators))
    .option('--guardians <n>', 'number of guardians, validators included', String(DEFAULT_SIZE.guardians))
    .option('--edges <n>', 'number of edges', String(DEFAULT_SIZE.edges))
    .action(run)
}

async function run(options: DevnetCommandOptions): Promise<void> {
  const { stopped } = runUntilStopped()
  const startedMs = Date.now()
  const size = {
    validators: readInteger(options.validators, '--validators', 1, 20),
    guardians: readInteger(options.guardians, '--guardians', 1, 30),
    edges: readInteger(options.edges, '--edges', 0, 20),
  }
  if (size.guardians < size.validators)
    throw new CodedError(
      'devnet/size',
      'every validator is also a guardian: --guardians cannot be less than --validators',
    )
  let isStopping = false
  const devnet = await Devnet.start({
    folder: resolve(options.data),
    port: readInteger(options.port, '--port', 0, 65_000),
    size,
    fresh: options.fresh === true,
    chainOnly: options.chainOnly === true,
    ...(options.video === undefined ? {} : { video: resolve(options.video) }),
    log: line => say(`  ${seconds(startedMs)}  ${line}`),
    onDeath: (name, how) => {
      if (!isStopping)
        say(`  ! ${name} ended unexpectedly (${how}): its log is ${resolve(options.data)}/logs/${name}.log`)
    },
  })
  const address = options.chainOnly === true ? devnet.rpcUrl : devnet.webUrl
  const ready = `\nReady after ${seconds(startedMs).trim()}.`
  print({ url: address, rpcUrl: devnet.rpcUrl }, () =>
    options.chainOnly === true ? `${ready} JSON-RPC at ${address}\n` : `${ready} Open ${address}\n`,
  )
  if (options.chainOnly !== true) say(`JSON-RPC: ${devnet.rpcUrl}`)
  say('Press Ctrl-C to stop everything; the next start continues from the same data.')
  await stopped
  isStopping = true
  if (!isJsonWanted()) say('\nstopping')
  await devnet.stop()
}

function seconds(sinceMs: number): string {
  return `${((Date.now() - sinceMs) / 1000).toFixed(1).padStart(5)} s`
}
