// Compiles the engine: `npm run build -w @tan/evm`, or with --check compares with the bytes that are committed.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import asc from 'assemblyscript/asc'

const here = import.meta.dirname
const isCheck = process.argv.includes('--check')
const scratch = mkdtempSync(join(tmpdir(), 'tan-evm-'))

async function compile(name, isTracing) {
  const out = join(scratch, name)
  const { error, stderr } = await asc.main([
    join(here, 'assembly/index.ts'),
    '--outFile',
    out,
    ...['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--importMemory', '--initialMemory', '16'],
    ...['--enable', 'simd', '--use', `TRACING=${isTracing ? 1 : 0}`],
  ])
  if (error) throw new Error(`${name} does not compile:\n${stderr}`)
  return readFileSync(out)
}

let differ = false
try {
  for (const [name, isTracing] of [
    ['engine.wasm', false],
    ['tracing-engine.wasm', true],
  ]) {
    const bytes = await compile(name, isTracing)
    const kept = join(here, 'wasm', name)
    if (!isCheck) {
      const { mkdirSync, writeFileSync } = await import('node:fs')
      mkdirSync(join(here, 'wasm'), { recursive: true })
      writeFileSync(kept, bytes)
    } else if (!readFileSync(kept).equals(bytes)) {
      differ = true
      console.error(`${kept} is not what its sources compile to: run npm run build -w @tan/evm`)
    }
  }
} finally {
  rmSync(scratch, { recursive: true })
}
process.exitCode = differ ? 1 : 0
