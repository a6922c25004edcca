// The genesis file: what every node of a chain starts from. JSON for people; its block is computed by the ledger.
import { type Address, CodedError, fromHex, type Hash, type Hex, isHex, shorten } from '@tan/primitives'
import { BLOCK_BODY_MAX_BYTES, BLOCK_GAS_MAX, COMMITTEE_MAX, GUARDIANS_MAX } from '../limits.ts'
import { createSignerSet, type SignerSet } from '../signers.ts'

/** Protocol parameters. All blocks of a chain are judged by them. */
export interface ChainParameters {
  /** blocks between checkpoints that guardians finalize: T */
  readonly checkpointInterval: number
  /** between proposals, empty blocks included */
  readonly blockIntervalMs: number
  readonly blockGasLimit: number
  /** transactions of a block together, encoded */
  readonly blockBodyMaxBytes: number
  /** how far ahead of a voter's clock a block's timestamp may be */
  readonly clockDriftMaxMs: number
  /** TANGam wei per gas that the base fee never falls below */
  readonly baseFeeMinWei: bigint
  /** of a credit pool, in hundredths of its deposit; never below 110 */
  readonly collateralMinPercent: number
  /** how long after its expiry a pool can still be redeemed */
  readonly redeemGraceBlocks: number
  readonly poolDurationBlocksMax: number
  readonly unbondingBlocks: number
  /** TAN wei */
  readonly guardianStakeMinWei: bigint
  readonly guardianStakeMaxWei: bigint
  readonly validatorStakeMinWei: bigint
}

export interface GenesisGuardian {
  readonly address: Address
  /** 48 bytes */
  readonly blsPublicKey: Hex
  /** 96 bytes: over `possessionDigest(chainId, address, key)` */
  readonly proofOfPossession: Hex
  /** TAN wei, in addition to the address's own balance */
  readonly stakeWei: bigint
  /** is it a member of the first committee too? */
  readonly isValidator: boolean
}

export interface Genesis {
  readonly chainId: number
  readonly name: string
  readonly timestampS: number
  /** a chain for trying things out: accepts keys that everyone knows and peers on loopback */
  readonly isDevnet: boolean
  readonly parameters: ChainParameters
  readonly balances: readonly { readonly address: Address; readonly tanWei: bigint; readonly tangamWei: bigint }[]
  readonly guardians: readonly GenesisGuardian[]
}

export const TAN_SUPPLY_WEI: bigint = 10n ** 27n
export const TANGAM_GENESIS_SUPPLY_WEI: bigint = 5n * 10n ** 27n

export const DEFAULT_PARAMETERS: ChainParameters = {
  checkpointInterval: 100,
  blockIntervalMs: 500,
  blockGasLimit: 60_000_000,
  blockBodyMaxBytes: 1024 * 1024,
  clockDriftMaxMs: 2_000,
  baseFeeMinWei: 1_000_000_000n,
  collateralMinPercent: 200,
  redeemGraceBlocks: 7_200,
  poolDurationBlocksMax: 2 * 86_400 * 30,
  unbondingBlocks: 2 * 86_400 * 14,
  guardianStakeMinWei: 100_000n * 10n ** 18n,
  guardianStakeMaxWei: 1_000_000n * 10n ** 18n,
  validatorStakeMinWei: 500_000n * 10n ** 18n,
}

/** Whole TAN at stake. */
export function powerOfStake(stakeWei: bigint): number {
  return Number(stakeWei / 10n ** 18n)
}

/** The first committee: fixed until eras elect others. */
export function genesisCommittee(genesis: Genesis): SignerSet {
  return signerSetOf(genesis.guardians.filter(guardian => guardian.isValidator))
}

/** The first pool of guardians, validators included. */
export function genesisPool(genesis: Genesis): SignerSet {
  return signerSetOf(genesis.guardians)
}

function signerSetOf(guardians: readonly GenesisGuardian[]): SignerSet {
  return createSignerSet(
    guardians.map(({ address, blsPublicKey, stakeWei }) => ({
      address,
      blsPublicKey: fromHex(blsPublicKey),
      power: powerOfStake(stakeWei),
    })),
  )
}

// -------------------------------------------------------------------------------------------------- JSON

/** Amounts are decimal strings of wei. */
export function genesisToJson(genesis: Genesis): string {
  return `${JSON.stringify(genesis, (_, value) => (typeof value === 'bigint' ? value.toString() : value), 2)}\n`
}

/** Throws `genesis/invalid` with the path of what is wrong. Proofs of possession are checked when the block is made. */
export function parseGenesis(text: string): Genesis {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new CodedError('genesis/invalid', 'the genesis file is not JSON', { cause })
  }
  const root = object(json, 'genesis')
  const genesis: Genesis = {
    chainId: integer(root.chainId, 'chainId', 1),
    name: string(root.name, 'name'),
    timestampS: integer(root.timestampS, 'timestampS', 0),
    isDevnet: boolean(root.isDevnet, 'isDevnet'),
    parameters: parseParameters(root.parameters),
    balances: array(root.balances, 'balances', 10_000_000).map((item, i) => {
      const entry = object(item, `balances[${i}]`)
      return {
        address: hex(entry.address, `balances[${i}].address`, 20),
        tanWei: wei(entry.tanWei, `balances[${i}].tanWei`),
        tangamWei: wei(entry.tangamWei, `balances[${i}].tangamWei`),
      }
    }),
    guardians: array(root.guardians, 'guardians', GUARDIANS_MAX).map((item, i) => {
      const path = `guardians[${i}]`
      const entry = object(item, path)
      return {
        address: hex(entry.address, `${path}.address`, 20),
        blsPublicKey: hex(entry.blsPublicKey, `${path}.blsPublicKey`, 48),
        proofOfPossession: hex(entry.proofOfPossession, `${path}.proofOfPossession`, 96),
        stakeWei: wei(entry.stakeWei, `${path}.stakeWei`),
        isValidator: boolean(entry.isValidator, `${path}.isValidator`),
      }
    }),
  }
  validateGenesis(genesis)
  return genesis
}

