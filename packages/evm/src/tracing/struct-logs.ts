// One record for each instruction, as `debug_traceTransaction` gives them without a named tracer.
import { type Address, type Hash, type Hex, toHex } from '@tan/primitives'
import { errorOf, type Instruction, instructionOf } from './errors.ts'
import type { FrameEnd, FrameStart, Step, Tracer } from './tracer.ts'

export interface StructLog {
  readonly pc: number
  readonly op: string
  readonly gas: number
  /** of a call, with the gas that it passes on; of an instruction that halts, all that there was */
  gasCost: number
  /** 1 for the top-level message */
  readonly depth: number
  stack?: Hex[]
  memory?: Hex[]
  /** the refund counter, where it is not 0; of SSTORE and SELFDESTRUCT with what they add */
  refund?: number
  /** of SLOAD and SSTORE: what the transaction has read or written of the contract's slots so far */
  storage?: Readonly<Record<Hash, Hash>>
  error?: string
}

export interface StructLogOptions {
  readonly withStack?: boolean
  readonly withMemory?: boolean
  readonly withStorage?: boolean
  /** Records; later ones are left out. */
  readonly most: number
}

interface OpenFrame {
  last: StructLog | undefined
  instruction: Instruction | undefined
  /** slot whose value the next record shows on top of the stack */
  loading: Hash | undefined
}

const SLOAD = 0x54
const SSTORE = 0x55

export function traceStructLogs({ withStack = true, withMemory = false, withStorage = true, most }: StructLogOptions): {
  readonly tracer: Tracer
  readonly logs: readonly StructLog[]
} {
  const logs: StructLog[] = []
  const frames: OpenFrame[] = []
  const slots = new Map<Address, Record<Hash, Hash>>()

  function slotsOf(address: Address): Record<Hash, Hash> {
    let known = slots.get(address)
    if (known === undefined) {
      known = {}
      slots.set(address, known)
    }
    return known
  }

  function step(current: Step): void {
    const frame = frames[current.depth]!
    const gas = Number(current.gas)
    const refund = Number(current.refund)
    if (frame.last !== undefined && frame.last.gasCost < 0) frame.last.gasCost = frame.last.gas - gas
    if (frame.last?.op === 'SSTORE') setRefund(frame.last, refund)
    if (frame.loading !== undefined) {
      const known = slotsOf(current.address)
      known[frame.loading] = wordOf(current.peek(0))
      if (frame.last !== undefined && withStorage) frame.last.storage = { ...known }
      frame.loading = undefined
    }
    frame.last = undefined
    // before anything is copied: what is left out must cost nothing
    if (logs.length >= most) return
    const log: StructLog = { pc: current.pc, op: current.name, gas, gasCost: -1, depth: current.depth + 1 }
    if (withStack) log.stack = current.stack().map((word): Hex => `0x${word.toString(16)}`)
    if (withMemory) log.memory = wordsOf(current.memory())
    if (current.opcode === SLOAD) frame.loading = wordOf(current.peek(0))
    if (current.opcode === SSTORE) {
      const known = slotsOf(current.address)
      known[wordOf(current.peek(0))] = wordOf(current.peek(1))
      if (withStorage) log.storage = { ...known }
    }
    setRefund(log, refund)
    frame.last = log
    frame.instruction = instructionOf(current)
    logs.push(log)
  }

  function enter({ depth, kind, gas, callerGas }: FrameStart): void {
    const { last } = frames[depth - 1] ?? {}
    // what a creation passes on is not counted as its cost
    if (last !== undefined) last.gasCost = last.gas - Number(callerGas) - (kind.startsWith('CREATE') ? Number(gas) : 0)
    frames[depth] = { last: undefined, instruction: undefined, loading: undefined }
  }

  function exit({ depth, status, haltReason, gasLeft, refund }: FrameEnd): void {
    const { last, instruction } = frames[depth]!
    if (last === undefined) return
    if (last.gasCost < 0) last.gasCost = last.gas - Number(gasLeft)
    if (last.op === 'SELFDESTRUCT' && status === 'success') setRefund(last, Number(refund))
    // what is wrong with the code that a creation returns is no fault of RETURN
    if (status === 'halt' && !instruction!.hasReturned) last.error = errorOf(haltReason, instruction)
  }

  return { tracer: { step, enter, exit }, logs }
}

function setRefund(log: StructLog, refund: number): void {
  if (refund !== 0) log.refund = refund
  else delete log.refund
}

function wordOf(value: bigint): Hash {
  return `0x${value.toString(16).padStart(64, '0')}`
}

function wordsOf(memory: Uint8Array): Hex[] {
  const words: Hex[] = []
  for (let at = 0; at < memory.length; at += 32) words.push(toHex(memory.subarray(at, at + 32)))
  return words
}
