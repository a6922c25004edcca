import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readAccount, readHash32 } from './amounts.ts'
import {
  readChainId,
  readInteger,
  readJson,
  readJsonObject,
  readPlace,
  readPort,
  readPositive,
  readYesOrNo,
  USAGE_CODES,
} from './arguments.ts'

const folder = mkdtempSync(join(tmpdir(), 'tan-arguments-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('whole numbers within their bounds', () => {
  expect(readInteger('0', '--n', 0, 9)).toBe(0)
  expect(readInteger('9', '--n', 0, 9)).toBe(9)
  expect(readPort('65535')).toBe(65_535)
  expect(readChainId('7700')).toBe(7_700)
  for (const wrong of ['', ' ', 'abc', '1.5', '-1', '1e1', '0x1', '10', '99999999999999999'])
    expect(() => readInteger(wrong, '--n', 0, 9), wrong).toThrowError(/^--n must be a whole number from 0 to 9, not /)
})

test('numbers above nothing', () => {
  expect(readPositive('0.5', '--cache')).toBe(0.5)
  for (const wrong of ['', '0', '-1', 'NaN', 'Infinity', '1e400', '2000000000'])
    expect(() => readPositive(wrong, '--cache'), wrong).toThrowError('--cache must be a number above 0')
})

test('yes and no, and nothing that might mean either', () => {
  expect(readYesOrNo('yes')).toBe(true)
  expect(readYesOrNo('no')).toBe(false)
  for (const wrong of ['maybe', 'true', 'YES', '']) expect(() => readYesOrNo(wrong)).toThrowError('yes or no')
})

test('places', () => {
  expect(readPlace('50.1,-8.7,64501')).toEqual({ latitude: 50.1, longitude: -8.7, asn: 64_501 })
  for (const wrong of ['', ',', '1', '91,0', '0,181', '0,0,-1', 'here,there'])
    expect(() => readPlace(wrong), wrong).toThrowError('--place must be latitude,longitude')
})

test('what is wrong with a command is told apart from what failed', () => {
  for (const read of [
    () => readInteger('x', '--n', 0, 1),
    () => readYesOrNo('x'),
    () => readPlace('x'),
    () => readAccount('x'),
    () => readHash32('x', 'hash'),
  ])
    expect(read).toThrowError(expect.toSatisfy(error => USAGE_CODES.has(error.code)))
})

test('JSON files, named when they hold something else', () => {
  const file = (text: string): string => {
    const path = join(folder, 'file.json')
    writeFileSync(path, text)
    return path
  }
  expect(readJsonObject(file('{"a":1}'), 'list')).toEqual({ a: 1 })
  expect(() => readJson(file('# Read me'), 'list')).toThrowError(`the list ${folder}/file.json is not JSON`)
  for (const other of ['null', '[]', '7'])
    expect(() => readJsonObject(file(other), 'list'), other).toThrowError('not a JSON object')
  expect(() => readJson(join(folder, 'none'), 'list')).toThrowError(expect.objectContaining({ code: 'cli/file' }))
})