function parseParameters(value: unknown): ChainParameters {
  const entry = object(value, 'parameters')
  const parameters: Record<string, unknown> = {}
  for (const [name, standard] of Object.entries(DEFAULT_PARAMETERS)) {
    const given = entry[name]
    const path = `parameters.${name}`
    parameters[name] =
      given === undefined ? standard : typeof standard === 'bigint' ? wei(given, path) : integer(given, path, 1)
  }
  const unknown = Object.keys(entry).find(name => !(name in DEFAULT_PARAMETERS))
  if (unknown !== undefined) throw invalid(`parameters.${unknown}`, 'no such parameter')
  return parameters as unknown as ChainParameters
}

/** A larger block would be beyond what nodes take from each other and keep. */
const PARAMETERS_MAX = [
  ['blockGasLimit', BLOCK_GAS_MAX],
  ['blockBodyMaxBytes', BLOCK_BODY_MAX_BYTES],
] as const

/** spec L-GENESIS: throws `genesis/invalid` with the path of what is wrong. */
export function validateGenesis({ parameters, balances, guardians }: Genesis): void {
  if (parameters.collateralMinPercent < 110)
    throw invalid('parameters.collateralMinPercent', 'must be 110 or more, or cheating could pay')
  for (const [name, most] of PARAMETERS_MAX)
    if (parameters[name] > most) throw invalid(`parameters.${name}`, `must be at most ${most}, not ${parameters[name]}`)
  const tan = balances.reduce((sum, b) => sum + b.tanWei, 0n) + guardians.reduce((sum, g) => sum + g.stakeWei, 0n)
  if (tan !== TAN_SUPPLY_WEI)
    throw invalid('balances', `TAN adds up to ${tan} wei with all stakes; it must be ${TAN_SUPPLY_WEI} (10^9 TAN)`)
  const tangam = balances.reduce((sum, b) => sum + b.tangamWei, 0n)
  if (tangam !== TANGAM_GENESIS_SUPPLY_WEI)
    throw invalid(
      'balances',
      `TANGam adds up to ${tangam} wei; it must be ${TANGAM_GENESIS_SUPPLY_WEI} (5 * 10^9 TANGam)`,
    )
  for (const [name, list] of [
    ['balances', balances],
    ['guardians', guardians],
  ] as const) {
    const seen = new Set<Address>()
    list.forEach(({ address }, i) => {
      if (seen.has(address)) throw invalid(`${name}[${i}].address`, `${address} stands there twice`)
      seen.add(address)
    })
  }
  const validators = guardians.filter(guardian => guardian.isValidator)
  if (validators.length === 0 || validators.length > COMMITTEE_MAX)
    throw invalid('guardians', `${validators.length} validators; a committee has 1 to ${COMMITTEE_MAX}`)
  guardians.forEach(({ stakeWei, isValidator }, i) => {
    const least = isValidator ? parameters.validatorStakeMinWei : parameters.guardianStakeMinWei
    if (stakeWei < least || stakeWei > parameters.guardianStakeMaxWei)
      throw invalid(
        `guardians[${i}].stakeWei`,
        `${stakeWei} is not within ${least} and ${parameters.guardianStakeMaxWei}`,
      )
  })
}

function invalid(path: string, why: string): CodedError {
  return new CodedError('genesis/invalid', `genesis file, ${path}: ${why}`)
}

function object(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(path, 'must be an object')
  return value as Record<string, unknown>
}

function array(value: unknown, path: string, most: number): unknown[] {
  if (!Array.isArray(value) || value.length > most) throw invalid(path, `must be a list of at most ${most}`)
  return value
}

function string(value: unknown, path: string): string {
  if (typeof value !== 'string' || value.length > 256) throw invalid(path, 'must be a text of at most 256 characters')
  return value
}

function boolean(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw invalid(path, 'must be true or false')
  return value
}

function integer(value: unknown, path: string, least: number): number {
  if (!Number.isSafeInteger(value) || (value as number) < least)
    throw invalid(path, `must be a whole number of ${least} or more, not ${shorten(value)}`)
  return value as number
}

function wei(value: unknown, path: string): bigint {
  if (typeof value !== 'string' || !/^\d{1,60}$/.test(value))
    throw invalid(path, `must be a decimal string of wei, not ${shorten(value)}`)
  return BigInt(value)
}

function hex(value: unknown, path: string, sizeBytes: number): Hash {
  if (!isHex(value, sizeBytes))
    throw invalid(path, `must be 0x and ${sizeBytes} hexadecimal bytes, not ${shorten(value)}`)
  return value.toLowerCase() as Hash
}
