// One question and one answer on one stream. The question is a frame and the end of the stream; the answer is a frame
// whose first byte says whether the rest is the response or a refusal.
import { CodedError, codec, concatBytes, decode, encode, type Reason, reasonOf, utf8ToBytes } from '@tan/primitives'
import { abortedError } from '../deadline.ts'
import { LIMITS } from '../limits.ts'
import type { RequestProtocol } from '../protocols.ts'
import type { Channel } from '../wire/wire.ts'
import { encodeFrame, FrameReader } from './frames.ts'

const RESPONSE = 0
const REFUSAL = 1
const refusalCodec = codec.struct<Reason>({
  code: codec.text(LIMITS.refusalTextMaxBytes),
  message: codec.text(LIMITS.refusalTextMaxBytes),
})
/** both texts, with the few bytes of their encoding */
const REFUSAL_SIZE_MAX_BYTES = 2 * LIMITS.refusalTextMaxBytes + 16

export interface Question {
  readonly channel: Channel
  readonly protocol: RequestProtocol
  readonly message: Uint8Array
  readonly signal: AbortSignal
}

/** Rejects with `network/garbage` or `network/oversize` for offences, otherwise as Transport.request says. */
export function ask({ channel, protocol, message, signal }: Question): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const reader = new FrameReader(Math.max(protocol.responseSizeMaxBytes, REFUSAL_SIZE_MAX_BYTES) + 1)
    let isSettled = false
    const settle = (outcome: () => void) => {
      if (isSettled) return
      isSettled = true
      signal.removeEventListener('abort', onAbort)
      outcome()
      // Ignore whatever the peer still does with the stream.
      channel.abort()
    }
    const settleWith = (answer: Uint8Array | CodedError) =>
      settle(() => (answer instanceof CodedError ? reject(answer) : resolve(answer)))
    const fail = (code: string, what: string) => settleWith(new CodedError(code, `${protocol.name}: ${what}`))
    const onAbort = () => settleWith(abortedError(signal, `${protocol.name}: an answer from ${channel.peer}`))
    signal.addEventListener('abort', onAbort)
    channel.listen({
      data(bytes) {
        reader.push(bytes)
        const frame = reader.next()
        if (reader.oversizeBytes !== undefined) fail('network/oversize', `an answer of ${reader.oversizeBytes} bytes`)
        else if (frame !== undefined) settleWith(readAnswer(protocol, channel.peer, frame))
      },
      ended() {
        if (reader.isPartial) fail('network/garbage', `${channel.peer} ended the stream within its answer`)
        else fail('network/closed', `${channel.peer} ended the stream without an answer`)
      },
      drained: () => {},
      closed: () => fail('network/closed', `the stream to ${channel.peer} closed before the answer`),
    })
    if (signal.aborted) return onAbort()
    channel.write(encodeFrame(message))
    channel.end()
  })
}

function readAnswer(protocol: RequestProtocol, peer: string, frame: Uint8Array): Uint8Array | CodedError {
  const body = frame.subarray(1)
  if (frame[0] === RESPONSE && body.length <= protocol.responseSizeMaxBytes) return body
  if (frame[0] === RESPONSE)
    return new CodedError('network/oversize', `${protocol.name}: a response of ${body.length} bytes from ${peer}`)
  const refusal = frame[0] === REFUSAL ? readRefusal(body) : undefined
  if (refusal === undefined)
    return new CodedError('network/garbage', `${protocol.name}: ${peer} answered neither a response nor a refusal`)
  const { code, message } = refusal
  return new CodedError('network/refused', `${protocol.name}: ${peer} refused: ${code}: ${message}`, {
    data: { code, message },
  })
}

function readRefusal(bytes: Uint8Array): Reason | undefined {
  try {
    return decode(refusalCodec, bytes, REFUSAL_SIZE_MAX_BYTES)
  } catch (error) {
    reasonOf(error)
    return undefined
  }
}

export interface AnswerOwner {
  /** Never rejects. */
  respond(protocol: RequestProtocol, request: Uint8Array): Promise<Uint8Array | Reason>
  garbage(protocol: RequestProtocol, reason: Reason): void
  /** Told once. */
  finished(): void
}

/** Reads the question on a stream that a peer opened, and answers it, all within the protocol's time. */
export function answer(channel: Channel, protocol: RequestProtocol, owner: AnswerOwner): void {
  const reader = new FrameReader(protocol.messageSizeMaxBytes)
  let isAnswering = false
  let isFinished = false
  const finish = () => {
    clearTimeout(timer)
    if (!isFinished) owner.finished()
    isFinished = true
  }
  const timer = setTimeout(() => {
    // A question that does not arrive is an offence; a slow or slowly read answer may be our own fault.
    if (!isAnswering)
      owner.garbage(protocol, { code: 'network/stalled', message: 'a request was not finished in time' })
    channel.abort()
    finish()
  }, protocol.timeoutMs)
  const fail = (code: string, message: string) => {
    if (isFinished) return
    channel.abort()
    finish()
    owner.garbage(protocol, { code, message: `${protocol.name}: ${message}` })
  }
  channel.listen({
    data(bytes) {
      reader.push(bytes)
      const request = isAnswering ? undefined : reader.next()
      if (reader.oversizeBytes !== undefined)
        return fail('network/oversize', `a request of ${reader.oversizeBytes} bytes`)
      if (request === undefined && !isAnswering) return
      isAnswering = true
      if (reader.isPartial) return fail('network/garbage', 'more than one request on a stream')
      if (request !== undefined) void respond(request)
    },
    ended() {
      if (isAnswering) return
      if (reader.isPartial) fail('network/garbage', 'the stream ended within a request')
      else channel.abort()
    },
    drained: () => {},
    closed: finish,
  })

  async function respond(request: Uint8Array): Promise<void> {
    const response = await owner.respond(protocol, request)
    if (isFinished) return
    channel.write(encodeFrame(encodeAnswer(response)))
    channel.end()
  }
}

function encodeAnswer(response: Uint8Array | Reason): Uint8Array {
  if (response instanceof Uint8Array) return concatBytes(Uint8Array.of(RESPONSE), response)
  const refusal = { code: cut(response.code), message: cut(response.message) }
  return concatBytes(Uint8Array.of(REFUSAL), encode(refusalCodec, refusal))
}

/** Text of at most the bytes that a refusal holds. */
function cut(text: string): string {
  let short = text.slice(0, LIMITS.refusalTextMaxBytes)
  while (utf8ToBytes(short).length > LIMITS.refusalTextMaxBytes) short = short.slice(0, -1)
  return short
}
