// HTTP and WebSockets for an edge, which goes where manifests point: never to private addresses, whatever a name resolves
// to at that moment. A devnet allows loopback.

import { type LookupAddress, type LookupOptions, lookup as resolve } from 'node:dns'
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { BlockList, isIP } from 'node:net'
import type { HttpAnswer, HttpGet } from '@tan/peer'
import { CodedError } from '@tan/primitives'
import type { TrackerSocket } from '@tan/protocol/tracker/client'
import WebSocket from 'ws'
import { HTTP_HEAD_MAX_MS, HTTP_SOCKETS_MAX } from './limits.ts'

export interface GuardedNetwork {
  readonly get: HttpGet
  readonly openSocket: (url: string, subprotocol: string) => TrackerSocket
}

type LookupDone = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void

const PRIVATE: readonly (readonly [net: string, prefix: number, family: 'ipv4' | 'ipv6'])[] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  ['::', 128, 'ipv6'],
  ['64:ff9b::', 96, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
  ['2002::', 16, 'ipv6'],
]

const forbidden = new BlockList()
for (const [net, prefix, family] of PRIVATE) forbidden.addSubnet(net, prefix, family)
const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** May an edge go there? IPv4 addresses in IPv6 clothes are judged as what they are. */
export function isPublicAddress(address: string, allowsLoopback: boolean): boolean {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (isIP(address) === 0) return false
  if (loopback.check(address, family)) return allowsLoopback
  return !forbidden.check(address, family)
}

export function createGuardedNetwork(allowsLoopback: boolean): GuardedNetwork {
  const agents = {
    http: new HttpAgent({ keepAlive: true, maxSockets: HTTP_SOCKETS_MAX }),
    https: new HttpsAgent({ keepAlive: true, maxSockets: HTTP_SOCKETS_MAX }),
  }

  /** Resolves a name, and refuses it where any of its addresses is private. */
  function lookup(hostname: string, options: LookupOptions, done: LookupDone): void {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, [])
      const bad = addresses.find(({ address }) => !isPublicAddress(address, allowsLoopback))
      if (bad !== undefined) return done(refusal(hostname, bad.address), [])
      if (options.all === true) done(null, addresses)
      else done(null, addresses[0]!.address, addresses[0]!.family)
    })
  }

  /** A name is judged when it is resolved; an address that stands in the URL is never looked up. */
  function assertGoesOut(url: string): URL {
    const parsed = new URL(url)
    const host = parsed.hostname.replace(/^\[|\]$/g, '')
    if (isIP(host) !== 0 && !isPublicAddress(host, allowsLoopback)) throw refusal(host, host)
    return parsed
  }

  return {
    get: (url, { range, signal }) =>
      new Promise<HttpAnswer>((resolveAnswer, reject) => {
        const { protocol, href } = assertGoesOut(url)
        const headers = range === undefined ? {} : { range: `bytes=${range[0]}-${range[1]}` }
        const isSecure = protocol === 'https:'
        const options = {
          headers,
          signal,
          lookup,
          timeout: HTTP_HEAD_MAX_MS,
          agent: isSecure ? agents.https : agents.http,
        }
        const request = (isSecure ? requestHttps : requestHttp)(href, options, response =>
          resolveAnswer({ status: response.statusCode ?? 0, body: bodyOf(response) }),
        )
        request.once('error', reject)
        request.once('timeout', () => request.destroy(new CodedError('edge/http-timeout', `${url} does not answer`)))
        request.end()
      }),
    openSocket(url, subprotocol) {
      assertGoesOut(url)
      return new WebSocket(url, subprotocol, { lookup, maxRedirects: 0, maxPayload: 256 * 1024 }) as TrackerSocket
    },
  }
}

async function* bodyOf(response: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response) yield chunk as Uint8Array
  } finally {
    // Left early, its connection is of no use to others.
    if (!response.complete) response.destroy()
  }
}

function refusal(host: string, address: string): CodedError {
  return new CodedError(
    'edge/private-address',
    `${host} is at ${address}, where an edge does not go on a manifest's word`,
  )
}
