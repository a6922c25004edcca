// The tracing engine: runs the same, and tells a tracer each instruction and each frame. Slower; for `debug_trace*`.
import { type Address, assert } from '@tan/primitives'
import { tracingModule } from '#engine'
import { createEngine } from '../create-engine.ts'
import type { Engine } from '../engine.ts'
import { type Evm, evmOver } from '../evm.ts'
import { HALT_REASONS, type HaltReason, type Log, type Status } from '../message.ts'
import { OPCODES } from '../opcodes.ts'
import { STATUSES } from '../run.ts'

/** Before an instruction. What it shows is valid only while the hook runs. */
export interface Step {
  /** 0 for the top-level message */
  readonly depth: number
  /** place in the code */
  readonly pc: number
  readonly opcode: number
  readonly name: string
  readonly gas: bigint
  /** the refund counter */
  readonly refund: bigint
  /** whose storage and balance it works on */
  readonly address: Address
  /** the lowest word first */
  stack(): bigint[]
  readonly stackSize: number
  /** a word of the stack, 0 for the uppermost; 0n where there is none */
  peek(index: number): bigint
  readonly memorySize: number
  memory(): Uint8Array
}

export interface FrameStart {
  readonly depth: number
  /** CALL and CREATE also for the top-level message */
  readonly kind: string
  /** whose code made the call; behind DELEGATECALL and CALLCODE the account that it works on */
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
  /** the refund counter, after what a failing frame takes back */
  readonly refund: bigint
  /** of a creation, the code */
  readonly output: Uint8Array
}

/** Told where it really happens, before the money moves. */
export interface Destruction {
  readonly depth: number
  readonly from: Address
  readonly to: Address
  readonly value: bigint
}

/** A log as it is written. A frame that fails takes its logs back, and those of the frames in it. */
export interface FrameLog extends Log {
  readonly depth: number
}

export interface Tracer {
  step?(step: Step): void
  enter?(start: FrameStart): void
  exit?(end: FrameEnd): void
  destroy?(destruction: Destruction): void
  /** told before whatever comes after the log */
  log?(log: FrameLog): void
  /** a whole transaction, once it has run */
  transaction?(applied: { readonly gasLimit: bigint; readonly gasUsed: bigint }): void
}

export interface TracingEvm extends Evm {
  /** Whatever `run` makes this engine do is told to the tracer. */
  trace<T>(tracer: Tracer, run: () => T): T
}

export async function createTracingEvm(): Promise<TracingEvm> {
  let tracer: Tracer | undefined
  const engine: Engine = createEngine(await tracingModule(), {
    hooks: {
      step(frame, ip, top, gas) {
        if (tracer?.step === undefined && tracer?.log === undefined) return
        engine.memory.refresh()
        logs.tell(frame)
        tracer.step?.(new CurrentStep(engine, frame, ip, top, gas))
      },
      enter(frame) {
        engine.memory.refresh()
        if (depthOf(engine, frame) === 0) logs.begin()
        tracer?.enter?.(startOf(engine, frame))
      },
      exit(frame, status) {
        engine.memory.refresh()
        logs.tell(frame)
        tracer?.exit?.(endOf(engine, frame, status))
      },
      destroy(frame, beneficiary, amount) {
        engine.memory.refresh()
        const { memory, at } = engine
        tracer?.destroy?.({
          depth: depthOf(engine, frame),
          from: engine.addressOf(memory.readU32(frame + at.SELF)),
          to: engine.addressOf(beneficiary),
          value: memory.readWord(amount),
        })
      },
    },
  })
  const logs = new NewLogs(engine, () => tracer)
  const evm = evmOver(engine)
  return {
    ...evm,
    applyTransaction(transaction, environment, host, options) {
      const applied = evm.applyTransaction(transaction, environment, host, options)
      if (applied.ok) tracer?.transaction?.({ gasLimit: transaction.gasLimit, gasUsed: applied.value.gasUsed })
      return applied
    },
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

/** Finds the logs that were written since it last looked (assembly/logs.ts): by instructions and by native contracts. */
class NewLogs {
  private readonly engine: Engine
  private readonly tracer: () => Tracer | undefined
  /** where each begins, and at the end where the next one will */
  private starts: number[] = []

  constructor(engine: Engine, tracer: () => Tracer | undefined) {
    this.engine = engine
    this.tracer = tracer
  }

  begin(): void {
    this.starts = [this.engine.at.LOGS]
  }

  tell(frame: number): void {
    const tracer = this.tracer()
    if (tracer?.log === undefined) return
    const { memory, run } = this.engine
    const count = run.logCount()
    this.starts.length = Math.min(this.starts.length, count + 1) // a revert took some back
    while (this.starts.length <= count) {
      const start = this.starts.at(-1)!
      const topicCount = memory.readU32(start + 4)
      const size = memory.readU32(start + 8)
      const data = start + 16 + 32 * topicCount
      tracer.log({
        depth: depthOf(this.engine, frame),
        address: this.engine.addressOf(memory.readU32(start)),
        topics: Array.from({ length: topicCount }, (_, i) => memory.readTopic(start + 16 + 32 * i)),
        data: memory.copyOut(data, size),
      })
      this.starts.push((data + size + 7) & ~7)
    }
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

  get refund(): bigint {
    return this.engine.run.refund()
  }

  get stackSize(): number {
    const { memory, at } = this.engine
    return (this.top + 32 - memory.readU32(this.frame + at.STACK)) / 32
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

  get memorySize(): number {
    return this.engine.memory.readU32(this.frame + this.engine.at.MEMORY_SIZE)
  }

  memory(): Uint8Array {
    const { memory, at } = this.engine
    return memory.copyOut(memory.readU32(this.frame + at.MEMORY_START), this.memorySize)
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
  const kind = OPCODES[memory.readU32(frame + at.KIND)]!.name
  const self = memory.readU32(frame + at.SELF)
  return {
    depth: depthOf(engine, frame),
    kind,
    // what the code of a DELEGATECALL sees as its caller is another one
    from: kind === 'DELEGATECALL' ? engine.addressOf(self) : memory.readAddress(frame + at.CALLER),
    to: engine.addressOf(memory.readU32(frame + at.CODE_ACCOUNT)),
    value: memory.readWord(frame + at.VALUE),
    gas: memory.readI64(frame + at.GAS),
    callerGas: memory.readI64(frame - at.FRAME_SIZE + at.GAS),
    input: memory.copyOut(memory.readU32(frame + at.INPUT), memory.readU32(frame + at.INPUT_SIZE)),
  }
}

function endOf(engine: Engine, frame: number, code: number): FrameEnd {
  const { memory, at, run } = engine
  const status = STATUSES[code]!
  const isCreation = OPCODES[memory.readU32(frame + at.KIND)]!.name.startsWith('CREATE')
  const reason = HALT_REASONS[run.haltReason()]!
  return {
    depth: depthOf(engine, frame),
    status,
    haltReason: status !== 'halt' ? 'none' : reason === 'none' ? 'native contract halted' : reason,
    gasLeft: memory.readI64(frame + at.GAS),
    refund: run.refund(),
    output: isCreation && status === 'success' ? engine.code(memory.readU32(frame + at.SELF)) : engine.returned(),
  }
}
