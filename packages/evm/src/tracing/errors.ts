// Why a frame halted, in go-ethereum's words, which tools read. They say more than the engine's reasons: what is missing is in
// the instruction that it was at.
import type { HaltReason } from '../message.ts'
import { OPCODES } from '../opcodes.ts'
import type { Step } from './tracer.ts'

export interface Instruction {
  readonly opcode: number
  readonly stackSize: number
  /** of a creation, bytes of init code */
  readonly initCodeSize: bigint
  /** of a RETURN, whether its own gas was there: the frame then halted because of what it returned */
  readonly hasReturned: boolean
}

const CREATE = 0xf0
const RETURN = 0xf3
const CREATE2 = 0xf5
const STACK_MAX = 1024

const ERRORS: Partial<Record<HaltReason, string>> = {
  'invalid jump': 'invalid jump destination',
  'write in a static call': 'write protection',
  'balance too low': 'insufficient balance for transfer',
  'call too deep': 'max call depth exceeded',
  'last nonce': 'nonce uint64 overflow',
  'address in use': 'contract address collision',
  'code too large': 'max code size exceeded',
  'invalid code': 'invalid code: must not begin with 0xef',
}

export function instructionOf(current: Step): Instruction {
  const { opcode, stackSize } = current
  const isCreation = opcode === CREATE || opcode === CREATE2
  return {
    opcode,
    stackSize,
    initCodeSize: isCreation ? current.peek(2) : 0n,
    hasReturned: opcode === RETURN && stackSize >= 2 && hasGasToReturn(current),
  }
}

/** `last` is where the frame was, undefined where it had no code. */
export function errorOf(reason: HaltReason, last: Instruction | undefined): string {
  if (last === undefined) return ERRORS[reason] ?? reason
  const { opcode, stackSize, initCodeSize, hasReturned } = last
  const known = OPCODES[opcode]
  if (reason === 'invalid opcode')
    return `invalid opcode: ${known?.name ?? `opcode 0x${opcode.toString(16)} not defined`}`
  if (reason === 'stack underflow or overflow') {
    const { inputs, outputs } = known!
    return stackSize < inputs
      ? `stack underflow (${stackSize} <=> ${inputs})`
      : `stack limit reached ${stackSize} (${STACK_MAX + inputs - outputs})`
  }
  if (reason === 'code too large' && !hasReturned) return `out of gas: max initcode size exceeded: size ${initCodeSize}`
  if (reason === 'out of gas' && hasReturned) return 'contract creation code storage out of gas'
  return ERRORS[reason] ?? reason
}

function hasGasToReturn(current: Step): boolean {
  const size = current.peek(1)
  const end = size === 0n ? 0n : current.peek(0) + size
  return end < 2n ** 32n && current.gas >= memoryGas(end) - memoryGas(BigInt(current.memorySize))
}

function memoryGas(sizeBytes: bigint): bigint {
  const words = (sizeBytes + 31n) / 32n
  return 3n * words + (words * words) / 512n
}
