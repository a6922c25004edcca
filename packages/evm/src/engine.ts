// One instance of the engine: its memory, its imports, and the operations on the state of the running transaction that
// execution (evm.ts), transactions (transaction.ts) and native contracts (native-call.ts) are made of.
import {
  type Address,
  assert,
  CodedError,
  EMPTY_BYTES,
  fromHex,
  type Hash,
  secureRandomBytes,
  ZERO_HASH,
} from '@tan/primitives'
import { engineModule } from '#engine'
import { EngineMemory } from './engine-memory.ts'
import { type EngineExports, type Layout, readLayout } from './exports.ts'
import { FORKS, type Fork } from './forks.ts'
import type { Host } from './host.ts'
import { BLOB_HASHES_MAX } from './limits.ts'
import type { AccountChange, Environment, Log, SlotChange, StateChanges } from './message.ts'
import { encodeOpcodes } from './opcodes.ts'
import { isPrecompile } from './precompiles/table.ts'

export const EMPTY_CODE_HASH: Hash = '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'
/** as a word of the engine */
const EMPTY_CODE_HASH_WORD = fromHex(EMPTY_CODE_HASH).reverse()

/** What the tracing engine tells. */
export interface TraceHooks {
  step(frame: number, ip: number, top: number, gas: bigint): void
  enter(frame: number): void
  exit(frame: number, status: number): void
  /** A SELFDESTRUCT that does happen, before the amount (a word in memory) moves; the beneficiary is an account. */
  destroy?(frame: number, beneficiary: number, amount: number): void
}

/** Pages of 64 KiB for all tables below the EVM memories (assembly/layout.ts); one that is never touched costs nothing. */
const FIRST_PAGES = 0x1e80

/** HASH_KEYS of assembly/layout.ts. */
const SECRET_BYTES = 48

/** Where a precompile can stand (PRECOMPILES of assembly/layout.ts). */
const PRECOMPILES_BELOW = 512

/** In the order of assembly/host.ts. */
const BOUNDS = ['accounts', 'slots', 'transient slots', 'journal entries', 'logs', 'memory', 'code'] as const

/** Answers a frame whose code is native: a precompile or a system contract. A status of assembly/frames.ts, and a halt's reason above it. */
export type NativeAnswerer = (engine: Engine, frame: number) => number

export interface EngineOptions {
  readonly hooks?: TraceHooks
  /** Keeps contracts from choosing where the tables put what they hold. No result depends on it. */
  readonly secret?: Uint8Array
  /** where the engine's counters begin: they turn over below 2^32, and tests need not wait for it */
  readonly firstTransaction?: number
}

export class Engine {
  readonly memory: EngineMemory
  readonly run: EngineExports
  readonly at: Layout
  environment: Environment | undefined
  /** a transaction is */
  isRunning = false
  private host: Host | undefined
  private fork: Fork | undefined
  private openedCode: Uint8Array = EMPTY_BYTES
  // Text forms of what the tables hold, by place.
  private readonly addresses: Address[] = []
  private readonly codeHashes: Hash[] = []
  private readonly keys: Hash[] = []
  /** the way back: where the account with the address is */
  private readonly places = new Map<Address, number>()
  /** what TypeScript has just asked for by its text */
  private askedFor: Address | undefined

  /** create-engine.ts makes it with the answerer of native-call.ts. */
  constructor(
    answerNative: NativeAnswerer,
    module: WebAssembly.Module = engineModule,
    { hooks, secret = secureRandomBytes(SECRET_BYTES), firstTransaction = 0 }: EngineOptions = {},
  ) {
    this.memory = new EngineMemory(FIRST_PAGES)
    const instance = new WebAssembly.Instance(module, {
      env: { memory: this.memory.memory, abort: () => assert(false, 'the engine aborted') },
      host: {
        loadAccount: (account: number) => this.fillAccount(account),
        loadSlot: (slot: number, isZero: number) => this.fillSlot(slot, isZero !== 0),
        openCode: (hash: number) => this.openCode(hash),
        copyCode: (to: number) => this.copyCode(to),
        loadBlockHash: (number: bigint, to: number) => this.loadBlockHash(number, to),
        runNative: (frame: number) => answerNative(this, frame),
        exceedBound: (bound: number) => exceedBound(bound),
        ...(hooks === undefined ? {} : importsOf(hooks)),
      },
    })
    this.run = instance.exports as unknown as EngineExports
    this.at = readLayout(instance.exports)
    assert(this.at.MEMORY <= FIRST_PAGES * 65_536, 'the engine begins with less memory than its tables need')
    assert(secret.length === SECRET_BYTES, `a secret has ${SECRET_BYTES} bytes`)
    this.memory.copyIn(this.at.HASH_KEYS, secret)
    this.run.prepare(firstTransaction)
  }

