// Whose folder a devnet's data lies in: never anybody else's, of one devnet at a time, and emptied of nothing but its own.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CodedError } from '@tan/primitives'
import { parseGenesis } from '@tan/protocol'

/** Says that the folder is a devnet's; holds the process while one runs. */
const MARKER = 'devnet.pid'
const CHILDREN = ['keys', 'nodes', 'edges', 'logs', 'video', 'genesis.json', 'password', 'web.json']

/**
 * Takes the folder for this process; the function that it gives lets go of it again. With `fresh` the data of an earlier
 * devnet is removed. Throws `devnet/folder` where something else lies there, and `devnet/running`.
 */
export function takeFolder(folder: string, fresh: boolean): () => void {
  assertOurs(folder)
  const marker = join(folder, MARKER)
  const holder = existsSync(marker) ? Number(readFileSync(marker, 'utf8')) : 0
  if (isAlive(holder))
    throw new CodedError(
      'devnet/running',
      `process ${holder} runs a devnet in ${folder}: stop it, or choose another folder with --data (if it is no devnet, delete ${marker})`,
    )
  // the marker stays, so that a folder that was removed half is still known as ours
  if (fresh) for (const name of CHILDREN) rmSync(join(folder, name), { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(marker, `${process.pid}\n`)
  return () => {
    if (existsSync(folder)) writeFileSync(marker, '')
  }
}

function assertOurs(folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isDirectory()) throw new CodedError('devnet/folder', `${folder} is not a folder: choose one with --data`)
  const names = readdirSync(folder)
  if (names.length === 0 || names.includes(MARKER) || holdsDevnet(join(folder, 'genesis.json'))) return
  throw new CodedError(
    'devnet/folder',
    `${folder} holds something that is no devnet (${names.slice(0, 3).join(', ')}): choose another folder with --data`,
  )
}

function holdsDevnet(genesisFile: string): boolean {
  try {
    return parseGenesis(readFileSync(genesisFile, 'utf8')).isDevnet
  } catch {
    return false
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid < 1) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
