// The command itself, as a person runs it: how it ends, and what it says.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const LAUNCHER = fileURLToPath(new URL('../bin/tan.mjs', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'tan-main-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

function tan(...args: string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [LAUNCHER, ...args], {
    env: { ...process.env, TAN_HOME: home, TAN_RPC: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (said += chunk))
  return new Promise(resolve => child.on('close', code => resolve({ code, said })))
}

test.each([
  [['origin', '--folder', '.', '--port', 'abc'], '--port must be a whole number'],
  [['tracker', '--port', '70000'], '--port must be a whole number'],
  [['stake', 'candidate', 'maybe', '--from', 'alice'], 'yes or no'],
  [['pool', 'list', '--limit', 'abc'], '--limit must be a whole number'],
  [['watch', 'http://127.0.0.1:1/x', '--rendition', 'x'], '--rendition must be a whole number'],
  [['edge', '--data', home, '--from', 'alice', '--redeem-factor', 'x'], '--redeem-factor must be a whole number'],
  [['query', 'stats'], 'npx tan query --help'],
])('%j is wrong usage', async (args, message) => {
  const { code, said } = await tan(...args)
  expect(said).toContain(message)
  expect(said).not.toContain('should not have happened')
  expect(code).toBe(2)
})

test('--json stands before the command or after it', async () => {
  const url = 'http://127.0.0.1:1'
  for (const args of [
    ['--json', 'query', 'status', '--rpc', url],
    ['query', '--json', 'status', '--rpc', url],
    ['query', 'status', '--rpc', url, '--json'],
  ]) {
    const { code, said } = await tan(...args)
    expect(JSON.parse(said)).toMatchObject({ error: { code: 'rpc/unreachable' } })
    expect(code).toBe(1)
  }
})

test.each([
  [['query', 'status'], 'rpc/unreachable'],
  [['query', 'status', '--rpc', 'nonsense'], 'rpc/unreachable'],
  [['wallet', 'import', 'bob', join(home, 'none')], 'cli/file'],
  [['genesis', 'hash', home], 'cli/file'],
  [['session', 'show', '--data', LAUNCHER], 'cli/folder'],
  [['edge', '--data', home, '--from', 'nobody'], 'cli/account'],
])('%j fails with a code', async (args, code) => {
  const done = await tan(...args)
  expect(done.said).toContain(`[${code}]`)
  expect(done.code).toBe(1)
})

test('wrong chain parameters are named', async () => {
  const file = join(home, 'parameters.json')
  const holders = join(home, 'holders.csv')
  writeFileSync(holders, 'address,balance,contract\n')
  for (const wrong of ['{"checkpointInterval":"abc"}', '{"checkpointInterval":null}', 'null']) {
    writeFileSync(file, wrong)
    const made = await tan(
      ...['genesis', 'build', '--holders', holders, '--guardians', file, '--parameters', file],
      ...['--chain-id', '5', '--name', 'x', '--out', join(home, 'out.json')],
    )
    expect(made.said).toContain(file)
    expect(made.said).not.toContain('should not have happened')
    expect(made.code).toBe(1)
  }
})