  /** Makes host and block those of what runs next. What is known of another host's state is forgotten. */
  enter(environment: Environment, host: Host): void {
    this.memory.refresh()
    if (environment.fork !== this.fork) {
      this.memory.u32.set(encodeOpcodes(environment.fork), this.at.OPCODES >>> 2)
      this.writePrecompiles(environment.fork)
      this.run.setFork(FORKS.indexOf(environment.fork))
      this.places.clear()
      this.fork = environment.fork
    }
    if (host !== this.host) {
      this.forgetState()
      this.host = host
    }
    if (environment !== this.environment) {
      this.run.beginBlock()
      this.writeEnvironment(environment)
      this.environment = environment
    }
  }

  /** With at most so much gas, of which an access list is part. */
  begin(gas: number): void {
    this.askedFor = undefined // what was asked last may have met a bound
    if (this.run.beginTransaction(gas) !== 0) this.places.clear()
  }

  /** What runs holds on to what the tables hold. */
  assertIdle(): void {
    if (this.isRunning)
      throw new CodedError('evm/busy', 'the engine runs a transaction: use another, or wait until this one has ended')
  }

  forget(): void {
    this.assertIdle()
    this.forgetState()
  }

  private forgetState(): void {
    this.run.forgetState()
    this.places.clear()
  }

  forgetAccount(address: Address): void {
    this.assertIdle()
    this.memory.refresh()
    this.memory.writeHex(this.at.SCRATCH, address)
    this.run.forgetAccount()
    this.places.delete(address)
  }

  /** `origin` is an account. */
  writeTransaction(origin: number, gasPrice: bigint, blobHashes: readonly Hash[]): void {
    const { memory, at } = this
    memory.bytes.copyWithin(at.ENVIRONMENT, origin, origin + 32)
    memory.writeWord(at.ENVIRONMENT + 32, gasPrice)
    const count = Math.min(blobHashes.length, BLOB_HASHES_MAX)
    memory.writeU32(at.ENVIRONMENT + 320, count)
    for (let i = 0; i < count; i++) memory.writeHex(at.BLOB_HASHES + 32 * i, blobHashes[i]!)
  }

  private writePrecompiles(fork: Fork): void {
    const { memory, at } = this
    memory.bytes.fill(0, at.PRECOMPILES, at.PRECOMPILES + PRECOMPILES_BELOW / 8)
    for (let place = 0; place < PRECOMPILES_BELOW; place++)
      if (isPrecompile(fork, `0x${place.toString(16).padStart(40, '0')}`))
        memory.bytes[at.PRECOMPILES + (place >> 3)]! |= 1 << (place & 7)
  }

  private writeEnvironment(environment: Environment): void {
    const { memory } = this
    const at = this.at.ENVIRONMENT
    memory.writeHex(at + 64, environment.coinbase)
    memory.writeWord(at + 96, environment.timestamp)
    memory.writeWord(at + 128, environment.number)
    memory.writeHex(at + 160, environment.prevRandao)
    memory.writeWord(at + 192, environment.gasLimit)
    memory.writeWord(at + 224, environment.chainId)
    memory.writeWord(at + 256, environment.baseFee)
    memory.writeWord(at + 288, environment.blobBaseFee)
  }

  // ---- state of the transaction; accounts are pointers, valid until the next transaction

  account(address: Address): number {
    const known = this.places.get(address)
    if (known !== undefined) return known
    this.memory.refresh()
    this.memory.writeHex(this.at.SCRATCH, address)
    this.askedFor = address
    const account = this.run.account(this.at.SCRATCH)
    this.askedFor = undefined
    this.places.set(address, account)
    return account
  }

  /** The same, or 0 where so much gas does not pay for a first access to it. */
  reachAccount(address: Address, gas: number): number {
    const known = this.places.get(address)
    if (known !== undefined) return known
    this.memory.refresh()
    this.memory.writeHex(this.at.SCRATCH, address)
    const account = this.run.reachAccount(this.at.SCRATCH, gas)
    if (account !== 0) this.places.set(address, account)
    return account
  }

