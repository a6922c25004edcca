// `npm run bench` lists the benches; `npm run bench -- NAME [--json FILE]` runs one. A bench is a file in this folder
// that exports `bench`; it does real work through public doors and answers with figures, each named <what>_<unit>.
import { readdirSync, writeFileSync } from 'node:fs'
import { arch, cpus, platform } from 'node:os'

interface Bench {
  readonly name: string
  readonly description: string
  run(): Promise<Result>
}

interface Result {
  readonly metrics: Readonly<Record<string, number>>
  readonly ratios: Readonly<Record<string, number>>
}

const folder = new URL('.', import.meta.url)
const names = readdirSync(folder)
  .filter(file => file.endsWith('.ts') && file !== 'run.ts' && !file.endsWith('.test.ts'))
  .map(file => file.slice(0, -3))

async function load(name: string): Promise<Bench> {
  return ((await import(new URL(`${name}.ts`, folder).href)) as { bench: Bench }).bench
}

function show(result: Result): string {
  const rows = [
    ...Object.entries(result.metrics).map(([name, value]) => [name, value.toLocaleString('en')] as const),
    ...Object.entries(result.ratios).map(([name, value]) => [name, `${value.toLocaleString('en')} times`] as const),
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  const numbers = Math.max(...rows.map(([, value]) => value.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value.padStart(numbers)}`).join('\n')
}

const [wanted, ...rest] = process.argv.slice(2)
if (wanted === undefined || wanted === '--help') {
  for (const name of names) console.log(`${name.padEnd(14)} ${(await load(name)).description}`)
  console.log('\nnpm run bench -- NAME [--json FILE]')
} else if (!names.includes(wanted)) {
  console.error(`no bench is called ${wanted}; available: ${names.join(', ')}`)
  process.exitCode = 2
} else {
  const bench = await load(wanted)
  console.log(`${bench.name}: ${bench.description}`)
  console.log(`${platform()}-${arch()}, ${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.versions.node}\n`)
  const result = await bench.run()
  console.log(show(result))
  const file = rest[0] === '--json' ? rest[1] : undefined
  if (file !== undefined) writeFileSync(file, `${JSON.stringify({ name: bench.name, ...result }, null, 2)}\n`)
}
