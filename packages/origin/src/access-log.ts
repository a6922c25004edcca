// The access log: one JSON line per request, and sums by kind of client. Offload is computed from it, so it counts the
// bytes that were actually sent, even in aborted responses.
import { appendFile, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Logger } from '@tan/primitives'
import { CLIENT_MAX_CHARS, CLIENTS_MAX } from './limits.ts'

export interface AccessEntry {
  /** ISO 8601, when the response ended */
  readonly time: string
  /** as the client reports it (`?client=` or the header `tan-client`): viewer, edge; else `other` */
  readonly client: string
  readonly method: string
  readonly path: string
  /** as asked, if it was */
  readonly range?: string
  readonly status: number
  /** of the body, sent */
  readonly bytes: number
  readonly durationMs: number
}

export interface OriginStats {
  readonly startedMs: number
  readonly requests: number
  readonly bytes: number
  readonly clients: Readonly<Record<string, { readonly requests: number; readonly bytes: number }>>
}

export interface AccessLog {
  add(entry: AccessEntry): void
  stats(): OriginStats
  /** Resolves when all entries are in the file. */
  flush(): Promise<void>
}

/** Appends to `file`; without one, only keeps sums. */
export function createAccessLog(file: string | undefined, startedMs: number, logger: Logger): AccessLog {
  const clients = new Map<string, { requests: number; bytes: number }>()
  let requests = 0
  let bytes = 0
  let waiting = ''
  let writing: Promise<void> | undefined

  async function write(path: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true })
    while (waiting !== '') {
      const lines = waiting
      waiting = ''
      await appendFile(path, lines)
    }
  }

  function flush(): Promise<void> {
    if (file === undefined) return Promise.resolve()
    writing ??= write(file)
      .catch((error: unknown) => logger.error('the access log cannot be written', { file, error: String(error) }))
      .finally(() => {
        writing = undefined
      })
    return writing
  }

  return {
    add(entry) {
      const name = clients.has(entry.client) || clients.size < CLIENTS_MAX ? entry.client : 'other'
      const sums = clients.get(name) ?? { requests: 0, bytes: 0 }
      clients.set(name, { requests: sums.requests + 1, bytes: sums.bytes + entry.bytes })
      requests++
      bytes += entry.bytes
      if (file === undefined) return
      waiting += `${JSON.stringify(entry)}\n`
      void flush()
    },
    stats: () => ({ startedMs, requests, bytes, clients: Object.fromEntries(clients) }),
    async flush() {
      while (writing !== undefined || (file !== undefined && waiting !== '')) await flush()
    },
  }
}

/** A name that is safe in a log: letters, digits, dots and dashes. */
export function clientKind(said: string | null | undefined): string {
  const name = said?.slice(0, CLIENT_MAX_CHARS).toLowerCase() ?? ''
  return /^[a-z0-9.-]+$/.test(name) ? name : 'other'
}
