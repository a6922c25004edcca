// A libp2p stream as a Channel.
import type { Stream } from '@libp2p/interface'
import type { PeerId } from '../../transport.ts'
import type { Channel, ChannelListener } from '../wire.ts'

export class Libp2pChannel implements Channel {
  readonly peer: PeerId
  readonly #stream: Stream
  #hasClosed = false

  constructor(peer: PeerId, stream: Stream) {
    this.peer = peer
    this.#stream = stream
  }

  listen(listener: ChannelListener): void {
    const stream = this.#stream
    const close = () => {
      if (this.#hasClosed) return
      this.#hasClosed = true
      listener.closed()
    }
    if (isOver(stream)) {
      queueMicrotask(close)
      return
    }
    stream.addEventListener('close', close)
    // also dispatched when a stream is torn down: then it did not end, and closes
    stream.addEventListener('end', () => {
      if (!isOver(stream)) listener.ended()
    })
    // All streams of a connection get its drain event, even those that wait for their own window: check again after the
    // stream has tried to continue.
    stream.addEventListener('drain', () =>
      queueMicrotask(() => {
        if (!isOver(stream) && !stream.writableNeedsDrain && stream.writeBufferLength === 0) listener.drained()
      }),
    )
    stream.addEventListener('message', ({ data }) => listener.data(data instanceof Uint8Array ? data : data.subarray()))
  }

  write(bytes: Uint8Array): boolean {
    if (this.#stream.writeStatus !== 'writable') return false
    try {
      return this.#stream.send(bytes)
    } catch (error) {
      this.#broke(error)
      return false
    }
  }

  end(): void {
    this.#stream.close().catch(error => this.#stream.abort(error))
  }

  abort(): void {
    this.#stream.abort(new Error('ended by this node'))
  }

  pause(): void {
    if (this.#isReadable) this.#stream.pause()
  }

  resume(): void {
    if (!this.#isReadable) return
    try {
      // tells the other side how much it may send now
      this.#stream.resume()
    } catch (error) {
      this.#broke(error)
    }
  }

  /** The connection broke during a write: abort the stream, which would otherwise only look closed. */
  #broke(error: unknown): void {
    this.#stream.abort(error instanceof Error ? error : new Error(String(error)))
  }

  get #isReadable(): boolean {
    const { readStatus } = this.#stream
    return readStatus === 'readable' || readStatus === 'paused'
  }
}

function isOver({ status }: Stream): boolean {
  return status === 'closed' || status === 'aborted' || status === 'reset'
}
