// The table of instructions: static gas, what they take from and leave on the stack, and the fork that brought them. What
// they cost beyond that is worked out where they are carried out (assembly/).
import { type Fork, isFrom } from './forks.ts'

export interface Opcode {
  readonly name: string
  readonly gas: number
  readonly inputs: number
  readonly outputs: number
  readonly since: Fork
}

/** Opcodes by number, undefined where there is none. */
export const OPCODES: readonly (Opcode | undefined)[] = buildTable()

function buildTable(): (Opcode | undefined)[] {
  const table = new Array<Opcode | undefined>(256).fill(undefined)
  const add = (code: number, name: string, gas: number, inputs: number, outputs: number, since: Fork = 'berlin') => {
    table[code] = { name, gas, inputs, outputs, since }
  }
  add(0x00, 'STOP', 0, 0, 0)
  add(0x01, 'ADD', 3, 2, 1)
  add(0x02, 'MUL', 5, 2, 1)
  add(0x03, 'SUB', 3, 2, 1)
  add(0x04, 'DIV', 5, 2, 1)
  add(0x05, 'SDIV', 5, 2, 1)
  add(0x06, 'MOD', 5, 2, 1)
  add(0x07, 'SMOD', 5, 2, 1)
  add(0x08, 'ADDMOD', 8, 3, 1)
  add(0x09, 'MULMOD', 8, 3, 1)
  add(0x0a, 'EXP', 10, 2, 1) // + 50 a byte of the exponent
  add(0x0b, 'SIGNEXTEND', 5, 2, 1)
  add(0x10, 'LT', 3, 2, 1)
  add(0x11, 'GT', 3, 2, 1)
  add(0x12, 'SLT', 3, 2, 1)
  add(0x13, 'SGT', 3, 2, 1)
  add(0x14, 'EQ', 3, 2, 1)
  add(0x15, 'ISZERO', 3, 1, 1)
  add(0x16, 'AND', 3, 2, 1)
  add(0x17, 'OR', 3, 2, 1)
  add(0x18, 'XOR', 3, 2, 1)
  add(0x19, 'NOT', 3, 1, 1)
  add(0x1a, 'BYTE', 3, 2, 1)
  add(0x1b, 'SHL', 3, 2, 1)
  add(0x1c, 'SHR', 3, 2, 1)
  add(0x1d, 'SAR', 3, 2, 1)
  add(0x1e, 'CLZ', 5, 1, 1, 'osaka')
  add(0x20, 'KECCAK256', 30, 2, 1) // + 6 a word, memory
  add(0x30, 'ADDRESS', 2, 0, 1)
  add(0x31, 'BALANCE', 100, 1, 1) // + 2500 if cold
  add(0x32, 'ORIGIN', 2, 0, 1)
  add(0x33, 'CALLER', 2, 0, 1)
  add(0x34, 'CALLVALUE', 2, 0, 1)
  add(0x35, 'CALLDATALOAD', 3, 1, 1)
  add(0x36, 'CALLDATASIZE', 2, 0, 1)
  add(0x37, 'CALLDATACOPY', 3, 3, 0) // + 3 a word, memory
  add(0x38, 'CODESIZE', 2, 0, 1)
  add(0x39, 'CODECOPY', 3, 3, 0) // + 3 a word, memory
  add(0x3a, 'GASPRICE', 2, 0, 1)
  add(0x3b, 'EXTCODESIZE', 100, 1, 1) // + 2500 if cold
  add(0x3c, 'EXTCODECOPY', 100, 4, 0) // + 2500 if cold, 3 a word, memory
  add(0x3d, 'RETURNDATASIZE', 2, 0, 1)
  add(0x3e, 'RETURNDATACOPY', 3, 3, 0) // + 3 a word, memory
  add(0x3f, 'EXTCODEHASH', 100, 1, 1) // + 2500 if cold
  add(0x40, 'BLOCKHASH', 20, 1, 1)
  add(0x41, 'COINBASE', 2, 0, 1)
  add(0x42, 'TIMESTAMP', 2, 0, 1)
  add(0x43, 'NUMBER', 2, 0, 1)
  add(0x44, 'PREVRANDAO', 2, 0, 1) // before Paris DIFFICULTY: the environment gives either
  add(0x45, 'GASLIMIT', 2, 0, 1)
  add(0x46, 'CHAINID', 2, 0, 1)
  add(0x47, 'SELFBALANCE', 5, 0, 1)
  add(0x48, 'BASEFEE', 2, 0, 1, 'london')
  add(0x49, 'BLOBHASH', 3, 1, 1, 'cancun')
  add(0x4a, 'BLOBBASEFEE', 2, 0, 1, 'cancun')
  add(0x50, 'POP', 2, 1, 0)
  add(0x51, 'MLOAD', 3, 1, 1) // + memory
  add(0x52, 'MSTORE', 3, 2, 0) // + memory
  add(0x53, 'MSTORE8', 3, 2, 0) // + memory
  add(0x54, 'SLOAD', 100, 1, 1) // + 2000 if cold
  add(0x55, 'SSTORE', 0, 2, 0) // EIP-2200, 2929, 3529
  add(0x56, 'JUMP', 8, 1, 0)
  add(0x57, 'JUMPI', 10, 2, 0)
  add(0x58, 'PC', 2, 0, 1)
  add(0x59, 'MSIZE', 2, 0, 1)
  add(0x5a, 'GAS', 2, 0, 1)
  add(0x5b, 'JUMPDEST', 1, 0, 0)
  add(0x5c, 'TLOAD', 100, 1, 1, 'cancun')
  add(0x5d, 'TSTORE', 100, 2, 0, 'cancun')
  add(0x5e, 'MCOPY', 3, 3, 0, 'cancun') // + 3 a word, memory
  add(0x5f, 'PUSH0', 2, 0, 1, 'shanghai')
  for (let size = 1; size <= 32; size++) add(0x5f + size, `PUSH${size}`, 3, 0, 1)
  for (let n = 1; n <= 16; n++) {
    add(0x7f + n, `DUP${n}`, 3, n, n + 1)
    add(0x8f + n, `SWAP${n}`, 3, n + 1, n + 1)
  }
  for (let topics = 0; topics <= 4; topics++) add(0xa0 + topics, `LOG${topics}`, 375 * (topics + 1), topics + 2, 0) // + 8 a byte, memory
  add(0xf0, 'CREATE', 32000, 3, 1) // + 2 a word (EIP-3860), memory, 200 a byte of code
  add(0xf1, 'CALL', 100, 7, 1) // + 2500 if cold, 9000 with value, 25000 to an empty account, memory
  add(0xf2, 'CALLCODE', 100, 7, 1)
  add(0xf3, 'RETURN', 0, 2, 0) // + memory
  add(0xf4, 'DELEGATECALL', 100, 6, 1)
  add(0xf5, 'CREATE2', 32000, 4, 1) // + 6 a word, 2 more (EIP-3860), memory, 200 a byte of code
  add(0xfa, 'STATICCALL', 100, 6, 1)
  add(0xfd, 'REVERT', 0, 2, 0) // + memory
  add(0xfe, 'INVALID', 0, 0, 0)
  add(0xff, 'SELFDESTRUCT', 5000, 1, 0) // + 2600 if cold, 25000 to an empty account
  return table
}

/** After these a basic block ends: control may go elsewhere, or exact gas is seen. */
const BLOCK_ENDS = new Set(
  'STOP JUMP JUMPI GAS SSTORE CREATE CREATE2 CALL CALLCODE DELEGATECALL STATICCALL RETURN REVERT SELFDESTRUCT'.split(
    ' ',
  ),
)

/** The table as the engine reads it (assembly/code.ts): gas u16 | inputs u8 | outputs u8, all ones where undefined. */
export function encodeOpcodes(fork: Fork): Uint32Array {
  return Uint32Array.from(OPCODES, opcode => {
    if (opcode === undefined || opcode.name === 'INVALID' || !isFrom(fork, opcode.since)) return 0xffffffff
    const ends = BLOCK_ENDS.has(opcode.name) ? 0x80 : 0
    return (opcode.gas | (opcode.inputs << 16) | ((opcode.outputs | ends) << 24)) >>> 0
  })
}
