// What a precompile is. table.ts says where each stands.
import type { EngineMemory } from '../engine-memory.ts'
import type { EngineExports, Layout } from '../exports.ts'
import type { Fork } from '../forks.ts'

/** What of the engine a precompile may use. */
export interface EngineParts {
  readonly memory: EngineMemory
  readonly run: Pick<EngineExports, 'blake2f'>
  readonly at: Pick<Layout, 'SCRATCH'>
}

export interface Precompile {
  /** asked first; may be more than there is */
  gas(input: Uint8Array, fork: Fork): number
  /** The output, or undefined where the input is no good: the call fails, and its gas is gone. Must not keep the input. */
  run(input: Uint8Array, engine: EngineParts): Uint8Array | undefined
}
