// `tan wallet`: keys, balances and transfers of both currencies.
import { CodedError, fromHex, isHex, secureRandomBytes } from '@tan/primitives'
import type { Command } from 'commander'
import { readAccount, readAmount, tan, tangam } from '../amounts.ts'
import {
  connect,
  openSender,
  type RpcOptions,
  type SenderOptions,
  tanToken,
  withRpc,
  withSender,
} from '../chain-client.ts'
import { fields, print, table } from '../output.ts'
import {
  accountFolder,
  assertNewName,
  findAccount,
  listKeyFiles,
  readPassword,
  readText,
  saveAccount,
} from '../secrets.ts'

export function register(program: Command): void {
  const wallet = program.command('wallet').description('manage keys, show balances, send transfers')
  const home = (): string => program.opts<{ home: string }>().home

  wallet
    .command('new <name>')
    .description('create an encrypted key')
    .option('--password-file <file>', 'file with its password (default: ask)')
    .action(async (name: string, { passwordFile }: { passwordFile?: string }) => {
      assertNewName(home(), name)
      const password = await newPassword(passwordFile)
      const { address, path } = saveAccount(home(), name, secureRandomBytes(32), password)
      print({ name, address, path }, fields)
    })

  wallet
    .command('import <name> <file>')
    .description('import a key from a file that holds 0x and 64 hexadecimal digits')
    .option('--password-file <file>', 'file with the password to encrypt it (default: ask)')
    .action(async (name: string, file: string, { passwordFile }: { passwordFile?: string }) => {
      assertNewName(home(), name)
      const secret = readSecretKey(file)
      const { address, path } = saveAccount(home(), name, secret, await newPassword(passwordFile))
      print({ name, address, path }, fields)
    })

  wallet
    .command('list')
    .description('list the keys')
    .action(() => {
      print(listKeyFiles(home()), accounts =>
        accounts.length === 0
          ? `no keys in ${accountFolder(home())}: create one with \`npx tan wallet new NAME\``
          : table(
              ['name', 'address'],
              accounts.map(({ name, address, path }) => [name, address ?? `unreadable: ${path}`]),
            ),
      )
    })

  withRpc(
    wallet.command('balance <account>').description('show both balances of an account, by name or address'),
  ).action(async (account: string, options: RpcOptions) => {
    const address = account.startsWith('0x') ? readAccount(account) : findAccount(home(), account).address
    const client = await connect(options)
    const tangamWei = await client.getBalance({ address })
    const tanWei = await client.readContract({ ...tanToken, functionName: 'balanceOf', args: [address] })
    print({ address, tangamWei, tanWei }, result =>
      fields({ address, TANGam: tangam(result.tangamWei), TAN: tan(result.tanWei) }),
    )
  })

  withSender(
    wallet
      .command('send <amount> <to>')
      .description('send TANGam, or TAN with --tan; amounts are tokens (12.5) or wei (100wei)')
      .option('--tan', 'send TAN instead of TANGam'),
  ).action(async (amount: string, to: string, options: Omit<SenderOptions, 'home'> & { tan?: boolean }) => {
    const wei = readAmount(amount)
    const target = to.startsWith('0x') ? readAccount(to) : findAccount(home(), to).address
    const sender = await openSender({ ...options, home: home() })
    const receipt = options.tan
      ? await sender.call({ contract: tanToken, name: 'transfer', args: [target, wei] })
      : await sender.send(target, wei)
    const result = {
      hash: receipt.transactionHash,
      height: Number(receipt.blockNumber),
      gasUsed: Number(receipt.gasUsed),
    }
    print(
      result,
      ({ height, gasUsed }) =>
        `${options.tan ? tan(wei) : tangam(wei)} to ${target} in block ${height} (${gasUsed} gas)`,
    )
  })
}

/** An error names the file but never quotes its content. */
function readSecretKey(file: string): Uint8Array {
  const text = readText(file, 'file with the key').trim()
  if (!isHex(text, 32)) throw new CodedError('cli/key-file', `${file} does not hold 0x and 64 hexadecimal digits`)
  return fromHex(text)
}

async function newPassword(file: string | undefined): Promise<string> {
  const password = await readPassword(file, 'New password: ')
  if (file === undefined && !process.env.TAN_PASSWORD_FILE && (await readPassword(undefined, 'Again: ')) !== password)
    throw new CodedError('cli/password', 'the two passwords differ')
  if (password.length < 8) throw new CodedError('cli/password', 'a password needs at least 8 characters')
  return password
}
