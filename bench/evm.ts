// The bytecode engine through its public interface, compared with `@ethereumjs/evm` on the same work in the same run;
// and worst-case contracts, with the time that their gas takes.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Common, Hardfork, Mainnet } from '@ethereumjs/common'
import { createEVM } from '@ethereumjs/evm'
import { SimpleStateManager } from '@ethereumjs/statemanager'
import { Account, Address as TheirAddress } from '@ethereumjs/util'
import {
  createEvm,
  type Environment,
  type Evm,
  type ExecutionResult,
  type Host,
  type Message,
  type StateChanges,
} from '@tan/evm'
import {
  type Address,
  bigIntToBytes,
  concatBytes,
  EMPTY_BYTES,
  fromHex,
  type Hash,
  keccak256,
  keccakHash,
  secp256k1,
  sha256,
  toHex,
} from '@tan/primitives'

const RUNS = 7
const WARM_UP_MS = 1500
const SENDER: Address = '0x00000000000000000000000000000000000a11ce'
const TARGET: Address = '0x00000000000000000000000000000000000c0de1'
/** EIP-7825: what one transaction can have. */
const GAS_MAX = 16_777_216n
const EMPTY_CODE_HASH: Hash = '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'

export const bench = {
  name: 'evm',
  description:
    'loops, ERC-20 transfers, swaps, deep calls and creations, compared with @ethereumjs/evm; and worst-case gas',
  async run(): Promise<{ metrics: Record<string, number>; ratios: Record<string, number> }> {
    const metrics: Record<string, number> = {}
    const ratios: Record<string, number> = {}
    for (const work of await workloads()) {
      const result = await compare(work)
      const name = work.name
      metrics[`${name}_mgas_per_s`] = result.ours.mgasPerS
      metrics[`${name}_calls_per_s`] = result.ours.callsPerS
      metrics[`${name}_spread_percent`] = result.ours.spreadPercent
      metrics[`${name}_ethereumjs_mgas_per_s`] = result.theirs.mgasPerS
      ratios[`vs_ethereumjs_${name}`] = result.ours.callsPerS / result.theirs.callsPerS
    }
    Object.assign(metrics, worstCases(), preparation())
    return { metrics, ratios }
  },
}

/** Processor time of this thread: others on the machine do not matter. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

// ---- a small assembler

const OPS: Readonly<Record<string, number>> = {
  ...{
    STOP: 0,
    ADD: 1,
    MUL: 2,
    DIV: 4,
    SDIV: 5,
    MOD: 6,
    ADDMOD: 8,
    MULMOD: 9,
    EXP: 10,
    LT: 0x10,
    GT: 0x11,
    XOR: 0x18,
    NOT: 0x19,
  },
  ...{
    KECCAK256: 0x20,
    BALANCE: 0x31,
    CALLDATASIZE: 0x36,
    CALLDATACOPY: 0x37,
    CODESIZE: 0x38,
    CODECOPY: 0x39,
    EXTCODESIZE: 0x3b,
  },
  ...{
    EXTCODECOPY: 0x3c,
    EXTCODEHASH: 0x3f,
    RETURNDATACOPY: 0x3e,
    BLOCKHASH: 0x40,
    NUMBER: 0x43,
    SELFBALANCE: 0x47,
    POP: 0x50,
  },
  ...{
    MLOAD: 0x51,
    MSTORE: 0x52,
    MSTORE8: 0x53,
    SLOAD: 0x54,
    SSTORE: 0x55,
    JUMP: 0x56,
    JUMPI: 0x57,
    GAS: 0x5a,
    JUMPDEST: 0x5b,
  },
  ...{
    TLOAD: 0x5c,
    TSTORE: 0x5d,
    MCOPY: 0x5e,
    PUSH0: 0x5f,
    DUP1: 0x80,
    DUP2: 0x81,
    DUP3: 0x82,
    DUP4: 0x83,
    DUP5: 0x84,
    SWAP1: 0x90,
    SWAP2: 0x91,
  },
  ...{
    LOG0: 0xa0,
    LOG1: 0xa1,
    CREATE: 0xf0,
    CALL: 0xf1,
    RETURN: 0xf3,
    DELEGATECALL: 0xf4,
    STATICCALL: 0xfa,
    REVERT: 0xfd,
    ADDRESS: 0x30,
  },
}

/** Names of instructions, and numbers to push in as few bytes as they need. */
function asm(text: string): Uint8Array {
  return concatBytes(
    ...text
      .trim()
      .split(/\s+/)
      .map(word => {
        const op = OPS[word]
        if (op !== undefined) return Uint8Array.of(op)
        const value = BigInt(word)
        const digits = value.toString(16)
        const bytes = fromHex(`0x${digits.length % 2 ? '0' : ''}${digits}`)
        return Uint8Array.of(0x5f + bytes.length, ...bytes)
      }),
  )
}

