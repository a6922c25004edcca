import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { assertFolder, findAccount, listAccounts, listKeyFiles, saveAccount, writeNewFile } from './secrets.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tan-keys-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

function code(error: string) {
  return expect.objectContaining({ code: error })
}

test('a damaged file beside them does not hide the other keys', () => {
  const alice = saveAccount(home, 'alice', new Uint8Array(32).fill(7), 'password', 'light')
  writeFileSync(join(home, 'keys', 'cut.json'), '{"address": "12')
  writeFileSync(join(home, 'keys', 'nothing.json'), 'null')
  writeFileSync(join(home, 'keys', 'other.json'), '{"address": 7}')
  mkdirSync(join(home, 'keys', 'folder.json'))
  expect(listAccounts(home)).toEqual([alice])
  expect(findAccount(home, 'alice')).toEqual(alice)
  expect(findAccount(home, alice.address.toUpperCase().replace('0X', '0x'))).toEqual(alice)
  const unreadable = listKeyFiles(home).filter(({ address }) => address === undefined)
  expect(unreadable.map(({ name }) => name).sort()).toEqual(['cut', 'folder', 'nothing', 'other'])
  expect(() => findAccount(home, 'cut')).toThrowError(join(home, 'keys', 'cut.json'))
  expect(() => findAccount(home, 'bob')).toThrowError(code('cli/account'))
})

test('names of keys cannot be mistaken for addresses, or leave the folder', () => {
  for (const name of ['0xabc', '0Xabc', '', 'a/b', '..', 'a b', 'x'.repeat(65)])
    expect(() => saveAccount(home, name, new Uint8Array(32).fill(7), 'password', 'light'), name).toThrowError(
      code('cli/name'),
    )
})

test('what is there is not overwritten, and folders that are files are named', () => {
  const path = join(home, 'file')
  writeNewFile(path, 'first')
  expect(() => writeNewFile(path, 'second')).toThrowError(code('cli/exists'))
  expect(() => writeNewFile(join(path, 'below'), 'third')).toThrowError(code('cli/file'))
  expect(readFileSync(path, 'utf8')).toBe('first')
  expect(() => assertFolder(path)).toThrowError(code('cli/folder'))
  assertFolder(home)
  assertFolder(join(home, 'to-be-made'))
})
