// The swap (spec L-SWAP): a list of those who hold the ERC-20 TAN becomes the balances of a genesis. Each TAN becomes one native TAN and
// brings five TANGam. Whatever is wrong with the list is said with its line, and nothing is guessed.
import { type Address, CodedError, isHex, parseAmount, shorten } from '@tan/primitives'
import { type Genesis, type GenesisGuardian, TAN_SUPPLY_WEI, validateGenesis } from '@tan/protocol'
import { HOLDERS_MAX, PROBLEMS_SHOWN_MAX } from '../limits.ts'

export const TANGAM_PER_TAN = 5n

export interface Holder {
  readonly address: Address
  readonly tanWei: bigint
  /** it stands in the list that it is one; others may be found out by who reads the list from a chain */
  readonly isContract: boolean
  /** of the list, from 1 on, for messages */
  readonly line: number
}

export interface SwapOptions extends Omit<Genesis, 'balances' | 'guardians'> {
  readonly holders: readonly Holder[]
  /** who gets the share of a holder that is a contract, since its code does not come along */
  readonly contractOwners: ReadonlyMap<Address, Address>
  /** each one's stake is taken from what it holds */
  readonly guardians: readonly GenesisGuardian[]
}

export interface Swap {
  readonly genesis: Genesis
  readonly totals: {
    readonly holders: number
    readonly accounts: number
    readonly mappedContracts: number
    readonly tanWei: bigint
    readonly stakedWei: bigint
    readonly tangamWei: bigint
  }
}

/** Throws `genesis/holders` with the first problems and their lines, and `genesis/invalid`. */
export function swapHolders({ holders, contractOwners, guardians, ...chain }: SwapOptions): Swap {
  const problems: string[] = []
  const seen = new Map<Address, number>()
  const shares = new Map<Address, bigint>()
  let mappedContracts = 0
  for (const { address, tanWei, isContract, line } of holders) {
    const earlier = seen.get(address)
    if (earlier !== undefined) problems.push(`line ${line}: ${address} stands in line ${earlier} already`)
    seen.set(address, line)
    const owner = contractOwners.get(address)
    if (isContract && owner === undefined)
      problems.push(`line ${line}: ${address} is a contract: say in the list of contracts who gets its share`)
    if (owner !== undefined) mappedContracts++
    const receiver = owner ?? address
    shares.set(receiver, (shares.get(receiver) ?? 0n) + tanWei)
  }
  for (const contract of contractOwners.keys())
    if (!seen.has(contract)) problems.push(`the list of contracts names ${contract}, which holds nothing`)
  const tanWei = [...shares.values()].reduce((sum, share) => sum + share, 0n)
  if (tanWei !== TAN_SUPPLY_WEI)
    problems.push(`the holders have ${tanWei} wei of TAN together; it must be ${TAN_SUPPLY_WEI} (10^9 TAN)`)
  const stakes = new Map(guardians.map(({ address, stakeWei }) => [address, stakeWei]))
  for (const [guardian, stakeWei] of stakes) {
    const share = shares.get(guardian) ?? 0n
    if (share < stakeWei) problems.push(`guardian ${guardian} stakes ${stakeWei} wei of TAN and holds ${share}`)
  }
  throwProblems(problems)

  const balances = [...shares]
    .filter(([, share]) => share > 0n)
    .map(([address, share]) => ({
      address,
      tanWei: share - (stakes.get(address) ?? 0n),
      tangamWei: share * TANGAM_PER_TAN,
    }))
  const genesis: Genesis = { ...chain, balances, guardians }
  validateGenesis(genesis)
  const stakedWei = [...stakes.values()].reduce((sum, stake) => sum + stake, 0n)
  const tangamWei = tanWei * TANGAM_PER_TAN
  const totals = { holders: holders.length, accounts: balances.length, mappedContracts, tanWei, stakedWei, tangamWei }
  return { genesis, totals }
}

// -------------------------------------------------------------------------------------------------- lists

