// What the engine asks of its host, and only on a miss that is paid for. Each may throw: the run unwinds, and the caller rolls back.

/** Fills balance, state and code hash of the account, whose address is set. */
@external("host", "loadAccount")
export declare function loadAccount(account: usize): void

/** Fills the slot's current value; its key and account are set. A slot that is known to be 0 is only noted. */
@external("host", "loadSlot")
export declare function loadSlot(slot: usize, isZero: bool): void

/** Size of the code with the hash (a word); `copyCode` then copies that same code. */
@external("host", "openCode")
export declare function openCode(hash: usize): u32
@external("host", "copyCode")
export declare function copyCode(to: usize): void

@external("host", "loadBlockHash")
export declare function loadBlockHash(number: u64, to: usize): void

/** Runs the precompile or system contract of the frame; writes RETURNED and the frame's NATIVE_SIZE and GAS. Answers a status of frames.ts, and above its 8 bits why it halted. */
@external("host", "runNative")
export declare function runNative(frame: usize): u32

/** A bound of layout.ts that no transaction with AMPLE_GAS or less can reach: throws. */
@external("host", "exceedBound")
export declare function exceedBound(bound: u32): void

export const BOUND_ACCOUNTS: u32 = 0
export const BOUND_SLOTS: u32 = 1
export const BOUND_TRANSIENT: u32 = 2
export const BOUND_JOURNAL: u32 = 3
export const BOUND_LOGS: u32 = 4
export const BOUND_MEMORY: u32 = 5
export const BOUND_CODE: u32 = 6

/** Only in the tracing build: before each instruction, and around each frame. */
@external("host", "traceStep")
export declare function traceStep(frame: usize, ip: usize, sp: usize, gas: i64): void
@external("host", "traceEnter")
export declare function traceEnter(frame: usize): void
@external("host", "traceExit")
export declare function traceExit(frame: usize, status: u32): void
/** A SELFDESTRUCT that does happen, before the amount (a word) moves. */
@external("host", "traceDestroy")
export declare function traceDestroy(frame: usize, beneficiary: usize, amount: usize): void
