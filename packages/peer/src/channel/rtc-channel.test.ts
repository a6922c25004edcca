import { describe, expect, it } from 'vitest'
import { CHANNEL_LINGER_MS, EARLY_MESSAGES_MAX } from '../limits.ts'
import { RtcChannel } from './rtc-channel.ts'

const quiet = { timers: { after: () => () => {} }, bufferedBytes: () => 7, send: () => {}, close: () => {} }

function listen(channel: RtcChannel): string[] {
  const heard: string[] = []
  channel.listen({
    message: bytes => heard.push(`message ${bytes.join()}`),
    drained: () => heard.push('drained'),
    closed: () => heard.push('closed'),
  })
  return heard
}

describe('a data channel', () => {
  it('keeps what comes before anybody listens, in order, its end last', () => {
    const channel = new RtcChannel(quiet)
    channel.received(new Uint8Array([1]))
    channel.received(new Uint8Array([2]))
    channel.lost()
    expect(listen(channel)).toEqual(['message 1', 'message 2', 'closed'])
  })

  it('is left when more comes than is kept', () => {
    const channel = new RtcChannel(quiet)
    for (let i = 0; i <= EARLY_MESSAGES_MAX; i++) channel.received(new Uint8Array([i]))
    expect(channel.bufferedBytes).toBe(0)
    expect(listen(channel).at(-1)).toBe('closed')
  })

  it('takes a text for a message that cannot be decoded', () => {
    const channel = new RtcChannel(quiet)
    const heard = listen(channel)
    channel.received('hello')
    expect(heard).toEqual(['message '])
  })

  it('tells of its end once, and of nothing behind it', () => {
    const channel = new RtcChannel(quiet)
    const heard = listen(channel)
    channel.lost()
    channel.lost()
    channel.received(new Uint8Array([1]))
    expect(heard).toEqual(['closed'])
  })

  it('counts as lost when it cannot send', () => {
    const channel = new RtcChannel({
      ...quiet,
      send: () => {
        throw new Error('closed')
      },
    })
    const heard = listen(channel)
    channel.send(new Uint8Array([1]))
    channel.send(new Uint8Array([2]))
    expect(heard).toEqual(['closed'])
  })

  it('says nothing of its end to whoever closed it', () => {
    const channel = new RtcChannel(quiet)
    const heard = listen(channel)
    channel.close()
    channel.lost()
    expect(heard).toEqual([])
  })

  it('leaves time for what was sent last before the connection goes', () => {
    const done: string[] = []
    const timers = {
      after: (delayMs: number, call: () => void) => {
        done.push(`in ${delayMs} ms`)
        call()
        return () => {}
      },
    }
    const channel = new RtcChannel({ ...quiet, timers, close: () => done.push('closed') })
    channel.close()
    channel.close()
    expect(done).toEqual([`in ${CHANNEL_LINGER_MS} ms`, 'closed'])
  })
})
