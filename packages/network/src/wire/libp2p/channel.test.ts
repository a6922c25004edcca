import type { Stream } from '@libp2p/interface'
import { expect, it } from 'vitest'
import { Libp2pChannel } from './channel.ts'

const broken = () => {
  throw new Error('Cannot write to a stream that is closing')
}

/** A stream whose connection broke a moment ago, without having told so yet. */
class BreakingStream extends EventTarget {
  status = 'open'
  writeStatus = 'writable'
  readStatus = 'paused'
  send = broken
  resume = broken

  abort(): void {
    this.status = this.writeStatus = this.readStatus = 'aborted'
    this.dispatchEvent(new Event('close'))
  }
}

it.each([
  ['reading goes on', (channel: Libp2pChannel) => channel.resume()],
  ['something is written', (channel: Libp2pChannel) => channel.write(new Uint8Array(1))],
])('a channel whose connection breaks while %s closes, and throws nothing', (_, act) => {
  const channel = new Libp2pChannel('peer', new BreakingStream() as unknown as Stream)
  const heard: string[] = []
  channel.listen({
    data: () => heard.push('data'),
    drained: () => heard.push('drained'),
    ended: () => heard.push('ended'),
    closed: () => heard.push('closed'),
  })
  act(channel)
  act(channel)
  expect(heard).toEqual(['closed'])
})
