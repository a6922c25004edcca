// The tree of calls, as go-ethereum's tracer `callTracer` gives it, its words for errors included.
import { type Address, bytesToBigInt, type Hash, type Hex, toHex } from '@tan/primitives'
import { errorOf, type Instruction, instructionOf } from './errors.ts'
import type { Destruction, FrameEnd, FrameLog, FrameStart, Step, Tracer } from './tracer.ts'

export interface CallTrace {
  readonly type: string
  readonly from: Address
  /** of a creation that fails, none */
  to?: Address
  readonly value?: Hex
  /** of a whole transaction, its gas limit, and what it paid for */
  gas: Hex
  gasUsed: Hex
  readonly input: Hex
  output?: Hex
  error?: string
  /** the text of `Error(string)`, or what the number of `Panic(uint256)` stands for */
  revertReason?: string
  calls?: CallTrace[]
  /** only of what was not taken back */
  logs?: CallLog[]
}

export interface CallLog {
  readonly address: Address
  readonly topics: readonly Hash[]
  readonly data: Hex
  /** how many calls of the frame were before it */
  readonly position: Hex
}

export interface CallTraceOptions {
  readonly onlyTopCall?: boolean
  readonly withLog?: boolean
}

interface OpenFrame {
  readonly trace: CallTrace
  readonly gas: bigint
  /** the instruction that it is at */
  last: Instruction | undefined
}

export function traceCalls({ onlyTopCall = false, withLog = false }: CallTraceOptions = {}): {
  readonly tracer: Tracer
  /** the top-level message, once it has run */
  root(): CallTrace
} {
  const open: OpenFrame[] = []
  let root: CallTrace | undefined

  function addCall(parent: OpenFrame | undefined, trace: CallTrace): void {
    if (parent === undefined) root = trace
    else if (!onlyTopCall) {
      parent.trace.calls ??= []
      parent.trace.calls.push(trace)
    }
  }

  function enter({ depth, kind, from, to, value, gas, input }: FrameStart): void {
    const parent = open[depth - 1]
    const trace: CallTrace = {
      type: kind,
      from,
      to,
      ...(kind === 'STATICCALL' ? {} : { value: hexOf(value) }),
      gas: hexOf(gas),
      gasUsed: '0x0',
      input: toHex(input),
    }
    open[depth] = { trace, gas, last: undefined }
    addCall(parent, trace)
  }

  function step(current: Step): void {
    open[current.depth]!.last = instructionOf(current)
  }

  function destroy({ depth, from, to, value }: Destruction): void {
    addCall(open[depth], {
      ...{ type: 'SELFDESTRUCT', from, to, value: hexOf(value) },
      ...{ gas: '0x0', gasUsed: '0x0', input: '0x' },
    })
  }

  function exit({ depth, status, haltReason, gasLeft, output }: FrameEnd): void {
    const { trace, gas, last } = open[depth]!
    open.length = depth
    trace.gasUsed = hexOf(gas - gasLeft)
    if (output.length > 0) trace.output = toHex(output)
    if (status === 'success') return
    if (trace.type.startsWith('CREATE')) delete trace.to
    trace.error = status === 'revert' ? 'execution reverted' : errorOf(haltReason, last)
    const reason = reasonIn(output)
    if (reason !== undefined) trace.revertReason = reason
  }

  function log({ depth, address, topics, data }: FrameLog): void {
    if (onlyTopCall && depth > 0) return
    const { trace } = open[depth]!
    trace.logs ??= []
    trace.logs.push({ address, topics, data: toHex(data), position: hexOf(BigInt(trace.calls?.length ?? 0)) })
  }

  function transaction({ gasLimit, gasUsed }: { readonly gasLimit: bigint; readonly gasUsed: bigint }): void {
    root!.gas = hexOf(gasLimit)
    root!.gasUsed = hexOf(gasUsed)
  }

  return {
    tracer: { step, enter, destroy, exit, transaction, ...(withLog ? { log } : {}) },
    root() {
      if (withLog) dropLogsTakenBack(root!, false)
      return root!
    },
  }
}

function dropLogsTakenBack(trace: CallTrace, isTakenBack: boolean): void {
  const isLost = isTakenBack || trace.error !== undefined
  if (isLost) delete trace.logs
  for (const call of trace.calls ?? []) dropLogsTakenBack(call, isLost)
}

function hexOf(value: bigint): Hex {
  return `0x${value.toString(16)}`
}

const ERROR_SELECTOR = '0x08c379a0'
const PANIC_SELECTOR = '0x4e487b71'

/** Solidity's numbers, in go-ethereum's words. */
const PANICS: Readonly<Record<string, string>> = {
  0: 'generic panic',
  1: 'assert(false)',
  17: 'arithmetic underflow or overflow',
  18: 'division or modulo by zero',
  33: 'enum overflow',
  34: 'invalid encoded storage byte array accessed',
  49: 'out-of-bounds array access; popping on an empty array',
  50: 'out-of-bounds access of an array or bytesN',
  65: 'out of memory',
  81: 'uninitialized function',
}

/** What `revert("...")` of Solidity says, or its own checks. */
function reasonIn(output: Uint8Array): string | undefined {
  const selector = toHex(output.subarray(0, 4))
  const body = output.subarray(4)
  if (selector === PANIC_SELECTOR && body.length >= 32) {
    const code = bytesToBigInt(body.subarray(0, 32))
    return PANICS[`${code}`] ?? `unknown panic code: ${hexOf(code)}`
  }
  if (selector !== ERROR_SELECTOR || body.length < 64) return undefined
  const at = bytesToBigInt(body.subarray(0, 32)) + 32n
  if (at > BigInt(body.length)) return undefined
  const text = body.subarray(Number(at))
  const size = bytesToBigInt(body.subarray(Number(at) - 32, Number(at)))
  return size > BigInt(text.length) ? undefined : TEXT.decode(text.subarray(0, Number(size)))
}

/** Bytes that are no text show as replacement characters. */
const TEXT = new TextDecoder('utf-8', { ignoreBOM: true })
