// What peers sent and consensus has not taken yet. It takes nothing while a write is on its way to disk: without a bound,
// a disk that hangs would have the memory filled by whoever sends.
import type { Outcome, OutcomeHandler } from '@tan/consensus'
import type { Verdict } from '@tan/network'
import { INBOX_MAX_BYTES, INBOX_MESSAGE_OVERHEAD_BYTES } from '../limits.ts'

/** Hands a message over; the function that it is given is called once it is known what became of it. */
export type Deliver = (onOutcome: OutcomeHandler) => void

export class Inbox {
  private waitingBytes = 0

  /** What finds no room is lost, as on a network that is overloaded: consensus repeats what it needs. */
  take(sizeBytes: number, deliver: Deliver): Promise<Verdict> {
    const held = sizeBytes + INBOX_MESSAGE_OVERHEAD_BYTES
    if (this.waitingBytes + held > INBOX_MAX_BYTES) return Promise.resolve('ignore')
    this.waitingBytes += held
    return new Promise(resolve =>
      deliver(outcome => {
        this.waitingBytes -= held
        resolve(verdictOn(outcome))
      }),
    )
  }
}

/** Passed on is what was verified and is new, and nothing else: the rest may be garbage that another would be blamed for. */
function verdictOn(outcome: Outcome): Verdict {
  if (outcome === 'taken') return 'accept'
  return outcome === 'nothing-new' ? 'ignore' : outcome
}
