// Why peers do not help at the moment, in a sentence for the person who watches; undefined while they do.
import type { Reason } from '@tan/primitives'

export interface SwarmCondition {
  readonly usesPeers: boolean
  readonly hasTracker: boolean
  /** do peers ask for money? */
  readonly costs: boolean
  readonly hasPool: boolean
  readonly peerCount: number
  /** the newest, as long as nothing has worked since */
  readonly problem: Reason | undefined
}

export function hintOf(condition: SwarmCondition): string | undefined {
  const { usesPeers, hasTracker, costs, hasPool, peerCount, problem } = condition
  if (!usesPeers) return undefined
  if (costs && !hasPool) {
    if (problem?.code === 'pool/funds')
      return `Peers want to be paid, and there is nothing to pay with: ${problem.message}. Open the wallet and connect an account; until then the origin serves.`
    if (problem !== undefined)
      return `The payment pool could not be opened yet: ${problem.message}. The origin serves meanwhile.`
    return 'A payment pool is being opened on the chain. Until it has settled, a few seconds, the origin serves.'
  }
  if (peerCount > 0) return undefined
  if (!hasTracker) return 'The tracker, which introduces peers, does not answer. The origin serves meanwhile.'
  return 'No peer is near yet. The origin serves meanwhile.'
}
