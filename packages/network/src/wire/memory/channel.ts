// Connections and byte streams of the in-memory network. Whatever one side does, the other sees in a later turn.
import { LIMITS } from '../../limits.ts'
import type { PeerId } from '../../transport.ts'
import type { Channel, ChannelListener } from '../wire.ts'

export class MemoryConnection {
  readonly #listeners: (() => void)[] = []
  readonly #channels = new Set<MemoryChannel>()
  #isClosed = false

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Channels have closed before. */
  onClose(listener: () => void): void {
    this.#listeners.push(listener)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    setImmediate(() => {
      for (const channel of [...this.#channels]) channel.close()
      for (const listener of this.#listeners) listener()
    })
  }

  add(channel: MemoryChannel): void {
    this.#channels.add(channel)
  }

  remove(channel: MemoryChannel): void {
    this.#channels.delete(channel)
  }
}

export class MemoryChannel implements Channel {
  readonly peer: PeerId
  readonly #connection: MemoryConnection
  #other: MemoryChannel | undefined
  #listener: ChannelListener | undefined
  /** written by the other side, and not delivered yet */
  #incoming: Uint8Array[] = []
  #incomingBytes = 0
  #isDelivering = false
  #isPaused = false
  #isWriterWaiting = false
  /** the other side writes no more; what it wrote may still be on the way */
  #isEnding = false
  #hasEnded = false
  #isWriteEnded = false
  #isClosed = false

  private constructor(connection: MemoryConnection, peer: PeerId) {
    this.#connection = connection
    this.peer = peer
    connection.add(this)
  }

  static pair(connection: MemoryConnection, opener: PeerId, other: PeerId): [MemoryChannel, MemoryChannel] {
    const ours = new MemoryChannel(connection, other)
    const theirs = new MemoryChannel(connection, opener)
    ours.#other = theirs
    theirs.#other = ours
    return [ours, theirs]
  }

  listen(listener: ChannelListener): void {
    this.#listener = listener
    if (this.#isClosed) setImmediate(() => listener.closed())
    else this.#deliverLater()
  }

  write(bytes: Uint8Array): boolean {
    const other = this.#other
    if (this.#isClosed || this.#isWriteEnded || other === undefined) return false
    other.#incoming.push(bytes.slice())
    other.#incomingBytes += bytes.length
    other.#deliverLater()
    if (other.#incomingBytes < LIMITS.memoryWindowBytes) return true
    other.#isWriterWaiting = true
    return false
  }

  end(): void {
    if (this.#isWriteEnded || this.#isClosed) return
    this.#isWriteEnded = true
    if (this.#other === undefined) return
    this.#other.#isEnding = true
    this.#other.#deliverLater()
  }

  abort(): void {
    this.close()
    const other = this.#other
    setImmediate(() => other?.close())
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#deliverLater()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#incoming = []
    this.#connection.remove(this)
    this.#listener?.closed()
  }

  #deliverLater(): void {
    if (this.#isDelivering || this.#listener === undefined) return
    this.#isDelivering = true
    setImmediate(() => {
      this.#isDelivering = false
      this.#deliver()
    })
  }

  #deliver(): void {
    while (this.#incoming.length > 0 && !this.#isClosed && !this.#isPaused) {
      const bytes = this.#incoming.shift()!
      this.#incomingBytes -= bytes.length
      this.#listener?.data(bytes)
    }
    if (this.#isClosed || this.#isPaused) return
    if (this.#isWriterWaiting) {
      this.#isWriterWaiting = false
      setImmediate(() => this.#other?.drained())
    }
    if (this.#isEnding && !this.#hasEnded) {
      this.#hasEnded = true
      this.#listener?.ended()
    }
    this.#closeIfBothEnded()
  }

  private drained(): void {
    if (!this.#isClosed) this.#listener?.drained()
  }

  #closeIfBothEnded(): void {
    const other = this.#other
    if (other === undefined || !this.#hasEnded || !other.#hasEnded) return
    this.close()
    other.close()
  }
}
