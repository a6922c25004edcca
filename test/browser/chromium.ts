// A real Chromium for tests: one that is on the machine, or that the machine can get, and what to start it with.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
/** where they lie that put nothing on the PATH */
const APPLICATIONS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
]

export async function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), headless: true, args: FLAGS })
}

/** Throws, with what was tried, where there is none and none can be had. */
function chromiumPath(): string {
  const found = installed() ?? fromDebian() ?? fromPlaywright()
  if (found !== undefined) return found
  throw new Error(
    'The browser tests need a Chromium. None is on the PATH, and neither apt-get nor Playwright could install one: ' +
      'install one by hand, or say in TAN_CHROMIUM where it is.',
  )
}

function installed(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const paths = folders.flatMap(folder => NAMES.map(name => join(folder, name)))
  return [process.env.TAN_CHROMIUM, ...paths, ...APPLICATIONS].find(path => path !== undefined && existsSync(path))
}

function fromDebian(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
  console.error('no Chromium here: installing it with apt-get')
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'chromium']])
    spawnSync('apt-get', ['-qq', ...args], { stdio: 'ignore', env: environment })
  return installed()
}

function fromPlaywright(): string | undefined {
  const known = chromium.executablePath()
  if (existsSync(known)) return known
  console.error('no Chromium here: asking Playwright to download its own')
  const cli = join(createRequire(import.meta.url).resolve('playwright-core/package.json'), '..', 'cli.js')
  spawnSync(process.execPath, [cli, 'install', 'chromium'], { stdio: 'inherit' })
  return existsSync(known) ? known : undefined
}
