// Explains in one sentence why peers do not help at the moment; undefined while they do.
import type { Reason } from '@tan/primitives'

export interface SwarmCondition {
  readonly usesPeers: boolean
  readonly hasTracker: boolean
  /** whether peers want payment */
  readonly costs: boolean
  readonly hasPool: boolean
  readonly peerCount: number
  /** the newest problem, until something works again */
  readonly problem: Reason | undefined
}

export function hintOf(condition: SwarmCondition): string | undefined {
  const { usesPeers, hasTracker, costs, hasPool, peerCount, problem } = condition
  if (!usesPeers) return undefined
  if (costs && !hasPool) {
    if (problem?.code === 'pool/funds')
      return `The player has no money to pay peers: ${problem.message}. Open the wallet and connect an account; until then, the video comes from the origin.`
    if (problem !== undefined)
      return `The payment pool could not be opened yet: ${problem.message}. Meanwhile, the video comes from the origin.`
    return 'The player is opening a payment pool on the chain. For the few seconds until it settles, the video comes from the origin.'
  }
  if (peerCount > 0) return undefined
  if (!hasTracker)
    return 'The tracker, which introduces peers, does not answer. Meanwhile, the video comes from the origin.'
  return 'No peer is near yet. Meanwhile, the video comes from the origin.'
}