/** Does `body` for as long as there is gas. */
function forever(before: string, body: string): Uint8Array {
  const start = asm(before)
  return concatBytes(
    start,
    Uint8Array.of(OPS.JUMPDEST!),
    asm(body),
    Uint8Array.of(0x61, start.length >> 8, start.length & 255, OPS.JUMP!),
  )
}

const word = (value: bigint | Address): Uint8Array => bigIntToBytes(BigInt(value), 32)

// ---- worlds and engines

interface Prepared {
  readonly code: Uint8Array
  readonly codeHash: Hash
  readonly balance: bigint
  readonly nonce: bigint
}

type Accounts = Map<Address, Prepared>

function put(accounts: Accounts, address: Address, code: Uint8Array, balance = 0n): void {
  accounts.set(address, { code, codeHash: code.length === 0 ? EMPTY_CODE_HASH : keccakHash(code), balance, nonce: 1n })
}

const environment: Environment = {
  fork: 'osaka',
  chainId: 1n,
  number: 1000n,
  timestamp: 1_700_000_000n,
  coinbase: '0x00000000000000000000000000000000000c01b5',
  gasLimit: 60_000_000n,
  baseFee: 7n,
  prevRandao: `0x${'00'.repeat(31)}07`,
  blobBaseFee: 1n,
}

interface AppliedHost extends Host {
  apply(changes: StateChanges): void
}

function hostOf(accounts: Accounts): AppliedHost {
  const codes = new Map([...accounts.values()].map(account => [account.codeHash, account.code]))
  const slots = new Map<string, bigint>()
  return {
    account(address) {
      const account = accounts.get(address)
      return account && { nonce: account.nonce, balance: account.balance, codeHash: account.codeHash, hasStorage: true }
    },
    slot: (address, key) => slots.get(address + key) ?? 0n,
    code: hash => codes.get(hash) ?? EMPTY_BYTES,
    blockHash: number => keccakHash(word(number)),
    apply(changes) {
      for (const { address, nonce, balance, codeHash, code } of changes.accounts) {
        if (code !== undefined) codes.set(codeHash, code)
        accounts.set(address, { nonce, balance, codeHash, code: codes.get(codeHash) ?? EMPTY_BYTES })
      }
      for (const { address, key, value } of changes.slots) slots.set(address + key, value)
    },
  }
}

// ---- comparisons

interface Workload {
  readonly name: string
  readonly accounts: Accounts
  /** run once, on both */
  readonly setup: readonly Message[]
  message(i: number): Message
  /** Each call makes new slots or accounts: the host then applies the changes, in the time that is taken. */
  readonly isGrowing?: boolean
  /** of one run, ours and theirs */
  readonly calls: readonly [number, number]
}

interface Figures {
  readonly mgasPerS: number
  readonly callsPerS: number
  readonly spreadPercent: number
}

const message = (to: Address, input: Uint8Array, gas = GAS_MAX, value = 0n): Message => ({
  caller: SENDER,
  to,
  input,
  gas,
  value,
  gasPrice: 10n,
})

