import { afterEach, expect, test } from 'vitest'
import { type Answer, pushEvent, startNode } from '../testing/node.ts'
import { createRpcLink, type LinkState, type RpcLink } from './link.ts'

function until(link: RpcLink, kind: LinkState['kind']): Promise<void> {
  return new Promise(resolve => {
    const check = (): void => {
      if (link.state.get().kind !== kind) return
      end()
      resolve()
    }
    const end = link.state.subscribe(check)
    check()
  })
}

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

function track<T extends { stop(): unknown } | { close(): unknown }>(thing: T): T {
  ends.unshift(() => ('stop' in thing ? thing.stop() : thing.close()))
  return thing
}

test('a request that is made before the connection stands is answered', async () => {
  const node = track(await startNode((method, params) => ({ method, params })))
  const link = track(createRpcLink(node.url))
  expect(await link.request({ method: 'a', params: [1] })).toEqual({ method: 'a', params: [1] })
})

test("the node's error answer keeps its code and data", async () => {
  const node = track(await startNode(() => new Error('reverted')))
  const link = track(createRpcLink(node.url))
  await expect(link.request({ method: 'a' })).rejects.toMatchObject({ code: 3, message: 'reverted', data: '0x01' })
})

test('a lost connection rejects what was sent, shows, heals, and brings subscriptions back', async () => {
  let subscribed = 0
  const answer: Answer = (method, _params, socket) => {
    if (method !== 'eth_subscribe') return method === 'silence' ? undefined : 'ok'
    const id = `0x${++subscribed}`
    setImmediate(() => pushEvent(socket, id, subscribed))
    return id
  }
  const first = await startNode(answer)
  const link = track(createRpcLink(first.url))
  const events: unknown[] = []
  let gotEvent = (): void => {}
  link.subscribe(['newHeads'], event => {
    events.push(event)
    gotEvent()
  })
  await new Promise<void>(resolve => {
    gotEvent = resolve
  })

  const unanswered = link.request({ method: 'silence' })
  const rejection = expect(unanswered).rejects.toMatchObject({ code: 'rpc/lost' })
  await first.stop()
  await rejection
  await until(link, 'lost')

  const waits = link.request({ method: 'later' })
  const second = track(await startNode(answer, first.port))
  await new Promise<void>(resolve => {
    gotEvent = resolve
    link.retryNow()
  })
  expect(await waits).toBe('ok')
  expect(link.state.get().kind).toBe('live')
  expect(events).toEqual([1, 2])
  expect(second.sockets.size).toBe(1)
})

test('noise from a node is ignored', async () => {
  const node = track(
    await startNode((method, _params, socket) => {
      for (const noise of ['{', '7', 'null', '{"id":"x"}', '{"id":99,"result":1}', '{"method":"eth_subscription"}'])
        socket.send(noise)
      return method
    }),
  )
  const link = track(createRpcLink(node.url))
  expect(await link.request({ method: 'still here' })).toBe('still here')
})

test('an address that is none shows as lost, with the reason', async () => {
  const link = track(createRpcLink('nonsense'))
  await until(link, 'lost')
  expect(link.state.get()).toMatchObject({ reason: expect.stringContaining('nonsense') })
})

test('a link that was closed answers nothing any more', async () => {
  const node = track(await startNode(() => 'ok'))
  const link = createRpcLink(node.url)
  await until(link, 'live')
  link.close()
  await expect(link.request({ method: 'a' })).rejects.toMatchObject({ code: 'rpc/closed' })
})
