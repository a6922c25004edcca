// The compiled engines, read from the package's folder.
import { readFileSync } from 'node:fs'

export const engineModule: WebAssembly.Module = compile('engine.wasm')
export const tracingModule = async (): Promise<WebAssembly.Module> => compile('tracing-engine.wasm')

function compile(name: string): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(new URL(`../wasm/${name}`, import.meta.url)))
}