async function compare(work: Workload): Promise<{ ours: Figures; theirs: Figures }> {
  const ours = new OurSide(work.accounts)
  const theirs = await TheirSide.create(work.accounts)
  for (const setup of work.setup) {
    ours.apply(ours.execute(setup))
    await theirs.run(setup)
  }
  const [ourCalls, theirCalls] = work.calls
  // until the compiler has seen enough of it
  let at = 0
  for (const until = cpuMs() + WARM_UP_MS; cpuMs() < until; at++) ours.apply(ours.execute(work.message(at)))
  await theirs.run(work.message(0))
  const our: { ms: number; gas: bigint; calls: number }[] = []
  const their: typeof our = []
  for (let run = 0, theirAt = 1; run < RUNS; run++) {
    const messages = Array.from({ length: ourCalls }, () => work.message(at++))
    let gas = 0n
    const started = cpuMs()
    for (const one of messages) {
      const result = ours.execute(one)
      gas += one.gas - result.gasLeft
      if (work.isGrowing) ours.apply(result)
    }
    const ms = cpuMs() - started
    our.push({ ms, gas, calls: ourCalls })
    gas = 0n
    const theirMessages = Array.from({ length: theirCalls }, () => work.message(theirAt++))
    const theirStarted = cpuMs()
    for (const one of theirMessages) gas += await theirs.run(one)
    their.push({ ms: cpuMs() - theirStarted, gas, calls: theirCalls })
  }
  return { ours: figures(our), theirs: figures(their) }
}

function figures(runs: readonly { ms: number; gas: bigint; calls: number }[]): Figures {
  const rates = runs.map(run => run.calls / (run.ms / 1000)).sort((a, b) => a - b)
  const middle = rates[Math.floor(rates.length / 2)]!
  const gasPerCall = Number(runs.at(-1)!.gas) / runs.at(-1)!.calls
  return {
    callsPerS: middle,
    mgasPerS: (middle * gasPerCall) / 1e6,
    spreadPercent: ((rates.at(-1)! - rates[0]!) / middle) * 100,
  }
}

class OurSide {
  private readonly evm: Evm = createEvm()
  private readonly host: AppliedHost

  constructor(accounts: Accounts) {
    this.host = hostOf(new Map(accounts))
  }

  /** What a host does with a result: here after each run, since the engine asks only when its tables are crowded. */
  apply({ changes }: ExecutionResult): void {
    this.host.apply(changes)
  }

  execute(one: Message): ExecutionResult {
    const result = this.evm.execute(one, environment, this.host)
    if (result.status !== 'success' && result.haltReason !== 'out of gas')
      throw new Error(`a benchmark fails: ${result.status}`)
    return result
  }
}

class TheirSide {
  readonly run: (one: Message) => Promise<bigint>

  private constructor(run: (one: Message) => Promise<bigint>) {
    this.run = run
  }

  /** As fast as it can be made: native hashing, one outer checkpoint, no trie. */
  static async create(accounts: Accounts): Promise<TheirSide> {
    const common = new Common({ chain: { ...Mainnet }, hardfork: Hardfork.Osaka, customCrypto: { keccak256 } })
    const state = new SimpleStateManager({ common })
    for (const [address, { code, balance, nonce }] of accounts) {
      await state.putAccount(new TheirAddress(fromHex(address)), new Account(nonce, balance))
      if (code.length > 0) await state.putCode(new TheirAddress(fromHex(address)), code)
    }
    const evm = await createEVM({ common, stateManager: state })
    await evm.journal.checkpoint()
    const caller = new TheirAddress(fromHex(SENDER))
    return new TheirSide(async one => {
      const { execResult } = await evm.runCall({
        caller,
        origin: caller,
        ...(one.to === undefined ? {} : { to: new TheirAddress(fromHex(one.to)), skipNonceIncrement: true }),
        data: one.input,
        gasLimit: one.gas,
        value: one.value,
      })
      evm.journal.cleanJournal()
      state.originalStorageCache.clear()
      return execResult.executionGasUsed
    })
  }
}

