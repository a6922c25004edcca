// `tan genesis`: builds the genesis file of a chain from a list of ERC-20 holders and the first guardians.
import { parseHolders, swapHolders } from '@tan/ledger'
import { expectedGenesis } from '@tan/node'
import { type Address, bls, CodedError, type Hex, isHex, toHex } from '@tan/primitives'
import {
  type ChainParameters,
  DEFAULT_PARAMETERS,
  type GenesisGuardian,
  genesisToJson,
  parseGenesis,
  possessionDigest,
} from '@tan/protocol'
import type { Command } from 'commander'
import { readAccount, readAmount, tan, tangam } from '../amounts.ts'
import { readChainId, readJson, readJsonObject } from '../arguments.ts'
import { fields, print, say } from '../output.ts'
import { loadBlsKey, readPassword, readText, writeNewFile } from '../secrets.ts'

interface BuildOptions {
  readonly holders: string
  readonly guardians: string
  readonly contracts?: string
  readonly parameters?: string
  readonly chainId: string
  readonly name: string
  readonly out: string
}

export function register(program: Command): void {
  const genesis = program.command('genesis').description('build the genesis file of a chain')

  genesis
    .command('build')
    .description('build it from a list of ERC-20 holders: each TAN becomes one TAN and brings five TANGam')
    .requiredOption('--holders <file>', 'CSV or JSON with columns address, balance (or wei) and contract')
    .requiredOption('--guardians <file>', 'JSON list of the outputs of `npx tan genesis guardian`')
    .option('--contracts <file>', 'JSON object: for each holder that is a contract, the owner who gets its share')
    .option('--parameters <file>', 'JSON object of parameters that differ from the defaults')
    .requiredOption('--chain-id <id>', 'a number that no other chain uses')
    .requiredOption('--name <name>', 'name of the chain')
    .requiredOption('--out <file>', 'the file to write')
    .action(build)

  genesis
    .command('guardian <bls-key-file>')
    .description("print a guardian's entry for the genesis file, with its proof of possession")
    .requiredOption('--address <address>', "the guardian's account, which must hold the stake")
    .requiredOption('--chain-id <id>', 'id of the new chain')
    .requiredOption('--stake <amount>', 'TAN to stake from the start')
    .option('--validator', 'make it a member of the first committee too')
    .option('--password-file <file>', 'file with the password of the BLS key (default: ask)')
    .action(guardian)

  genesis
    .command('hash <file>')
    .description('check a genesis file and print the hash of its block')
    .action(async (file: string) => {
      const parsed = parseGenesis(readText(file, 'genesis file'))
      const { chainId, name, guardians } = parsed
      const validators = guardians.filter(entry => entry.isValidator).length
      print({ hash: await expectedGenesis(parsed), chainId, name, guardians: guardians.length, validators }, fields)
    })
}

async function build(options: BuildOptions): Promise<void> {
  const format = options.holders.endsWith('.json') ? 'json' : 'csv'
  const holders = parseHolders(readText(options.holders, 'list of holders'), format)
  const { genesis, totals } = swapHolders({
    chainId: readChainId(options.chainId),
    name: options.name,
    timestampS: Math.floor(Date.now() / 1000),
    isDevnet: false,
    parameters: { ...DEFAULT_PARAMETERS, ...readParameters(options.parameters) },
    holders,
    contractOwners: readOwners(options.contracts),
    guardians: readGuardians(options.guardians),
  })
  const text = genesisToJson(genesis)
  const hash = await expectedGenesis(parseGenesis(text))
  writeNewFile(options.out, text)
  say(`wrote ${options.out}`)
  const { tanWei, stakedWei, tangamWei, ...counts } = totals
  print({ hash, ...counts, tanWei, stakedWei, tangamWei }, () =>
    fields({ hash, ...counts, TAN: tan(tanWei), staked: tan(stakedWei), TANGam: tangam(tangamWei) }),
  )
}

interface GuardianOptions {
  readonly address: string
  readonly chainId: string
  readonly stake: string
  readonly validator?: boolean
  readonly passwordFile?: string
}

async function guardian(file: string, options: GuardianOptions): Promise<void> {
  const address = readAccount(options.address)
  const chainId = readChainId(options.chainId)
  const stakeWei = readAmount(options.stake)
  const secret = loadBlsKey(file, await readPassword(options.passwordFile, 'Password of the BLS key: '))
  const publicKey = bls.publicKey(secret)
  const proof = bls.sign(possessionDigest(chainId, address, publicKey), secret)
  const entry = {
    address,
    blsPublicKey: toHex(publicKey),
    proofOfPossession: toHex(proof),
    stakeWei: stakeWei.toString(),
    isValidator: options.validator === true,
  }
  process.stdout.write(`${JSON.stringify(entry, null, 2)}\n`)
}

function readParameters(file: string | undefined): Partial<ChainParameters> {
  if (file === undefined) return {}
  const given = Object.entries(readJsonObject(file, 'list of parameters'))
  return Object.fromEntries(given.map(([name, value]) => [name, readParameter(file, name, value)]))
}

function readParameter(file: string, name: string, value: unknown): number | bigint {
  const standard = new Map<string, unknown>(Object.entries(DEFAULT_PARAMETERS)).get(name)
  if (standard === undefined) throw new CodedError('genesis/invalid', `${file}: unknown parameter ${name}`)
  const isWei = typeof standard === 'bigint'
  if (isWei && typeof value === 'string' && /^\d{1,40}$/.test(value)) return BigInt(value)
  if (!isWei && Number.isSafeInteger(value) && (value as number) >= 1) return value as number
  throw new CodedError(
    'genesis/invalid',
    `${file}: ${name} must be ${isWei ? 'an amount of wei: digits in quotes' : 'a whole number of at least 1'}, not ${JSON.stringify(value)}`,
  )
}

function readOwners(file: string | undefined): Map<Address, Address> {
  const given = file === undefined ? {} : readJsonObject(file, 'list of contracts')
  return new Map(Object.entries(given).map(([contract, owner]) => [readAccount(contract), readAccount(String(owner))]))
}

function readGuardians(file: string): GenesisGuardian[] {
  const given = readJson(file, 'list of guardians')
  if (!Array.isArray(given)) throw new CodedError('genesis/invalid', `${file}: must be a JSON list of guardians`)
  return given.map((entry, i) => {
    const { address, blsPublicKey, proofOfPossession, stakeWei, isValidator } = (entry ?? {}) as Record<string, unknown>
    if (
      !isHex(address, 20) ||
      !isHex(blsPublicKey, 48) ||
      !isHex(proofOfPossession, 96) ||
      !/^\d{1,40}$/.test(String(stakeWei))
    )
      throw new CodedError(
        'genesis/invalid',
        `${file}: guardian ${i + 1} is not an output of \`npx tan genesis guardian\``,
      )
    return {
      address: address.toLowerCase() as Address,
      blsPublicKey: blsPublicKey as Hex,
      proofOfPossession: proofOfPossession as Hex,
      stakeWei: BigInt(String(stakeWei)),
      isValidator: isValidator === true,
    }
  })
}
