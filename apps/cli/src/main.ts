// The `tan` command: its subcommands, and what a person sees when one fails. It loads a subcommand only when it is
// called, so that help is fast.
import { CodedError } from '@tan/primitives'
import { Command, CommanderError, Option } from 'commander'
import { USAGE_CODES } from './arguments.ts'
import { isJsonWanted, setOutput } from './output.ts'

type Register = (program: Command) => void

const COMMANDS: Readonly<Record<string, () => Promise<{ readonly register: Register }>>> = {
  devnet: () => import('./commands/devnet.ts'),
  genesis: () => import('./commands/genesis.ts'),
  tracker: () => import('./commands/tracker.ts'),
  origin: () => import('./commands/origin.ts'),
  edge: () => import('./commands/edge.ts'),
  publish: () => import('./commands/publish.ts'),
  watch: () => import('./commands/watch.ts'),
  session: () => import('./commands/session.ts'),
  init: () => import('./commands/init.ts'),
  node: () => import('./commands/node.ts'),
  wallet: () => import('./commands/wallet.ts'),
  stake: () => import('./commands/stake.ts'),
  pool: () => import('./commands/pool.ts'),
  query: () => import('./commands/query.ts'),
  web: () => import('./commands/web.ts'),
}

const USAGE_ERROR = 2

async function main(): Promise<void> {
  const program = new Command('tan')
    .description('TAN: viewers and edges deliver video to each other and are paid for every piece')
    .version('0.1.0')
    .addOption(new Option('--json', 'print JSON'))
    .option('--home <folder>', 'folder that holds your keys', process.env.TAN_HOME || `${process.env.HOME || '.'}/.tan`)
    .showHelpAfterError('(npx tan --help lists all commands)')
    .exitOverride()
    .hook('preAction', command => setOutput({ json: command.optsWithGlobals().json === true }))
  const wanted = process.argv.slice(2).find(argument => argument in COMMANDS)
  const needed = wanted === undefined ? Object.keys(COMMANDS) : [wanted]
  for (const name of needed) (await COMMANDS[name]!()).register(program)
  for (const command of program.commands) nameOwnHelp(command, 'npx tan')
  await program.parseAsync()
}

/** An error in a subcommand points to that subcommand's help. */
function nameOwnHelp(command: Command, parent: string): void {
  const path = `${parent} ${command.name()}`
  command.showHelpAfterError(`(${path} --help lists the options)`)
  for (const child of command.commands) nameOwnHelp(child, path)
}

/** Prints what was wrong and what to do. The stack is only for bugs, with TAN_DEBUG=1. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_ERROR
  const isExpected = error instanceof CodedError || isSystemError(error)
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof CodedError ? error.code : isExpected ? 'cli/system' : 'cli/failed'
  if (isJsonWanted()) process.stderr.write(`${JSON.stringify({ error: { code, message } })}\n`)
  else process.stderr.write(`tan: ${message}${isExpected ? ` [${code}]` : ''}\n`)
  if (process.env.TAN_DEBUG === '1' && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  else if (!isExpected)
    process.stderr.write(
      'This should not have happened. Run the command again with TAN_DEBUG=1, and report the output.\n',
    )
  return USAGE_CODES.has(code) ? USAGE_ERROR : 1
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string'
}

try {
  await main()
} catch (error) {
  process.exitCode = report(error)
  // An open channel to a parent would keep this finished process alive.
  if (process.connected) process.disconnect?.()
}