async function workloads(): Promise<Workload[]> {
  const { Token, Market, Factory } = compile(['Token.sol', 'Market.sol'])
  const creation = (code: Uint8Array | undefined): Message => ({ ...message(TARGET, code!), to: undefined })
  const [token] = learn(creation(Token)) as [Address]
  const [market, tokenA, tokenB] = learn(creation(Market), ['a()', 'b()']) as [Address, Address, Address]
  const [factory] = learn(creation(Factory)) as [Address]
  const transfer = (to: bigint) => concatBytes(selector('transfer(address,uint256)'), word(to), word(1n))
  const loop = (name: string, code: Uint8Array, gas: bigint): Workload => {
    const accounts = basic()
    put(accounts, TARGET, code)
    return { name, accounts, setup: [], message: () => message(TARGET, EMPTY_BYTES, gas), calls: [3, 1] }
  }
  const approve = concatBytes(selector('approve(address,uint256)'), word(market), word(2n ** 256n - 1n))
  const on = (code: Uint8Array | undefined, work: Omit<Workload, 'accounts'>): Workload => ({
    ...work,
    accounts: basic(),
    setup: [creation(code), ...work.setup],
  })
  const existing = [0n, 1n, 2n, 3n].map(i => message(token, transfer(2n ** 100n + i), 100_000n))
  return [
    loop('arithmetic_loop', forever('1', 'DUP1 3 MUL 7 ADD DUP1 XOR POP 1 ADD DUP1 0xffff LT POP'), GAS_MAX),
    loop('keccak_loop', forever('0', 'PUSH0 MSTORE 32 PUSH0 KECCAK256'), GAS_MAX),
    on(Token, {
      name: 'erc20_new',
      isGrowing: true,
      setup: [],
      message: i => message(token, transfer(2n ** 100n + BigInt(i)), 100_000n),
      calls: [4000, 100],
    }),
    on(Token, { name: 'erc20_existing', setup: existing, message: i => existing[i % 4]!, calls: [20_000, 100] }),
    on(Market, {
      name: 'swap',
      setup: [message(tokenA, approve), message(tokenB, approve)],
      message: i =>
        message(market, concatBytes(selector('swap(uint256,bool)'), word(10n ** 18n), word(BigInt(i % 2))), 300_000n),
      calls: [5000, 50],
    }),
    on(Factory, {
      name: 'deep_calls',
      setup: [],
      message: () => message(factory, concatBytes(selector('descend(uint256)'), word(200n))),
      calls: [200, 2],
    }),
    on(Factory, {
      name: 'creation',
      isGrowing: true,
      setup: [],
      message: i => message(factory, concatBytes(selector('make(uint256)'), word(BigInt(i + 1))), 500_000n),
      calls: [2000, 50],
    }),
  ]
}

function basic(): Accounts {
  const accounts: Accounts = new Map()
  put(accounts, SENDER, EMPTY_BYTES, 10n ** 24n)
  return accounts
}

/** What the first creation of the sender makes, and what its getters say. */
function learn(creation: Message, getters: readonly string[] = []): Address[] {
  const side = new OurSide(basic())
  const made = side.execute(creation).created!
  return [made, ...getters.map(getter => toHex(side.execute(message(made, selector(getter))).returnData.subarray(12)))]
}

function selector(signature: string): Uint8Array {
  return keccak256(new TextEncoder().encode(signature)).subarray(0, 4)
}

interface Solc {
  compile(input: string): string
}

/** Creation code by contract. */
function compile(files: readonly string[]): Record<string, Uint8Array> {
  const solc = createRequire(import.meta.url)('solc') as Solc
  const sources = Object.fromEntries(
    files.map(file => [
      file,
      { content: readFileSync(new URL(`../packages/evm/samples/${file}`, import.meta.url), 'utf8') },
    ]),
  )
  const settings = {
    optimizer: { enabled: true, runs: 200 },
    evmVersion: 'cancun',
    outputSelection: { '*': { '*': ['evm.bytecode.object'] } },
  }
  const output = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity', sources, settings }))) as {
    contracts: Record<string, Record<string, { evm: { bytecode: { object: string } } }>>
  }
  return Object.fromEntries(
    Object.values(output.contracts).flatMap(file =>
      Object.entries(file).map(([name, contract]) => [name, fromHex(`0x${contract.evm.bytecode.object}`)]),
    ),
  )
}

// ---- the worst

