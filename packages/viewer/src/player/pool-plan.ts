// The payment pool that a viewer opens for a film, unless it is told another.
import { type Catalog, swarmLimits } from '@tan/delivery'
import type { PoolPlan } from '@tan/peer'
import { PEERS_WANTED } from '../limits.ts'

/** Enough for the film in its best quality, and for what is paid ahead to peers that then go away. */
export function suggestedPool({ manifest, renditions }: Catalog): PoolPlan {
  const { piecePriceWei, openingWei } = manifest
  const pieces = renditions.map(rendition => rendition.pieceCount)
  const piecesMax = Math.max(...pieces) + pieces.length
  const spare = PEERS_WANTED * swarmLimits.IN_FLIGHT_MAX
  const depositWei = piecePriceWei * BigInt(Math.ceil(1.5 * piecesMax) + spare) + openingWei * BigInt(2 * PEERS_WANTED)
  return { kind: 'credit', depositWei, collateralPercent: 200, durationBlocks: 20_000, blocksLeftMin: 2_000 }
}
