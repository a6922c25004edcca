// Checks that ports are free, before anything starts.
import { createServer } from 'node:net'
import { CodedError } from '@tan/primitives'
import { type DevnetLayout, PORTS } from './layout.ts'

const FIRST_PORT = 20_000
const LAST_PORT = 60_000

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

function portsOf({ ports }: DevnetLayout): number[] {
  return [ports.web, ports.tracker, ports.origin, ...ports.rpc, ...ports.peer, ...ports.edgeStatus]
}

/** Throws `devnet/port`. */
export async function assertPortsFree(layout: DevnetLayout): Promise<void> {
  for (const port of portsOf(layout))
    if (!(await isFree(port)))
      throw new CodedError(
        'devnet/port',
        `port ${port} is in use, perhaps by another devnet: stop it, or choose other ports with --port N (a devnet uses N to N + ${PORTS - 1})`,
      )
}

/** A range of ports that are all free now. */
export async function findFreePorts(layOut: (port: number) => DevnetLayout): Promise<DevnetLayout> {
  const start = FIRST_PORT + Math.floor((Math.random() * (LAST_PORT - FIRST_PORT)) / PORTS) * PORTS
  for (let port = start; port < LAST_PORT; port += PORTS) {
    const layout = layOut(port)
    const free = await Promise.all(portsOf(layout).map(isFree))
    if (free.every(Boolean)) return layout
  }
  throw new CodedError('devnet/port', 'no range of free ports found')
}
