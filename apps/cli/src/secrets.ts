// Passwords and key files. A password comes from a file or a prompt, never from the command line. Only the owner can
// read key files that we write; we refuse a key file that others can read.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { decryptAccountKey, decryptBlsKey, encryptAccountKey, encryptBlsKey, type KeystoreCost } from '@tan/node'
import { type Address, addressOfSecretKey, bls, CodedError, isHex } from '@tan/primitives'

export async function readPassword(file: string | undefined, question = 'Password: '): Promise<string> {
  const path = file ?? process.env.TAN_PASSWORD_FILE
  // An empty variable counts as unset.
  if (path !== undefined && path !== '') return readText(path, 'password file').replace(/\r?\n$/, '')
  if (!process.stdin.isTTY)
    throw new CodedError(
      'cli/password',
      'cannot ask for a password without a terminal: use --password-file, or set TAN_PASSWORD_FILE',
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
  writeNewFile(path, text, 0o600)
  chmodSync(path, 0o600)
}

/** Throws `cli/exists`, or `cli/file`. */
export function writeNewFile(path: string, text: string, mode = 0o644): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(path, text, { mode, flag: 'wx' })
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException
    if (code === 'EEXIST' && syscall === 'open')
      throw new CodedError('cli/exists', `${path} already exists: choose another name`, { cause })
    throw new CodedError('cli/file', `cannot write ${path}: ${(cause as Error).message}`, { cause })
  }
}

/** The path must be a folder, or free for a new one. Throws `cli/folder`. */
export function assertFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === false)
    throw new CodedError('cli/folder', `${path} is not a folder: choose another one`)
}

/** Throws `cli/permissions` if anyone but the owner may read the file. */
export function readSecretFile(path: string, what: string): string {
  const text = readText(path, what)
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0)
    throw new CodedError('cli/permissions', `other users can read the ${what} ${path}: run \`chmod 600 ${path}\``)
  return text
}

export function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new CodedError('cli/file', `cannot read the ${what} ${path}: ${(cause as Error).message}`, { cause })
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

/** A file in the key folder. The address is undefined if the file cannot be read. */
export interface KeyFile {
  readonly name: string
  readonly address: Address | undefined
  readonly path: string
}

export function listKeyFiles(home: string): KeyFile[] {
  const folder = accountFolder(home)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter(name => name.endsWith('.json'))
    .map(name => ({ name: name.slice(0, -5), address: addressIn(join(folder, name)), path: join(folder, name) }))
}

function addressIn(path: string): Address | undefined {
  try {
    const { address } = JSON.parse(readFileSync(path, 'utf8')) as { address?: unknown }
    const hex = `0x${String(address).toLowerCase()}`
    return isHex(hex, 20) ? hex : undefined
  } catch {
    return undefined
  }
}

/** The key files that can be read. */
export function listAccounts(home: string): StoredAccount[] {
  return listKeyFiles(home).flatMap(({ address, ...file }) => (address === undefined ? [] : [{ ...file, address }]))
}

/** Throws `cli/key-file` if the file of that name is damaged, and `cli/account` if there is none. */
export function findAccount(home: string, nameOrAddress: string): StoredAccount {
  const known = listAccounts(home)
  const damaged = listKeyFiles(home).find(({ name, address }) => name === nameOrAddress && address === undefined)
  if (damaged !== undefined)
    throw new CodedError(
      'cli/key-file',
      `the key file ${damaged.path} is damaged: restore it from a backup, or remove it from the folder`,
    )
  const found = known.find(({ name, address }) => name === nameOrAddress || address === nameOrAddress.toLowerCase())
  if (found !== undefined) return found
  const names = known.map(({ name }) => name).join(', ')
  throw new CodedError(
    'cli/account',
    `no key called ${nameOrAddress} in ${accountFolder(home)}${names === '' ? ': create one with `npx tan wallet new NAME`' : ` (available: ${names})`}`,
  )
}

/** A name cannot begin with 0x, because that is an address. Throws `cli/name`, or `cli/exists`. */
export function assertNewName(home: string, name: string): void {
  if (!/^(?!0x)[\w-]{1,64}$/i.test(name))
    throw new CodedError(
      'cli/name',
      `${name} is not a valid key name: use letters, digits, - and _, without 0x at the start`,
    )
  const path = join(accountFolder(home), `${name}.json`)
  if (existsSync(path)) throw new CodedError('cli/exists', `a key called ${name} already exists: ${path}`)
}

export function saveAccount(
  home: string,
  name: string,
  secretKey: Uint8Array,
  password: string,
  cost?: KeystoreCost,
): StoredAccount {
  const path = join(accountFolder(home), `${name}.json`)
  assertNewName(home, name)
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
