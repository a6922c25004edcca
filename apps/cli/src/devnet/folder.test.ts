import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Devnet } from './devnet.ts'
import { takeFolder } from './folder.ts'

let base: string
let folder: string

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'tan-folder-'))
  folder = join(base, 'data')
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

function fill(name: string): string {
  const path = join(folder, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, 'mine')
  return path
}

function code(error: string) {
  return expect.objectContaining({ code: error })
}

test.each([true, false])('a folder that is no devnet is left alone (fresh: %s)', fresh => {
  const photo = fill('photo.jpg')
  const key = fill('keys/alice.json')
  expect(() => takeFolder(folder, fresh)).toThrowError(code('devnet/folder'))
  expect(readFileSync(photo, 'utf8')).toBe('mine')
  expect(readFileSync(key, 'utf8')).toBe('mine')
  expect(readdirSync(folder).sort()).toEqual(['keys', 'photo.jpg'])
})

test('another chain is no devnet', () => {
  fill('genesis.json')
  expect(() => takeFolder(folder, true)).toThrowError(code('devnet/folder'))
  expect(() => takeFolder(join(folder, 'genesis.json'), false)).toThrowError(code('devnet/folder'))
})

test('starting anew removes what a devnet made, and nothing else', () => {
  takeFolder(folder, false)()
  const made = ['keys/a.json', 'nodes/x', 'edges/x', 'logs/x', 'video/x', 'genesis.json', 'password', 'web.json']
  const paths = made.map(fill)
  const note = fill('note.txt')
  takeFolder(folder, false)()
  expect(paths.every(existsSync)).toBe(true)
  takeFolder(folder, true)()
  expect(paths.some(existsSync)).toBe(false)
  expect(readFileSync(note, 'utf8')).toBe('mine')
})

test('a folder in use is refused until its devnet lets go of it', () => {
  const release = takeFolder(folder, false)
  const log = fill('logs/x')
  expect(() => takeFolder(folder, true)).toThrowError(code('devnet/running'))
  expect(existsSync(log)).toBe(true)
  release()
  takeFolder(folder, true)()
  expect(existsSync(log)).toBe(false)
})

test('nothing is removed where the devnet cannot start', async () => {
  takeFolder(folder, false)()
  const log = fill('logs/x')
  const taken = await new Promise<Server>(resolve => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
  const { port } = taken.address() as { port: number }
  await expect(Devnet.start({ folder, port, fresh: true })).rejects.toThrowError(code('devnet/port'))
  await expect(Devnet.start({ folder, port: 0, fresh: true, video: join(base, 'none.mp4') })).rejects.toThrowError(
    code('devnet/video'),
  )
  taken.close()
  expect(existsSync(log)).toBe(true)
})
