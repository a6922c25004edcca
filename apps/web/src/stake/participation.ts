// Participation in the newest blocks: proposals by validator, and signers of the newest finality certificate.
import type { Address } from '@tan/primitives'
import type { TanBlock } from '../rpc/tan.ts'

export interface Proposals {
  readonly count: number
  readonly newestHeight: number
}

export interface Participation {
  readonly proposals: ReadonlyMap<Address, Proposals>
  /** signers of the newest certificate that these blocks carry */
  readonly finality: { readonly height: number; readonly signers: number; readonly of: number } | undefined
}

/** `blocks` must be newest first. */
export function participationOf(blocks: readonly Pick<TanBlock, 'height' | 'proposer' | 'record'>[]): Participation {
  const proposals = new Map<Address, Proposals>()
  for (const { proposer, height } of blocks) {
    const known = proposals.get(proposer)
    proposals.set(proposer, { count: (known?.count ?? 0) + 1, newestHeight: known?.newestHeight ?? height })
  }
  return { proposals, finality: blocks.find(({ record }) => record.finality !== undefined)?.record.finality }
}