/**
 * CSV with a line of column names, or a JSON array of objects. Columns: `address` (or `HolderAddress`), either `balance`
 * (TAN, with a decimal point) or `wei`, and optionally `contract` (true or false). Throws `genesis/holders`.
 */
export function parseHolders(text: string, format: 'csv' | 'json'): Holder[] {
  const rows = format === 'csv' ? csvRows(text) : jsonRows(text)
  if (rows.length > HOLDERS_MAX) throwProblems([`${rows.length} rows; at most ${HOLDERS_MAX} are read`])
  const problems: string[] = []
  const holders: Holder[] = []
  for (const { line, fields } of rows) {
    const holder = parseHolder(fields, line)
    if (typeof holder === 'string') problems.push(`line ${line}: ${holder}`)
    else holders.push(holder)
  }
  throwProblems(problems)
  return holders
}

type Fields = ReadonlyMap<string, string>

/** Or what is wrong with it. */
function parseHolder(fields: Fields, line: number): Holder | string {
  const address = fields.get('address') ?? fields.get('holderaddress') ?? ''
  if (!isHex(address, 20)) return `not an address: ${shorten(address)}`
  const balance = fields.get('balance')
  const wei = fields.get('wei')
  if ((balance === undefined) === (wei === undefined)) return 'it needs a `balance` in TAN or `wei`, and not both'
  const tanWei = balance === undefined ? parseWei(wei!) : parseTan(balance)
  if (tanWei === undefined) return `not an amount: ${shorten(balance ?? wei)}`
  const contract = (fields.get('contract') ?? '').toLowerCase()
  if (!['', 'true', 'false'].includes(contract)) return `\`contract\` is true or false, not ${shorten(contract)}`
  return { address: address.toLowerCase() as Address, tanWei, isContract: contract === 'true', line }
}

function parseWei(text: string): bigint | undefined {
  return /^\d{1,40}$/.test(text) ? BigInt(text) : undefined
}

/** Block explorers write 1,234.5. */
function parseTan(text: string): bigint | undefined {
  const plain = /^\d{1,3}(,\d{3})+(\.\d+)?$/.test(text) ? text.replaceAll(',', '') : text
  try {
    return parseAmount(plain)
  } catch {
    return undefined
  }
}

interface Row {
  readonly line: number
  readonly fields: Fields
}

function csvRows(text: string): Row[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const names = csvFields(lines[0] ?? '').map(name => name.trim().toLowerCase())
  const rows: Row[] = []
  for (let i = 1; i < lines.length; i++) {
    if (lines[i]!.trim() === '') continue
    const values = csvFields(lines[i]!)
    // a missing or a surplus field would shift the others
    const fields = values.length === names.length ? values : []
    rows.push({ line: i + 1, fields: new Map(fields.map((value, place) => [names[place]!, value.trim()])) })
  }
  return rows
}

function csvFields(line: string): string[] {
  const fields: string[] = []
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y
  for (;;) {
    const match = field.exec(line)
    if (match === null) return []
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    if (match[3] === '') return fields
  }
}

function jsonRows(text: string): Row[] {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new CodedError('genesis/holders', 'the list of holders is not JSON', { cause })
  }
  if (!Array.isArray(json))
    throw new CodedError('genesis/holders', 'the list of holders must be a JSON array of objects')
  return json.map((entry: unknown, i) => {
    const fields = Object.entries(typeof entry === 'object' && entry !== null ? entry : {})
    // a number has been rounded before anyone could check it
    const texts = fields.map(([name, value]) => [name.toLowerCase(), typeof value === 'boolean' ? `${value}` : value])
    return {
      line: i + 1,
      fields: new Map(texts.filter((field): field is [string, string] => typeof field[1] === 'string')),
    }
  })
}

function throwProblems(problems: readonly string[]): void {
  if (problems.length === 0) return
  const shown = problems.slice(0, PROBLEMS_SHOWN_MAX)
  const more = problems.length > shown.length ? `\n  and ${problems.length - shown.length} more` : ''
  throw new CodedError('genesis/holders', `the list of holders cannot be swapped:\n  ${shown.join('\n  ')}${more}`, {
    data: { problems: shown },
  })
}
