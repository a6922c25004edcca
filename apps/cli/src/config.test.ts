import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { loadNodeConfig } from './config.ts'

const folder = mkdtempSync(join(tmpdir(), 'tan-config-'))
const path = join(folder, 'tan.yaml')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function load(text: string, environment: NodeJS.ProcessEnv = {}) {
  writeFileSync(path, text)
  return loadNodeConfig(path, environment)
}

test.each([
  ['a value', 'genesis: g.json\nrpc:\n  host: here\n  port: many\n', 4, 'rpc.port'],
  ['a key that nobody knows', 'genesis: g.json\nlog: info\n\nrcp: {}\n', 4, 'rcp'],
  ['a nested key that nobody knows', 'genesis: g.json\nrpc:\n  port: 1\n  hots: x\n', 4, 'hots'],
  ['a key that is missing', 'log: info\n', 1, 'genesis'],
  ['a nested key that is missing', 'genesis: g.json\nsigner:\n  keyFile: k\n', 3, 'signer.address'],
  ['a value in place of keys', 'genesis: g.json\nrpc: 5\n', 2, 'rpc'],
  ['an address of a peer', 'genesis: g.json\nnetwork:\n  listen:\n    - foo\n', 4, 'network.listen.0'],
  ['what is no YAML', 'genesis: g.json\nlog: [\n', 3, ''],
])('%s that is wrong is named with its line', (_, text, line, key) => {
  expect(() => load(text)).toThrowError(expect.objectContaining({ code: 'config/invalid' }))
  expect(() => load(text)).toThrowError(`${path}, line ${line}: `)
  expect(() => load(text)).toThrowError(key)
})

test.each(['', '5', '[]', 'null', 'a: *b'])('%s is no configuration, whatever the environment says', text => {
  for (const environment of [{}, { TAN_RPC_PORT: '9', TAN_STORE: 'memory:' }])
    expect(() => load(text, environment)).toThrowError(expect.objectContaining({ code: 'config/invalid' }))
})

test('the environment goes above the file, and is named when it is wrong', () => {
  const text = 'genesis: g.json\nrpc:\n  port: 1\n'
  expect(load(text, { TAN_RPC_PORT: '9545', TAN_LOG: '' })).toMatchObject({ rpc: { port: 9_545 }, log: 'info' })
  expect(load('genesis: g.json\n', { TAN_RPC_PORT: '9545' }).rpc.port).toBe(9_545)
  expect(() => load('genesis: g.json\nrpc: 5\n', { TAN_RPC_PORT: '9' })).toThrowError('line 2: rpc: ')
  for (const wrong of ['many', '[', '*a'])
    expect(() => load(text, { TAN_RPC_PORT: wrong }), wrong).toThrowError('TAN_RPC_PORT: rpc.port: ')
})