  coinbase(): number {
    return this.run.account(this.at.ENVIRONMENT + 64)
  }

  addressOf(account: number): Address {
    return this.addresses[(account - this.at.ACCOUNTS) / this.at.ACCOUNT_SIZE]!
  }

  balance(account: number): bigint {
    return this.memory.readWord(account + this.at.BALANCE)
  }

  nonce(account: number): bigint {
    return this.memory.readU64(account + this.at.NONCE)
  }

  addBalance(account: number, amount: bigint): void {
    this.memory.writeWord(this.at.SCRATCH, amount)
    this.run.addBalance(account)
  }

  /** The balance must suffice. */
  subtractBalance(account: number, amount: bigint): void {
    this.memory.writeWord(this.at.SCRATCH, amount)
    this.run.subtractBalance(account)
  }

  /** The same, and the amount leaves the supply. */
  burn(account: number, amount: bigint): void {
    this.memory.writeWord(this.at.SCRATCH, amount)
    this.run.burn(account)
  }

  /** What the transaction has taken out of the supply: in full once its changes were collected. */
  burned(): bigint {
    return this.memory.readWord(this.at.BURNED)
  }

  warmSlot(account: number, key: Hash): void {
    this.memory.refresh()
    this.memory.writeHex(this.at.SCRATCH, key)
    this.run.warmSlot(account)
  }

  /** Gas left; negative if it did not reach. */
  loadSlot(account: number, key: Hash, gas: number): number {
    this.memory.refresh()
    this.memory.writeHex(this.at.SCRATCH, key)
    return this.run.loadSlot(account, gas)
  }

  /** What `loadSlot` found. */
  loadedValue(): bigint {
    this.memory.refresh()
    return this.memory.readWord(this.at.SCRATCH + 32)
  }

  /** Gas left; negative if it did not reach, and then the frame must be rolled back. */
  storeSlot(account: number, key: Hash, value: bigint, gas: number): number {
    this.memory.refresh()
    this.memory.writeHex(this.at.SCRATCH, key)
    this.memory.writeWord(this.at.SCRATCH + 32, value)
    return this.run.storeSlot(account, gas)
  }

  addLog(account: number, topics: readonly Hash[], data: Uint8Array): void {
    const to = this.run.addLog(account, topics.length, data.length)
    for (const [i, topic] of topics.entries()) this.memory.copyIn(to + 32 * i, fromHex(topic))
    this.memory.copyIn(to + 32 * topics.length, data)
  }

  /** Of the account, as the transaction has it; undefined where there is none. */
  code(account: number): Uint8Array {
    const entry = this.run.codeOf(account)
    this.memory.refresh()
    return entry === 0
      ? EMPTY_BYTES
      : this.memory.copyOut(entry + this.at.CODE_BYTES, this.memory.readU32(entry + this.at.CODE_SIZE))
  }

  setCode(account: number, code: Uint8Array): void {
    this.writeInput(code, this.at.MEMORY)
    this.run.setCode(account, code.length)
  }

  /** Writes a message's input to where the engine looks for it. */
  writeInput(input: Uint8Array, to: number = this.at.MEMORY + this.at.CODE_BYTES): void {
    this.run.reserveInput(input.length)
    this.memory.refresh()
    this.memory.copyIn(to, input)
  }

  returned(): Uint8Array {
    const size = this.run.returnedSize()
    this.memory.refresh()
    return size === 0 ? EMPTY_BYTES : this.memory.copyOut(this.at.RETURNED, size)
  }

  readLogs(): Log[] {
    const logs: Log[] = []
    const count = this.run.logCount()
    for (let i = 0, from = this.at.LOGS; i < count; i++) {
      const { memory } = this
      const topics: Hash[] = []
      const topicCount = memory.readU32(from + 4)
      const size = memory.readU32(from + 8)
      const body = from + 16
      for (let t = 0; t < topicCount; t++) topics.push(memory.readTopic(body + 32 * t))
      const data = memory.copyOut(body + 32 * topicCount, size)
      logs.push({ address: this.addressOf(memory.readU32(from)), topics, data })
      from = (body + 32 * topicCount + size + 7) & ~7
    }
    return logs
  }

