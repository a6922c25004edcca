// Where everything lies in the engine's linear memory, and so the bounds of everything. All tables have fixed windows, each
// with room for what AMPLE_GAS can put into it beside what may stand in it at the start; only the EVM memory, last, grows. A page that was never touched costs no physical memory. Exported constants are read by the
// TypeScript side as WebAssembly globals, so that each number stands once.

/**
 * A transaction with this much gas never meets a bound, whatever ran before it: it adds at most a 2400th of its gas in
 * accounts, a 1900th in slots, a 104th in transient slots and journal entries, a 2600th in codes. Before one with more,
 * everything is forgotten, so that it depends on nothing that ran before either.
 */
export const AMPLE_GAS: i64 = 50000000

/** What the host writes before a run: block and transaction words, opcode table, and small scratch areas. */
export const ENVIRONMENT: usize = 0x10000
export const BLOB_HASHES: usize = 0x10400
export const OPCODES: usize = 0x10800 // 256 x u32: gas u16 | inputs u8 | outputs u8, see code.ts
export const PUSH_MASKS: usize = 0x10c00 // 33 x 32 bytes
/** Cell: wei that the transaction has taken out of the supply. */
export const BURNED: usize = 0x11100
/** Arguments and results of exported functions that take words or bytes. */
export const SCRATCH: usize = 0x11400
export const KECCAK_STATE: usize = 0x12000
export const KECCAK_BLOCK: usize = 0x12100
export const NUMBERS: usize = 0x12400 // division and exponentiation
export const PREIMAGE: usize = 0x13000 // address derivation
export const BLOCK_HASHES: usize = 0x14000 // 256 x 48: number u64 | known u32 | hash
/** A bit for each address below 512: is a precompile there? */
export const PRECOMPILES: usize = 0x17000
/** What hash.ts keeps secret: 48 random bytes from the host. */
export const HASH_KEYS: usize = 0x17080

export const BLOCKS: usize = 0x100000 // code.ts: 2^16 x 16
export const BLOCKS_SIZE: usize = 0x100000
export const KECCAK_MEMO: usize = 0x200000 // keccak.ts: 4096 x 96
export const FRAMES: usize = 0x280000 // frames.ts: 1027 x 256, the last for a tracer of what goes too deep
export const CODE_INDEX: usize = 0x300000 // code.ts: 2^16 x u32

/** Calls nest this deep (Yellow Paper). */
export const DEPTH_MAX: usize = 1024
export const STACK_WORDS_MAX: usize = 1024

export const ACCOUNTS: usize = 0x400000
export const ACCOUNT_SIZE: usize = 256
export const ACCOUNTS_MAX: u32 = 1 << 16
export const ACCOUNTS_END: usize = ACCOUNTS + (<usize>ACCOUNTS_MAX) * ACCOUNT_SIZE // 0x1400000

export const SLOTS: usize = ACCOUNTS_END
export const SLOT_SIZE: usize = 128
export const SLOTS_MAX: u32 = 1 << 17
export const SLOTS_END: usize = SLOTS + (<usize>SLOTS_MAX) * SLOT_SIZE // 0x2400000

export const TRANSIENT: usize = SLOTS_END
export const TRANSIENT_SIZE: usize = 96
export const TRANSIENT_MAX: u32 = 1 << 19
export const TRANSIENT_END: usize = TRANSIENT + (<usize>TRANSIENT_MAX) * TRANSIENT_SIZE

/** Stacks of all frames, one above the other: a caller's does not change while its callee runs. */
export const STACKS: usize = TRANSIENT_END
export const STACKS_END: usize = STACKS + (DEPTH_MAX + 2) * STACK_WORDS_MAX * 32

export const JOURNAL: usize = STACKS_END
export const JOURNAL_END: usize = JOURNAL + 0x2000000

export const LOGS: usize = JOURNAL_END
export const LOGS_END: usize = LOGS + 0x2000000

/** What the last call returned: RETURNDATASIZE and RETURNDATACOPY. */
export const RETURNED: usize = LOGS_END
/** EVM memory of one frame. Filling it would cost 2.1 * 10^9 gas. */
export const FRAME_MEMORY_MAX: u64 = 0x2000000
export const RETURNED_END: usize = RETURNED + <usize>FRAME_MEMORY_MAX

/** Contract codes, each with its jump map. Flushed between transactions once CODES_KEEP bytes of it are used. */
export const CODES: usize = RETURNED_END
export const CODES_END: usize = CODES + 0x11000000
export const CODES_KEEP: usize = 0x4000000

/** The top-level message's input, then the memories of all frames, one above the other. */
export const MEMORY: usize = CODES_END
export const MEMORY_END: usize = 0x7fff0000