/** Contracts that are written to hurt: each spends a whole transaction's gas on one thing. */
function worstCases(): Record<string, number> {
  const metrics: Record<string, number> = {}
  const biggest = 2n ** 256n - 1n
  const wide = `${biggest} ${2n ** 130n + 77n}`
  const cases: Record<string, Uint8Array> = {
    jumpdests: concatBytes(new Uint8Array(24_000).fill(OPS.JUMPDEST!), asm('PUSH0 JUMP')),
    division: forever(wide, 'DUP1 DUP3 DIV POP'),
    signed_division: forever(wide, 'DUP1 DUP3 SDIV POP'),
    mulmod: forever(wide, 'DUP1 DUP3 DUP1 MULMOD POP'),
    addmod: forever(wide, 'DUP1 DUP3 DUP1 ADDMOD POP'),
    exp: forever(`${biggest}`, 'DUP1 DUP1 EXP POP'),
    keccak_short: forever('0', 'PUSH0 PUSH0 KECCAK256 POP'),
    keccak_long: forever('0', '65536 PUSH0 KECCAK256 POP'),
    memory_copy: forever('0', '65536 PUSH0 1 MCOPY'),
    code_copy: forever('0', '24000 PUSH0 PUSH0 CODECOPY'),
    memory_growth: forever('0', `PUSH0 PUSH0 PUSH0 PUSH0 ${BigInt(OTHER)} 2900 DELEGATECALL POP`),
    call_warm: forever('0', `PUSH0 PUSH0 PUSH0 PUSH0 PUSH0 ${BigInt(EMPTY)} GAS CALL POP`),
    call_self: forever('0', 'PUSH0 PUSH0 PUSH0 PUSH0 PUSH0 ADDRESS GAS CALL POP'),
    call_many_codes: forever(`${MANY}`, `PUSH0 PUSH0 PUSH0 PUSH0 DUP5 2000 STATICCALL POP 1 ADD`),
    codesize_cold: forever(`${MANY}`, 'DUP1 EXTCODESIZE POP 1 ADD'),
    balance_cold: forever(`${MANY}`, 'DUP1 BALANCE POP 1 ADD'),
    sload_cold: forever('0', 'DUP1 SLOAD POP 1 ADD'),
    sstore_new: forever('1', 'DUP1 DUP1 SSTORE 1 ADD'),
    sstore_toggle: forever('0', '2 PUSH0 SSTORE 1 PUSH0 SSTORE'),
    tstore_new: forever('1', 'DUP1 DUP1 TSTORE 1 ADD'),
    // keys that would all have one place if nothing secret went into where they go
    tstore_chosen: forever('1', `DUP1 DUP1 DUP1 ${2n ** 192n} MUL ADD TSTORE 1 ADD`),
    balance_chosen: forever('1', `DUP1 DUP1 ${2n ** 64n} MUL ADD BALANCE POP 1 ADD`),
    log_large: forever('0', '32768 PUSH0 LOG0'),
    log_empty: forever('0', 'PUSH0 PUSH0 LOG0'),
    create_empty: forever('0', 'PUSH0 PUSH0 PUSH0 CREATE POP'),
    create_large_init_code: forever('91 PUSH0 MSTORE8 1 31 MSTORE8 0', '49152 PUSH0 PUSH0 CREATE POP'),
    selfdestructs: forever('0', `PUSH0 PUSH0 PUSH0 PUSH0 1 ${BigInt(DYING)} GAS CALL POP`),
    ...Object.fromEntries(
      precompileInputs().map(([name, address, input]) => [`precompile_${name}`, callPrecompile(address, input)]),
    ),
  }
  for (const [name, address, input] of precompileInputs()) {
    const result = createEvm().execute(
      message(toHex(word(BigInt(address)).subarray(12)), input),
      environment,
      hostOf(basic()),
    )
    // what is refused costs nothing, and says nothing
    if (result.returnData.length === 0) throw new Error(`precompile ${name} refuses its input`)
  }
  let worst = Number.POSITIVE_INFINITY
  for (const [name, code] of Object.entries(cases)) {
    const accounts = basic()
    put(accounts, TARGET, code, 10n ** 20n)
    put(accounts, OTHER, asm('1 20000 MSTORE8'))
    put(accounts, DYING, Uint8Array.of(OPS.PUSH0!, 0xff))
    const evm = createEvm()
    const times: number[] = []
    let used = 0n
    // the clock of a thread ticks coarsely on some systems: enough runs to see it move
    for (let run = 0; run < 3; run++) {
      const hosts = Array.from({ length: 40 }, () =>
        name.includes('many') || name.includes('cold') ? manyCodes(accounts) : hostOf(accounts),
      )
      const started = cpuMs()
      let count = 0
      while (count < hosts.length && (count === 0 || cpuMs() - started < 60)) {
        const result = evm.execute(message(TARGET, EMPTY_BYTES), environment, hosts[count++]!)
        if (result.haltReason !== 'out of gas')
          throw new Error(`${name} ends otherwise: ${result.status} ${result.haltReason}`)
        used = GAS_MAX - result.gasLeft
      }
      times.push((cpuMs() - started) / count)
    }
    const rate = Number(used) / 1e3 / Math.max(Math.min(...times), 0.01)
    metrics[`worst_${name}_mgas_per_s`] = rate
    worst = Math.min(worst, rate)
  }
  metrics.worst_transaction_ms = Number(GAS_MAX) / 1e3 / worst
  return metrics
}

