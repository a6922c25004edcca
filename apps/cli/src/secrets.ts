// Passwords and key files. A password comes from a file, or is asked for; never from the command line. Key files are
// written so that only their owner can read them, and refused if others can.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { decryptAccountKey, decryptBlsKey, encryptAccountKey, encryptBlsKey, type KeystoreCost } from '@tan/node'
import { type Address, addressOfSecretKey, bls, CodedError, isHex } from '@tan/primitives'

export async function readPassword(file: string | undefined, question = 'Password: '): Promise<string> {
  const path = file ?? process.env.TAN_PASSWORD_FILE
  if (path !== undefined) return readText(path, 'password file').replace(/\r?\n$/, '')
  if (!process.stdin.isTTY)
    throw new CodedError(
      'cli/password',
      'no terminal to ask for a password: give --password-file, or set TAN_PASSWORD_FILE',
    )
  return ask(question)
}

/** Without echo. */
function ask(question: string): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr, terminal: true })
  const hidden = reader as unknown as { _writeToOutput: (text: string) => void }
  process.stderr.write(question)
  hidden._writeToOutput = () => {}
  return new Promise(resolve =>
    reader.question('', answer => {
      reader.close()
      process.stderr.write('\n')
      resolve(answer)
    }),
  )
}

export function writeSecretFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(path, text, { mode: 0o600, flag: 'wx' })
  chmodSync(path, 0o600)
}

/** Throws `cli/permissions` where others than the owner may read the file. */
export function readSecretFile(path: string, what: string): string {
  const text = readText(path, what)
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0)
    throw new CodedError('cli/permissions', `${what} ${path} can be read by others: run \`chmod 600 ${path}\``)
  return text
}

export function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new CodedError('cli/file', `the ${what} ${path} cannot be read: ${(cause as Error).message}`, { cause })
  }
}

// -------------------------------------------------------------------------------------------------- accounts by name

export interface StoredAccount {
  readonly name: string
  readonly address: Address
  readonly path: string
}

export function accountFolder(home: string): string {
  return join(home, 'keys')
}

export function listAccounts(home: string): StoredAccount[] {
  const folder = accountFolder(home)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter(name => name.endsWith('.json'))
    .map(name => {
      const path = join(folder, name)
      const address = `0x${String((JSON.parse(readText(path, 'key file')) as { address?: string }).address)}`
      return { name: name.slice(0, -5), address: (isHex(address, 20) ? address : '0x') as Address, path }
    })
}

export function findAccount(home: string, nameOrAddress: string): StoredAccount {
  const known = listAccounts(home)
  const found = known.find(({ name, address }) => name === nameOrAddress || address === nameOrAddress.toLowerCase())
  if (found !== undefined) return found
  const names = known.map(({ name }) => name).join(', ')
  throw new CodedError(
    'cli/account',
    `no key called ${nameOrAddress} in ${accountFolder(home)}${names === '' ? ': make one with `tan wallet new NAME`' : ` (there are: ${names})`}`,
  )
}

export function saveAccount(
  home: string,
  name: string,
  secretKey: Uint8Array,
  password: string,
  cost?: KeystoreCost,
): StoredAccount {
  const path = join(accountFolder(home), `${name}.json`)
  if (!/^[\w-]{1,64}$/.test(name))
    throw new CodedError('cli/name', `${name} is no name for a key: letters, digits, - and _`)
  if (existsSync(path)) throw new CodedError('cli/exists', `there is a key called ${name} already: ${path}`)
  writeSecretFile(path, encryptAccountKey(secretKey, password, cost))
  return { name, path, address: addressOfSecretKey(secretKey) }
}

export function loadAccountKey(path: string, password: string): Uint8Array {
  return decryptAccountKey(readSecretFile(path, 'key file'), password)
}

export function saveBlsKey(path: string, secretKey: Uint8Array, password: string, cost?: KeystoreCost): Uint8Array {
  writeSecretFile(path, encryptBlsKey(secretKey, password, cost))
  return bls.publicKey(secretKey)
}

export function loadBlsKey(path: string, password: string): Uint8Array {
  return decryptBlsKey(readSecretFile(path, 'BLS key file'), password)
}
