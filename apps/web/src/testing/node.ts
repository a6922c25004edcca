// For tests: a node that answers what the test says, over a real WebSocket.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type WebSocket as ServerSocket, WebSocketServer } from 'ws'

export interface TestNode {
  readonly url: string
  readonly port: number
  readonly sockets: Set<ServerSocket>
  stop(): Promise<void>
}

/** What the node answers to a request: a result, an error to be sent, or undefined for silence. */
export type Answer = (method: string, params: unknown[], socket: ServerSocket) => unknown

export async function startNode(answer: Answer, port = 0): Promise<TestNode> {
  const server = new WebSocketServer({ port, host: '127.0.0.1' })
  await once(server, 'listening')
  const sockets = new Set<ServerSocket>()
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('message', data => {
      const { id, method, params } = JSON.parse(String(data))
      const result = answer(method, params, socket)
      if (result === undefined) return
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, ...(result instanceof Error ? errorOf(result) : { result }) }))
    })
  })
  const actualPort = (server.address() as AddressInfo).port
  return {
    url: `ws://127.0.0.1:${actualPort}`,
    port: actualPort,
    sockets,
    async stop() {
      for (const socket of sockets) socket.terminate()
      server.close()
      await once(server, 'close')
    },
  }
}

function errorOf(error: Error): object {
  return { error: { code: 3, message: error.message, data: '0x01' } }
}

/** Pushes an event of a subscription. */
export function pushEvent(socket: ServerSocket, subscription: string, result: unknown): void {
  socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'eth_subscription', params: { subscription, result } }))
}
