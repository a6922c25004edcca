// The tree of calls, as go-ethereum's tracer `callTracer` gives it, its words for errors included.
import { type Address, bytesToBigInt, type Hash, type Hex, toHex } from '@tan/primitives'
import { OPCODES } from '../opcodes.ts'
import { errorOf, type Instruction, instructionOf } from './errors.ts'
import type { FrameEnd, FrameLog, FrameStart, Step, Tracer } from './tracer.ts'

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

const CREATE = 0xf0
const CALL = 0xf1
const CALLCODE = 0xf2
const DELEGATECALL = 0xf4
const CREATE2 = 0xf5
const STATICCALL = 0xfa
const SELFDESTRUCT = 0xff

const DEPTH_MOST = 1024
const STIPEND = 2300n

interface OpenFrame {
  readonly trace: CallTrace
  readonly gas: bigint
  readonly value: bigint
  /** the instruction that it is at */
  last: Instruction | undefined
  /** the call, creation or destruction that it is at, as long as nothing came of it */
  asked: Asked | undefined
}

interface Asked {
  readonly opcode: number
  /** the uppermost words of the stack */
  readonly words: readonly bigint[]
  /** who asks, and what it has */
  readonly self: Address
  readonly balance: bigint
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
    if (parent !== undefined) parent.asked = undefined
    open[depth] = { trace, gas, value, last: undefined, asked: undefined }
    addCall(parent, trace)
  }

  function step(current: Step): void {
    const frame = open[current.depth]!
    const { opcode } = current
    // the frame goes on, and none was entered: its call was refused
    if (frame.asked !== undefined) addCall(frame, refused(frame, frame.asked, current))
    frame.last = instructionOf(current)
    const isAsking = !onlyTopCall && (opcode === SELFDESTRUCT || isCall(opcode) || isCreation(opcode))
    frame.asked = isAsking
      ? {
          ...{ opcode, self: current.address, balance: current.balance() },
          words: [0, 1, 2, 3, 4].map(i => current.peek(i)),
        }
      : undefined
  }

  function exit({ depth, status, haltReason, gasLeft, output }: FrameEnd): void {
    const { trace, gas, asked, last } = open[depth]!
    if (status === 'success' && asked?.opcode === SELFDESTRUCT)
      addCall(open[depth], {
        ...{ type: 'SELFDESTRUCT', from: asked.self, to: addressIn(asked.words[0]!), value: hexOf(asked.balance) },
        ...{ gas: '0x0', gasUsed: '0x0', input: '0x' },
      })
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
    tracer: { step, enter, exit, transaction, ...(withLog ? { log } : {}) },
    root() {
      if (withLog) dropLogsTakenBack(root!, false)
      return root!
    },
  }
}

function isCreation(opcode: number): boolean {
  return opcode === CREATE || opcode === CREATE2
}

function isCall(opcode: number): boolean {
  return opcode === CALL || opcode === CALLCODE || opcode === DELEGATECALL || opcode === STATICCALL
}

/** What came to nothing before a frame was entered; `next` is the instruction after it, where its gas has come back. */
function refused(frame: OpenFrame, { opcode, words, balance, self }: Asked, next: Step): CallTrace {
  const hasValue = opcode === CALL || opcode === CALLCODE
  const [first, second, third, fourth, fifth] = words as [bigint, bigint, bigint, bigint, bigint]
  const isCreate = isCreation(opcode)
  const value = isCreate ? first : hasValue ? third : opcode === DELEGATECALL ? frame.value : undefined
  const [offset, size] = isCreate ? [second, third] : hasValue ? [fourth, fifth] : [third, fourth]
  const stipend = hasValue && third > 0n ? STIPEND : 0n
  const left = next.gas - stipend
  // EIP-150: all but a 64th at most
  const most = left - left / 64n
  const passed = isCreate || first > most ? most : first
  return {
    type: OPCODES[opcode]!.name,
    from: self,
    ...(isCreate ? {} : { to: addressIn(second) }),
    ...(value === undefined ? {} : { value: hexOf(value) }),
    gas: hexOf(passed + stipend),
    gasUsed: '0x0',
    input: size === 0n ? '0x' : toHex(next.memoryAt(Number(offset), Number(size))),
    error:
      next.depth >= DEPTH_MOST
        ? 'max call depth exceeded'
        : value !== undefined && value > balance
          ? 'insufficient balance for transfer'
          : 'nonce uint64 overflow',
  }
}

function dropLogsTakenBack(trace: CallTrace, isTakenBack: boolean): void {
  const isLost = isTakenBack || trace.error !== undefined
  if (isLost) delete trace.logs
  for (const call of trace.calls ?? []) dropLogsTakenBack(call, isLost)
}

function addressIn(word: bigint): Address {
  return `0x${(word & (2n ** 160n - 1n)).toString(16).padStart(40, '0')}`
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
