// The engine's exports, as assembly/index.ts has them. Pointers are byte offsets into its memory.

type Constant = WebAssembly.Global<'i32'>

export interface EngineExports {
  prepare(from: number): void
  setFork(fork: number): void
  forgetState(): void
  beginBlock(): void
  beginTransaction(gas: number): number
  rollBack(): void
  account(address: number): number
  reachAccount(address: number, gas: number): number
  forgetAccount(): void
  warmAccount(account: number): number
  isEmptyAccount(account: number): number
  addBalance(account: number): void
  subtractBalance(account: number): void
  burn(account: number): void
  setNonce(account: number, nonce: bigint): void
  setCode(account: number, size: number): void
  codeOf(account: number): number
  warmSlot(account: number): void
  loadSlot(account: number, gas: number): number
  storeSlot(account: number, gas: number): number
  addLog(account: number, topics: number, size: number): number
  reserveInput(size: number): void
  call(caller: number, target: number, isStatic: number, inputSize: number, gas: bigint): void
  create(caller: number, inputSize: number, gas: bigint): void
  status(): number
  haltReason(): number
  gasLeft(): bigint
  refund(): bigint
  addRefund(amount: bigint): void
  returnedSize(): number
  logCount(): number
  createdAddress(): number
  collectChanges(): number
  blake2f(at: number, rounds: number): void
}

const CONSTANTS = [
  'ENVIRONMENT',
  'BLOB_HASHES',
  'OPCODES',
  'PRECOMPILES',
  'HASH_KEYS',
  'SCRATCH',
  'BURNED',
  'RETURNED',
  'FRAMES',
  'LOGS',
  'MEMORY',
  'ACCOUNTS',
  'SLOTS',
  'ACCOUNT_SIZE',
  'SLOT_SIZE',
  'BALANCE',
  'NONCE',
  'CODE_HASH',
  'FLAGS',
  'NATIVE',
  'EXISTS',
  'STORAGE_KNOWN',
  'STORAGE_USED',
  'PRECOMPILE',
  'SYSTEM',
  'SLOT_VALUE',
  'SLOT_ACCOUNT',
  'CODE_BYTES',
  'CODE_SIZE',
  'FRAME_SIZE',
  'IP',
  'STACK',
  'CODE_START',
  'MEMORY_START',
  'MEMORY_SIZE',
  'INPUT',
  'INPUT_SIZE',
  'SELF',
  'CODE_ACCOUNT',
  'IS_STATIC',
  'KIND',
  'GAS',
  'NATIVE_SIZE',
  'CALLER',
  'VALUE',
  'CODE_CHANGED',
  'DELETED',
] as const

export type Layout = Readonly<Record<(typeof CONSTANTS)[number], number>>

/** The constants that the engine exports (assembly/layout.ts and others). */
export function readLayout(exports: WebAssembly.Exports): Layout {
  return Object.fromEntries(CONSTANTS.map(name => [name, (exports[name] as Constant).value])) as Layout
}
