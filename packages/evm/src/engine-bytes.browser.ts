// The compiled engines, fetched from beside the package's modules.

export const engineModule: WebAssembly.Module = await compile('engine.wasm')
export const tracingModule = (): Promise<WebAssembly.Module> => compile('tracing-engine.wasm')

function compile(name: string): Promise<WebAssembly.Module> {
  return WebAssembly.compileStreaming(fetch(new URL(`../wasm/${name}`, import.meta.url)))
}
