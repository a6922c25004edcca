// All that a peer needs of the machine that it runs on, and what browsers and Node have of it in common: the only file of
// this room that touches the real clock, timers and sockets. WebRTC differs: pages bring theirs (@tan/viewer), Node its own
// (@tan/edge).
import { type Clock, type Logger, type Random, secureRandomBytes, sha256, silentLogger } from '@tan/primitives'
import type { TrackerSocket } from '@tan/protocol/tracker/client'
import type { ConnectRtc, HttpGet, Sha256, Timers } from './ports.ts'

export interface PeerWorld {
  readonly connect: ConnectRtc
  readonly get: HttpGet
  readonly openSocket: (url: string, subprotocol: string) => TrackerSocket
  readonly sha256: Sha256
  readonly clock: Clock
  readonly timers: Timers
  /** secure */
  readonly random: Random
  readonly logger: Logger
}

/** What browsers and Node have in common. */
export function commonWorld(logger: Logger = silentLogger): Omit<PeerWorld, 'connect'> {
  return {
    get: getByFetch,
    openSocket: (url, subprotocol) => new WebSocket(url, subprotocol),
    sha256: hashPiece,
    clock: { nowMs: () => Date.now() },
    timers: realTimers,
    random: secureRandom,
    logger,
  }
}

export const realTimers: Timers = {
  after(delayMs, call) {
    const timer = setTimeout(call, delayMs)
    return () => clearTimeout(timer)
  },
}

export const secureRandom: Random = { uint32: () => new DataView(secureRandomBytes(4).buffer).getUint32(0) }

/** Off the main thread where the platform allows it: pages that are not served securely have no WebCrypto. */
const hashPiece: Sha256 = async bytes => {
  const subtle = globalThis.crypto?.subtle
  if (subtle === undefined) return sha256(bytes)
  return new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
}

export const getByFetch: HttpGet = async (url, { range, signal }) => {
  const headers: Record<string, string> = range === undefined ? {} : { range: `bytes=${range[0]}-${range[1]}` }
  const response = await fetch(url, { headers, signal, redirect: 'follow' })
  return { status: response.status, body: chunksOf(response.body) }
}

/** Not every browser can iterate over a stream. */
async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}
