// The tree of calls, as the tracer `callTracer` gives it.
import { type Address, bytesToBigInt, bytesToUtf8, type Hex, toHex } from '@tan/primitives'
import type { FrameEnd, FrameStart, Step, Tracer } from './tracer.ts'

export interface CallTrace {
  readonly type: string
  readonly from: Address
  readonly to: Address
  readonly value?: Hex
  readonly gas: Hex
  gasUsed: Hex
  readonly input: Hex
  output?: Hex
  error?: string
  /** the text of `Error(string)` */
  revertReason?: string
  calls?: CallTrace[]
}

const SELFDESTRUCT = 0xff

export function traceCalls({ onlyTopCall = false }: { readonly onlyTopCall?: boolean } = {}): {
  readonly tracer: Tracer
  /** the top-level message, once it has run */
  root(): CallTrace
} {
  const open: CallTrace[] = []
  const limits: bigint[] = []
  let root: CallTrace | undefined

  function add(depth: number, trace: CallTrace): void {
    if (depth === 0) root = trace
    else if (!onlyTopCall) {
      const parent = open[depth - 1]!
      parent.calls ??= []
      parent.calls.push(trace)
    }
  }

  function enter({ depth, kind, from, to, value, gas, input }: FrameStart): void {
    const trace: CallTrace = {
      type: kind,
      from,
      to,
      ...(kind === 'STATICCALL' ? {} : { value: hexOf(value) }),
      gas: hexOf(gas),
      gasUsed: '0x0',
      input: toHex(input),
    }
    open[depth] = trace
    limits[depth] = gas
    add(depth, trace)
  }

  function exit({ depth, status, haltReason, gasLeft, output }: FrameEnd): void {
    const trace = open[depth]!
    trace.gasUsed = hexOf(limits[depth]! - gasLeft)
    if (output.length > 0) trace.output = toHex(output)
    if (status === 'success') return
    trace.error = status === 'revert' ? 'execution reverted' : haltReason
    const reason = reasonIn(output)
    if (reason !== undefined) trace.revertReason = reason
  }

  function step(current: Step): void {
    if (current.opcode !== SELFDESTRUCT) return
    const to: Address = `0x${(current.peek(0) & (2n ** 160n - 1n)).toString(16).padStart(40, '0')}`
    const value = hexOf(current.balance())
    add(current.depth + 1, {
      type: 'SELFDESTRUCT',
      from: current.address,
      to,
      value,
      gas: '0x0',
      gasUsed: '0x0',
      input: '0x',
    })
  }

  return { tracer: { step, enter, exit }, root: () => root! }
}

function hexOf(value: bigint): Hex {
  return `0x${value.toString(16)}`
}

const ERROR_SELECTOR = '0x08c379a0'

/** What `revert("...")` of Solidity says. */
function reasonIn(output: Uint8Array): string | undefined {
  if (output.length < 68 || toHex(output.subarray(0, 4)) !== ERROR_SELECTOR) return undefined
  const size = bytesToBigInt(output.subarray(36, 68))
  if (size > BigInt(output.length - 68)) return undefined
  try {
    return bytesToUtf8(output.subarray(68, 68 + Number(size)))
  } catch {
    return undefined
  }
}
