// Whose folder a devnet's data lies in: never anybody else's, of one devnet at a time, and emptied of nothing but its own.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CodedError } from '@tan/primitives'
import { parseGenesis } from '@tan/protocol'

/** Marks a folder as a devnet's; holds the process id while one runs. */
const MARKER = 'devnet.pid'
const CHILDREN = ['keys', 'nodes', 'edges', 'logs', 'video', 'genesis.json', 'password', 'web.json']

/**
 * Reserves the folder for this process, and returns a function that releases it. `fresh` removes the data of an earlier
 * devnet. Throws `devnet/folder` if the folder holds anything else, and `devnet/running`.
 */
export function takeFolder(folder: string, fresh: boolean): () => void {
  assertOurs(folder)
  const marker = join(folder, MARKER)
  const holder = existsSync(marker) ? Number(readFileSync(marker, 'utf8')) : 0
  if (isAlive(holder))
    throw new CodedError(
      'devnet/running',
      `process ${holder} runs a devnet in ${folder}: stop it, or choose another folder with --data (if that process is not a devnet, delete ${marker})`,
    )
  // Keep the marker, so that we still recognize the folder if removal stops halfway.
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
    `${folder} holds files that are not a devnet's (${names.slice(0, 3).join(', ')}): choose another folder with --data`,
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
