// One record for each instruction, as `debug_traceTransaction` gives them without a named tracer.
import { type Hash, type Hex, toHex } from '@tan/primitives'
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
  /** slots of the account that this frame has read or written so far */
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
  readonly slots: Record<Hash, Hash>
  last: StructLog | undefined
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
  let isFirst = true

  function step(current: Step): void {
    const frame = frames[current.depth]!
    const gas = Number(current.gas)
    if (frame.last !== undefined && frame.last.gasCost < 0) frame.last.gasCost = frame.last.gas - gas
    if (frame.loading !== undefined) {
      frame.slots[frame.loading] = wordOf(current.peek(0))
      if (frame.last !== undefined && withStorage) frame.last.storage = { ...frame.slots }
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
      frame.slots[wordOf(current.peek(0))] = wordOf(current.peek(1))
      if (withStorage) log.storage = { ...frame.slots }
    }
    frame.last = log
    logs.push(log)
  }

  function enter({ depth, kind, gas, callerGas }: FrameStart): void {
    const { last } = frames[depth - 1] ?? {}
    // what a creation passes on is not counted as its cost
    if (last !== undefined && !isFirst)
      last.gasCost = last.gas - Number(callerGas) - (kind.startsWith('CREATE') ? Number(gas) : 0)
    isFirst = false
    frames[depth] = { slots: {}, last: undefined, loading: undefined }
  }

  function exit({ depth, status, haltReason, gasLeft }: FrameEnd): void {
    const { last } = frames[depth]!
    if (last === undefined) return
    if (last.gasCost < 0) last.gasCost = last.gas - Number(gasLeft)
    if (status === 'halt') last.error = haltReason
  }

  return { tracer: { step, enter, exit }, logs }
}

function wordOf(value: bigint): Hash {
  return `0x${value.toString(16).padStart(64, '0')}`
}

function wordsOf(memory: Uint8Array): Hex[] {
  const words: Hex[] = []
  for (let at = 0; at < memory.length; at += 32) words.push(toHex(memory.subarray(at, at + 32)))
  return words
}
