// Serves the built web app, its settings, and on a devnet a faucet. Listens on loopback by default.
import { createReadStream, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { extname, join, normalize, sep } from 'node:path'
import { type Address, CodedError, isHex, reasonOf } from '@tan/primitives'

export interface WebServerOptions {
  readonly host: string
  readonly port: number
  /** the built app */
  readonly folder: string
  /** served as /devnet.json */
  readonly settings: object
  /** sends a little of both currencies; resolves with the gift */
  readonly faucet?: (to: Address) => Promise<object>
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webmanifest': 'application/manifest+json',
}
const BODY_MAX_BYTES = 1_024

/** Throws `web/listen`. */
export async function startWebServer(options: WebServerOptions): Promise<Server> {
  const { host, port } = options
  const server = createServer((request, response) => {
    // No request may end the process.
    answer(request, response, options).catch(() => {
      if (response.headersSent) response.destroy()
      else json(response, 500, { error: 'internal error' })
    })
  })
  server.on('clientError', (_error, socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', cause =>
      reject(new CodedError('web/listen', `the web app cannot listen on ${host}:${port}: ${cause.message}`, { cause })),
    )
    server.listen(port, host, resolve)
  })
  return server
}

async function answer(request: IncomingMessage, response: ServerResponse, options: WebServerOptions): Promise<void> {
  // cut by hand: a URL refuses some of what a request line may hold, such as `//`
  const [pathname = '/'] = (request.url ?? '/').split('?', 1)
  if (pathname === '/devnet.json') return json(response, 200, options.settings)
  if (pathname === '/faucet' && options.faucet !== undefined) return giveFrom(options.faucet, request, response)
  if (request.method !== 'GET' && request.method !== 'HEAD') return json(response, 405, { error: 'use GET' })
  sendFile(options.folder, pathname, request, response)
}

async function giveFrom(
  faucet: NonNullable<WebServerOptions['faucet']>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // A page of another origin can send this content type only after a preflight request, which we do not answer.
  if (request.method !== 'POST' || request.headers['content-type'] !== 'application/json')
    return json(response, 405, { error: 'POST {"address": "0x…"} as application/json' })
  let body = ''
  for await (const chunk of request) {
    body += chunk
    if (body.length > BODY_MAX_BYTES) return json(response, 413, { error: 'the request is too long' })
  }
  let address: unknown
  try {
    address = (JSON.parse(body) as { address?: unknown } | null)?.address
  } catch {
    address = undefined
  }
  if (!isHex(address, 20)) return json(response, 400, { error: 'the address must be 0x and 40 hexadecimal digits' })
  try {
    json(response, 200, await faucet(address.toLowerCase() as Address))
  } catch (error) {
    const { code, message } = reasonOf(error)
    json(response, 503, { error: message, code })
  }
}

/** Unknown paths without an extension are the app's own pages. */
function sendFile(folder: string, pathname: string, request: IncomingMessage, response: ServerResponse): void {
  let name: string
  try {
    name = normalize(decodeURIComponent(pathname))
  } catch {
    return json(response, 400, { error: 'invalid path' })
  }
  if (name.includes('\0')) return json(response, 400, { error: 'invalid path' })
  const path = join(folder, name)
  const file =
    path.startsWith(folder + sep) && isFile(path) ? path : extname(name) === '' ? join(folder, 'index.html') : undefined
  if (file === undefined || !isFile(file)) return json(response, 404, { error: 'not found' })
  const isHashed = file.includes(`${sep}assets${sep}`)
  response.writeHead(200, {
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'content-length': statSync(file).size,
    'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    'x-content-type-options': 'nosniff',
  })
  if (request.method === 'HEAD') response.end()
  else
    createReadStream(file)
      .on('error', () => response.destroy())
      .pipe(response)
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify(body))
}
