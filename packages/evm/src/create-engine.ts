// An engine with all that it calls: what runs natively is answered by native-call.ts.
import { Engine, type EngineOptions } from './engine.ts'
import { answerNativeCall } from './native-call.ts'

/** `module` is another build than the usual one. */
export function createEngine(module?: WebAssembly.Module, options?: EngineOptions): Engine {
  return new Engine(answerNativeCall, module, options)
}
