// Builds the web app on the first start, and again when its sources, or those of the rooms that it uses, are newer.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CodedError } from '@tan/primitives'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const APP = join(ROOT, 'apps/web')
const SOURCES = [
  'apps/web/src',
  'apps/web/index.html',
  'packages/primitives/src',
  'packages/protocol/src',
  'packages/storage/src',
  'packages/delivery/src',
  'packages/peer/src',
  'packages/viewer/src',
]

/** Returns the folder of the app. Throws `web/build` with the output of the build. */
export async function ensureWebApp(log: (line: string) => void): Promise<string> {
  const folder = join(APP, 'dist')
  const built = join(folder, 'index.html')
  const newest = Math.max(...SOURCES.map(source => newestChangeMs(join(ROOT, source))))
  if (existsSync(built) && statSync(built).mtimeMs >= newest) return folder
  log('building the web app')
  await build()
  return folder
}

function newestChangeMs(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return 0
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(0, ...readdirSync(path).map(name => newestChangeMs(join(path, name))))
}

function build(): Promise<void> {
  const vite = join(dirname(createRequire(join(APP, 'package.json')).resolve('vite/package.json')), 'bin/vite.js')
  const child = spawn(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: APP,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Always build for production: the development build is slow.
    env: { ...process.env, NODE_ENV: 'production' },
  })
  let said = ''
  child.stdout.on('data', chunk => (said += chunk))
  child.stderr.on('data', chunk => (said += chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', code => {
      if (code === 0) resolve()
      else reject(new CodedError('web/build', `the web app could not be built:\n${said.trim()}`))
    })
  })
}
