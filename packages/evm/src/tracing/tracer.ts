// The tracing engine: runs the same, and tells a tracer each instruction and each frame. Slower; for `debug_trace*`.
import { type Address, assert } from '@tan/primitives'
import { tracingModule } from '#engine'
import { Engine } from '../engine.ts'
import { type Evm, evmOver, STATUSES } from '../evm.ts'
import { HALT_REASONS, type HaltReason, type Status } from '../message.ts'
import { OPCODES } from '../opcodes.ts'

/** Before an instruction. What it shows is valid only while the hook runs. */
export interface Step {
  /** 0 for the top-level message */
  readonly depth: number
  /** place in the code */
  readonly pc: number
  readonly opcode: number
  readonly name: string
  readonly gas: bigint
  /** whose storage and balance it works on */
  readonly address: Address
  /** the lowest word first */
  stack(): bigint[]
  /** a word of the stack, 0 for the uppermost; 0n where there is none */
  peek(index: number): bigint
  memory(): Uint8Array
  balance(): bigint
}

export interface FrameStart {
  readonly depth: number
  /** CALL and CREATE also for the top-level message */
  readonly kind: string
  readonly from: Address
  /** whose code runs, or what is created */
  readonly to: Address
  readonly value: bigint
  readonly gas: bigint
  /** what the calling frame has left meanwhile */
  readonly callerGas: bigint
  /** of a creation, the init code */
  readonly input: Uint8Array
}

export interface FrameEnd {
  readonly depth: number
  readonly status: Status
  readonly haltReason: HaltReason
  readonly gasLeft: bigint
  /** of a creation, the code */
  readonly output: Uint8Array
}

export interface Tracer {
  step?(step: Step): void
  enter?(start: FrameStart): void
  exit?(end: FrameEnd): void
}

export interface TracingEvm extends Evm {
  /** Whatever `run` makes this engine do is told to the tracer. */
  trace<T>(tracer: Tracer, run: () => T): T
}

export async function createTracingEvm(): Promise<TracingEvm> {
  let tracer: Tracer | undefined
  const engine: Engine = new Engine(await tracingModule(), {
    step(frame, ip, top, gas) {
      if (tracer?.step === undefined) return
      engine.memory.refresh()
      tracer.step(new CurrentStep(engine, frame, ip, top, gas))
    },
    enter(frame) {
      engine.memory.refresh()
      tracer?.enter?.(startOf(engine, frame))
    },
    exit(frame, status) {
      engine.memory.refresh()
      tracer?.exit?.(endOf(engine, frame, status))
    },
  })
  return {
    ...evmOver(engine),
    trace(next, run) {
      assert(tracer === undefined, 'a trace inside a trace')
      tracer = next
      try {
        return run()
      } finally {
        tracer = undefined
      }
    },
  }
}

class CurrentStep implements Step {
  readonly depth: number
  readonly pc: number
  readonly opcode: number
  readonly gas: bigint
  private readonly engine: Engine
  private readonly frame: number
  private readonly top: number

  constructor(engine: Engine, frame: number, ip: number, top: number, gas: bigint) {
    const { memory, at } = engine
    this.engine = engine
    this.frame = frame
    this.top = top
    this.depth = depthOf(engine, frame)
    this.pc = ip - memory.readU32(frame + at.CODE_START)
    this.opcode = memory.bytes[ip]!
    this.gas = gas
  }

  get name(): string {
    return OPCODES[this.opcode]?.name ?? `opcode 0x${this.opcode.toString(16).padStart(2, '0')}`
  }

  get address(): Address {
    return this.engine.addressOf(this.self)
  }

  stack(): bigint[] {
    const { memory, at } = this.engine
    const words: bigint[] = []
    for (let word = memory.readU32(this.frame + at.STACK); word <= this.top; word += 32)
      words.push(memory.readWord(word))
    return words
  }

  peek(index: number): bigint {
    const { memory, at } = this.engine
    const word = this.top - 32 * index
    return word < memory.readU32(this.frame + at.STACK) ? 0n : memory.readWord(word)
  }

  memory(): Uint8Array {
    const { memory, at } = this.engine
    return memory.copyOut(memory.readU32(this.frame + at.MEMORY_START), memory.readU32(this.frame + at.MEMORY_SIZE))
  }

  balance(): bigint {
    return this.engine.balance(this.self)
  }

  private get self(): number {
    return this.engine.memory.readU32(this.frame + this.engine.at.SELF)
  }
}

function depthOf({ at }: Engine, frame: number): number {
  return (frame - at.FRAMES) / at.FRAME_SIZE - 1
}

function startOf(engine: Engine, frame: number): FrameStart {
  const { memory, at } = engine
  const kind = memory.readU32(frame + at.KIND)
  return {
    depth: depthOf(engine, frame),
    kind: OPCODES[kind]!.name,
    from: memory.readAddress(frame + at.CALLER),
    to: engine.addressOf(memory.readU32(frame + at.CODE_ACCOUNT)),
    value: memory.readWord(frame + at.VALUE),
    gas: memory.readI64(frame + at.GAS),
    callerGas: memory.readI64(frame - at.FRAME_SIZE + at.GAS),
    input: memory.copyOut(memory.readU32(frame + at.INPUT), memory.readU32(frame + at.INPUT_SIZE)),
  }
}

function endOf(engine: Engine, frame: number, status: number): FrameEnd {
  const { memory, at, run } = engine
  return {
    depth: depthOf(engine, frame),
    status: STATUSES[status]!,
    haltReason: STATUSES[status] === 'halt' ? HALT_REASONS[run.haltReason()]! : 'none',
    gasLeft: memory.readI64(frame + at.GAS),
    output: engine.returned(),
  }
}
