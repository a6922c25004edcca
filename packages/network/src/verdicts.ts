// What follows from what a handler said of a message, or from its failure: the peer that is to blame is penalised, a bug
// of ours stops the process, and anything else is logged.
import { AssertionError, type Reason, reasonOf } from '@tan/primitives'
import type { Protocol } from './protocols.ts'
import type { Telemetry } from './telemetry.ts'
import type { PeerId, Verdict } from './transport.ts'

export type Penalize = (peer: PeerId, protocol: Protocol, reason: Reason) => void

export class Verdicts {
  readonly penalize: Penalize
  readonly #telemetry: Telemetry

  constructor(telemetry: Telemetry, penalize: Penalize) {
    this.#telemetry = telemetry
    this.penalize = penalize
  }

  /** The verdict, as far as it concerns the sender: what it is not to blame for is only not passed on. */
  judge(peer: PeerId, protocol: Protocol, verdict: Verdict): Verdict {
    if (typeof verdict !== 'object') return verdict
    if (verdict.blame !== 'sender') return 'ignore'
    this.penalize(peer, protocol, verdict)
    return verdict
  }

  /** A bug of ours stops the process, however deep in a library's callback it shows; anything else is logged. */
  handlerFailed(protocol: Protocol, error: unknown): void {
    if (error instanceof AssertionError)
      queueMicrotask(() => {
        throw error
      })
    else this.#telemetry.handlerFailed(protocol, reasonOf(error))
  }
}

export const RATE: Reason = { code: 'network/rate', message: 'more messages than the protocol allows' }