const OTHER: Address = '0x00000000000000000000000000000000000c0de2'
const DYING: Address = '0x00000000000000000000000000000000000c0de3'
const EMPTY: Address = '0x00000000000000000000000000000000000e0e0e'
/** From here on every address has its own code of 24,576 bytes, full of jump targets. */
const MANY = 2n ** 150n

function manyCodes(accounts: Accounts): Host {
  const known = hostOf(accounts)
  const template = new Uint8Array(24_576).fill(OPS.JUMPDEST!)
  template.set(asm('24570 JUMP'), 0)
  return {
    ...known,
    account: address =>
      BigInt(address) < MANY
        ? known.account(address)
        : { nonce: 1n, balance: 1n, codeHash: `0x${address.slice(2).padStart(64, '1')}`, hasStorage: false },
    code: hash => (hash.startsWith('0x111111111111111111111111') ? template : known.code(hash)),
  }
}

function callPrecompile(address: number, input: Uint8Array): Uint8Array {
  const copy = `${input.length} 0xffff PUSH0 CODECOPY`
  const body = `PUSH0 PUSH0 ${input.length} PUSH0 ${address} GAS STATICCALL POP`
  // the input stands after the code
  const size = forever(copy, body).length
  const code = forever(copy.replace('0xffff', `0x${size.toString(16).padStart(4, '0')}`), body)
  const padded = new Uint8Array(size)
  padded.set(code)
  return concatBytes(padded, input)
}

function precompileInputs(): [string, number, Uint8Array][] {
  const digest = keccak256(EMPTY_BYTES)
  const { compact, recovery } = secp256k1.sign(digest, keccak256(digest))
  const bytes = (size: number) => new Uint8Array(size).fill(0xa7)
  const g1 = fromHex(`0x${'1'.padStart(64, '0')}${'2'.padStart(64, '0')}`)
  const g2 = fromHex(
    '0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c21800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa',
  )
  const modexp = (size: number, exponent: number) =>
    concatBytes(
      ...[word(BigInt(size)), word(BigInt(exponent)), word(BigInt(size))],
      ...[bytes(size), new Uint8Array(exponent).fill(0xff), new Uint8Array(size).fill(0xfb)],
    )
  return [
    ['ecrecover', 1, concatBytes(digest, word(27n + BigInt(recovery)), compact)],
    ['sha256', 2, bytes(65_536)],
    ['ripemd160', 3, bytes(65_536)],
    ['identity', 4, bytes(65_536)],
    ['modexp_32', 5, modexp(32, 32)],
    ['modexp_256', 5, modexp(256, 32)],
    ['modexp_1024', 5, modexp(1024, 32)],
    ['bn254_add', 6, concatBytes(g1, g1)],
    ['bn254_multiply', 7, concatBytes(g1, word(2n ** 254n - 1n))],
    ['bn254_pairing', 8, concatBytes(g1, g2, g1, g2)],
    ['blake2f', 9, concatBytes(fromHex('0x00100000'), bytes(208), Uint8Array.of(1))],
    ['point_evaluation', 0x0a, pointEvaluation()],
    ['bls_g1_add', 0x0b, concatBytes(BLS_G1, BLS_G1)],
    ['bls_g1_sum_1', 0x0c, concatBytes(BLS_G1, bytes(32))],
    ['bls_g1_sum_128', 0x0c, repeated(128, concatBytes(BLS_G1, bytes(32)))],
    ['bls_g2_add', 0x0d, concatBytes(BLS_G2, BLS_G2)],
    ['bls_g2_sum_1', 0x0e, concatBytes(BLS_G2, bytes(32))],
    ['bls_g2_sum_2', 0x0e, repeated(2, concatBytes(BLS_G2, bytes(32)))],
    ['bls_g2_sum_128', 0x0e, repeated(128, concatBytes(BLS_G2, bytes(32)))],
    ['bls_pairing_1', 0x0f, concatBytes(BLS_G1, BLS_G2)],
    ['bls_pairing_8', 0x0f, repeated(8, concatBytes(BLS_G1, BLS_G2))],
    ['bls_map_to_g1', 0x10, blsField('05'.repeat(48))],
    ['bls_map_to_g2', 0x11, concatBytes(blsField('05'.repeat(48)), blsField('06'.repeat(48)))],
    ['p256', 0x100, concatBytes(digest, P256_SIGNATURE, P256_KEY)],
  ]
}

