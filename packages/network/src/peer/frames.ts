// Messages on a byte stream: each after its length, 4 bytes, big-endian.
import { LIMITS } from '../limits.ts'

export const FRAME_HEADER_BYTES = 4
const FIRST_ALLOCATION_BYTES = 64 * 1024

/** One write for as many of the messages as a batch holds, at least one. */
export function encodeFrames(messages: readonly Uint8Array[]): { bytes: Uint8Array; count: number } {
  let size = FRAME_HEADER_BYTES + messages[0]!.length
  let count = 1
  while (count < messages.length) {
    const more = FRAME_HEADER_BYTES + messages[count]!.length
    if (size + more > LIMITS.writeBatchBytes) break
    size += more
    count++
  }
  const bytes = new Uint8Array(size)
  let at = 0
  for (let i = 0; i < count; i++) {
    const message = messages[i]!
    writeLength(bytes, at, message.length)
    bytes.set(message, at + FRAME_HEADER_BYTES)
    at += FRAME_HEADER_BYTES + message.length
  }
  return { bytes, count }
}

export function encodeFrame(message: Uint8Array): Uint8Array {
  return encodeFrames([message]).bytes
}

function writeLength(bytes: Uint8Array, at: number, length: number): void {
  bytes[at] = length >>> 24
  bytes[at + 1] = length >>> 16
  bytes[at + 2] = length >>> 8
  bytes[at + 3] = length
}

/**
 * Cuts a stream into messages. What it holds grows with what was received, never with what was announced: a peer cannot
 * make us allocate by four bytes.
 */
export class FrameReader {
  readonly #sizeMaxBytes: number
  readonly #input: Uint8Array[] = []
  #inputAt = 0
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES)
  #headerFilled = 0
  #message: Uint8Array | undefined
  #filled = 0
  #oversizeBytes: number | undefined

  constructor(sizeMaxBytes: number) {
    this.#sizeMaxBytes = sizeMaxBytes
  }

  /** The length of a message above the bound; nothing after it can be read. */
  get oversizeBytes(): number | undefined {
    return this.#oversizeBytes
  }

  /** Whether an incomplete message is pending. */
  get isPartial(): boolean {
    return this.#headerFilled > 0 || this.#input.length > 0
  }

  push(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#input.push(bytes)
  }

  /** The next complete message, in its own memory. */
  next(): Uint8Array | undefined {
    while (this.#oversizeBytes === undefined) {
      const length = this.#readLength()
      if (length === undefined) return undefined
      if (length > this.#sizeMaxBytes) {
        this.#oversizeBytes = length
        return undefined
      }
      if (this.#filled === length) return this.#finish()
      if (!this.#fill(length)) return undefined
    }
    return undefined
  }

  #readLength(): number | undefined {
    while (this.#headerFilled < FRAME_HEADER_BYTES) {
      const bytes = this.#input[0]
      if (bytes === undefined) return undefined
      this.#header[this.#headerFilled++] = bytes[this.#inputAt]!
      this.#advance(bytes, 1)
    }
    const [a, b, c, d] = this.#header as unknown as readonly [number, number, number, number]
    return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
  }

  /** Takes from the input what there is for this message; false if there was nothing. */
  #fill(length: number): boolean {
    const bytes = this.#input[0]
    if (bytes === undefined) return false
    const count = Math.min(bytes.length - this.#inputAt, length - this.#filled)
    const message = this.#room(length, this.#filled + count)
    message.set(bytes.subarray(this.#inputAt, this.#inputAt + count), this.#filled)
    this.#filled += count
    this.#advance(bytes, count)
    return true
  }

  #room(length: number, needed: number): Uint8Array {
    const held = this.#message
    if (held !== undefined && held.length >= needed) return held
    const grown = new Uint8Array(Math.min(length, Math.max(needed, FIRST_ALLOCATION_BYTES, 2 * (held?.length ?? 0))))
    if (held !== undefined) grown.set(held.subarray(0, this.#filled))
    this.#message = grown
    return grown
  }

  /** The room for a message never exceeds its length, so a filled one is the message. */
  #finish(): Uint8Array {
    const message = this.#message ?? new Uint8Array(0)
    this.#message = undefined
    this.#filled = 0
    this.#headerFilled = 0
    return message
  }

  #advance(bytes: Uint8Array, count: number): void {
    this.#inputAt += count
    if (this.#inputAt === bytes.length) {
      this.#input.shift()
      this.#inputAt = 0
    }
  }
}
