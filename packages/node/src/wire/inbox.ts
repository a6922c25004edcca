// What peers sent and consensus has not taken yet. It takes nothing while a write is on its way to disk: without a bound,
// a disk that hangs would have the memory filled by whoever sends.
import type { Verdict } from '@tan/network'
import type { Rejection } from '@tan/primitives'
import { INBOX_BYTES_MOST, INBOX_MESSAGE_OVERHEAD_BYTES } from '../limits.ts'

/** Hands a message over; the function that it is given is called once it was taken, or refused. */
export type Deliver = (onTaken: (rejection: Rejection | undefined) => void) => void

export class Inbox {
  private waitingBytes = 0

  /** What finds no room is lost, as on a network that is overloaded: consensus repeats what it needs. */
  take(sizeBytes: number, deliver: Deliver): Promise<Verdict> {
    const held = sizeBytes + INBOX_MESSAGE_OVERHEAD_BYTES
    if (this.waitingBytes + held > INBOX_BYTES_MOST) return Promise.resolve('ignore')
    this.waitingBytes += held
    return new Promise(resolve =>
      deliver(rejection => {
        this.waitingBytes -= held
        resolve(rejection === undefined ? 'accept' : isOffence(rejection) ? rejection : 'ignore')
      }),
    )
  }
}

/** What no honest peer passes on. Other rejections are its author's fault, or nobody's. */
function isOffence({ code }: Rejection): boolean {
  return /\/(signature|record|leader|form|votes|members|round)$/.test(code)
}