function repeated(times: number, bytes: Uint8Array): Uint8Array {
  return concatBytes(...Array.from({ length: times }, () => bytes))
}

/** As EIP-2537 has an element of the field: 16 zeros before it. */
function blsField(digits: string): Uint8Array {
  return fromHex(`0x${digits.padStart(128, '0')}`)
}

const BLS_G1 = concatBytes(
  blsField('17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb'),
  blsField('08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1'),
)
const BLS_G2 = concatBytes(
  blsField('024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8'),
  blsField('13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e'),
  blsField('0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801'),
  blsField('0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be'),
)

/** Of the hash of nothing. */
const P256_SIGNATURE = fromHex(
  '0xe24e2ef62e920987e55a3e79b98fff7dfb3578e7579b1ad92d4c4c235d9cab09b1f002d149dd2b9e7b962a57a9df0b9a88b7f8894c69270f56af1f59240d947b',
)
const P256_KEY = fromHex(
  '0xcf9ce5e598da60ea845798ac190f58d8d3472676aa1045fdb125c6ae75d890b16cd740bf579e14f0f7baa527673ef68bd6f28fcf4523ca0da382217c60603d46',
)

/** The ceremony's first power commits to p(x) = x; its proof is the generator. */
function pointEvaluation(): Uint8Array {
  const commitment = fromHex(
    '0xad3eb50121139aa34db1d545093ac9374ab7bca2c0f3bf28e27c8dcd8fc7cb42d25926fc0c97b336e9f0fb35e5a04c81',
  )
  const generator = fromHex(
    '0x97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb',
  )
  const hash = sha256(commitment)
  hash[0] = 1
  const place = word(2n ** 254n - 1n)
  return concatBytes(hash, place, place, commitment, generator)
}

/** A code of the greatest size, seen for the first time: loaded, mapped, and its blocks worked out as it runs through them. */
function preparation(): Record<string, number> {
  const code = new Uint8Array(24_576)
  for (let i = 0; i < code.length; i += 2) code.set([OPS.JUMPDEST!, OPS.GAS!], i) // a block at every byte
  code.set(asm('24572 JUMP'), 0)
  const evm = createEvm()
  const perRun = 100
  const times: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const hosts = Array.from({ length: perRun }, (_, i) => {
      const own = code.slice()
      own[100 + i] = OPS.NUMBER!
      own[300 + run] = OPS.NUMBER!
      const accounts = basic()
      put(accounts, TARGET, own)
      return hostOf(accounts)
    })
    const started = cpuMs()
    for (const host of hosts) evm.execute(message(TARGET, EMPTY_BYTES), environment, host)
    times.push((cpuMs() - started) / perRun)
  }
  times.sort((a, b) => a - b)
  return { prepare_24kb_median_ms: times[3]!, prepare_24kb_most_ms: times.at(-1)! }
}
