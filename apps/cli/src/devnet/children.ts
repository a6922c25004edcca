// The processes of a devnet: each writes a log; they are watched, and stopped together. A child ends when its parent is
// gone, because its channel closes.
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CodedError } from '@tan/primitives'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const COMPILE_CACHE = fileURLToPath(new URL('../../../../node_modules/.cache/tan-compile', import.meta.url))
const STOP_TIMEOUT_MS = 10_000
const LAST_LINES = 12

export interface ChildSpec {
  readonly name: string
  /** arguments of the `tan` command */
  readonly args: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

interface Running {
  readonly spec: ChildSpec
  readonly process: ChildProcess
  isExpectedToEnd: boolean
}

export class Children {
  private readonly logFolder: string
  private readonly onDeath: (name: string, how: string) => void
  private readonly running = new Map<string, Running>()

  /** Calls `onDeath` for each child that ends unexpectedly. */
  constructor(logFolder: string, onDeath: (name: string, how: string) => void) {
    this.logFolder = logFolder
    this.onDeath = onDeath
  }

  start(spec: ChildSpec): void {
    const log = openSync(this.logFile(spec.name), 'a')
    const child = spawn(process.execPath, [MAIN, ...spec.args], {
      stdio: ['ignore', log, log, 'ipc'],
      // The processes share compiled code.
      env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE, ...spec.environment },
    })
    closeSync(log)
    const running: Running = { spec, process: child, isExpectedToEnd: false }
    this.running.set(spec.name, running)
    child.on('error', () => {})
    child.on('exit', (code, signal) => {
      if (this.running.get(spec.name) === running) this.running.delete(spec.name)
      if (!running.isExpectedToEnd) this.onDeath(spec.name, signal === null ? `exit code ${code}` : `signal ${signal}`)
    })
  }

  isRunning(name: string): boolean {
    return this.running.has(name)
  }

  names(): string[] {
    return [...this.running.keys()]
  }

  /** Kills a child at once, like a crash, or asks it to stop. Resolves when it is gone. */
  async end(name: string, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const running = this.running.get(name)
    if (running === undefined) return
    running.isExpectedToEnd = true
    const gone = new Promise<void>(resolve => running.process.once('exit', () => resolve()))
    running.process.kill(signal)
    const timer = setTimeout(() => running.process.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await gone
    clearTimeout(timer)
  }

  async endAll(): Promise<void> {
    await Promise.all(this.names().map(name => this.end(name, 'SIGTERM')))
  }

  logFile(name: string): string {
    return join(this.logFolder, `${name}.log`)
  }

  /**
   * Repeats `ask` until it answers. Throws `devnet/dead`, with the end of the log, if the child ends first, and
   * `devnet/timeout`.
   */
  async until<T>(name: string, what: string, ask: () => Promise<T | undefined>, timeoutMs: number): Promise<T> {
    const deadlineMs = Date.now() + timeoutMs
    for (;;) {
      if (!this.isRunning(name))
        throw new CodedError('devnet/dead', `${name} ended before ${what}:\n${this.lastLines(name)}`)
      const answer = await ask().catch(() => undefined)
      if (answer !== undefined) return answer
      if (Date.now() > deadlineMs)
        throw new CodedError(
          'devnet/timeout',
          `${name} is not ${what} after ${timeoutMs / 1000} s; its log is ${this.logFile(name)}`,
        )
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }

  lastLines(name: string): string {
    try {
      return readFileSync(this.logFile(name), 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n')
    } catch {
      return '(no log)'
    }
  }
}