  /** Ends the transaction. The host is taken to apply the changes before it is asked again. */
  collectChanges(): StateChanges {
    const { memory, at } = this
    const count = this.run.collectChanges()
    memory.refresh()
    const deleted: Address[] = []
    const accounts: AccountChange[] = []
    const slots: SlotChange[] = []
    for (let i = 0; i < count; i++) {
      const item = memory.readU32(at.MEMORY + 4 * i)
      if (item >= at.SLOTS) {
        const address = this.addressOf(memory.readU32(item + at.SLOT_ACCOUNT))
        slots.push({
          address,
          key: this.keys[(item - at.SLOTS) / at.SLOT_SIZE]!,
          value: memory.readWord(item + at.SLOT_VALUE),
        })
        continue
      }
      const account = item & ~(at.ACCOUNT_SIZE - 1)
      const place = (account - at.ACCOUNTS) / at.ACCOUNT_SIZE
      const address = this.addresses[place]!
      if (item & at.DELETED) {
        this.codeHashes[place] = EMPTY_CODE_HASH
        deleted.push(address)
        continue
      }
      const isNewCode = (item & at.CODE_CHANGED) !== 0
      if (isNewCode) this.codeHashes[place] = memory.readHash(account + at.CODE_HASH)
      accounts.push({
        address,
        nonce: this.nonce(account),
        balance: this.balance(account),
        codeHash: this.codeHashes[place]!,
        code: isNewCode ? this.code(account) : undefined,
      })
    }
    return { deleted, accounts, slots }
  }

  // ---- the engine's questions

  private fillAccount(account: number): void {
    const { memory, at } = this
    memory.refresh()
    const address = this.askedFor ?? memory.readAddress(account)
    this.askedFor = undefined
    const place = (account - at.ACCOUNTS) / at.ACCOUNT_SIZE
    const found = this.host!.account(address)
    const codeHash = found?.codeHash ?? EMPTY_CODE_HASH
    this.addresses[place] = address
    this.codeHashes[place] = codeHash
    if (codeHash === EMPTY_CODE_HASH) memory.copyIn(account + at.CODE_HASH, EMPTY_CODE_HASH_WORD)
    else memory.writeHex(account + at.CODE_HASH, codeHash)
    if (found !== undefined) {
      memory.writeWord(account + at.BALANCE, found.balance)
      memory.writeU64(account + at.NONCE, found.nonce)
      memory.writeU32(account + at.FLAGS, at.EXISTS | (found.hasStorage ? at.STORAGE_USED : at.STORAGE_KNOWN))
    } else {
      memory.writeWord(account + at.BALANCE, 0n)
      memory.writeU32(account + at.FLAGS, at.STORAGE_KNOWN)
    }
    const native = isPrecompile(this.fork!, address) ? at.PRECOMPILE : this.nativeAt(address) ? at.SYSTEM : 0
    memory.writeU32(account + at.NATIVE, native)
  }

  nativeAt(address: Address): ReturnType<NonNullable<Host['native']>> {
    return this.host!.native?.(address)
  }

  private fillSlot(slot: number, isZero: boolean): void {
    const { memory, at } = this
    memory.refresh()
    const key = memory.readHash(slot)
    this.keys[(slot - at.SLOTS) / at.SLOT_SIZE] = key
    if (!isZero)
      memory.writeWord(
        slot + at.SLOT_VALUE,
        this.host!.slot(this.addressOf(memory.readU32(slot + at.SLOT_ACCOUNT)), key),
      )
  }

  private openCode(hash: number): number {
    this.memory.refresh()
    this.openedCode = this.host!.code(this.memory.readHash(hash))
    return this.openedCode.length
  }

  private copyCode(to: number): void {
    this.memory.refresh()
    this.memory.copyIn(to, this.openedCode)
    this.openedCode = EMPTY_BYTES
  }

  private loadBlockHash(number: bigint, to: number): void {
    const hash = this.host!.blockHash(BigInt.asUintN(64, number))
    this.memory.refresh()
    this.memory.writeHex(to, hash ?? ZERO_HASH)
  }
}

function importsOf(hooks: TraceHooks) {
  const { step, enter, exit, destroy = () => {} } = hooks
  return { traceStep: step, traceEnter: enter, traceExit: exit, traceDestroy: destroy }
}

function exceedBound(bound: number): never {
  throw new CodedError(
    'evm/bound',
    `a transaction needs more ${BOUNDS[bound] ?? bound} than the engine has room for: lower the gas limit`,
  )
}
