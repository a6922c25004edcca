// An era: a stretch of the chain with one committee, one pool of guardians and one order of leaders. It is a value: whoever
// judges something signed asks for the era that it belongs to, and nobody keeps a committee of his own.
import type { Hash } from '@tan/primitives'
import { type Genesis, genesisCommittee, genesisPool } from '../chain/genesis.ts'
import type { SettlementProof } from '../consensus/certificates.ts'
import type { GuardianPool } from '../finality/certificates.ts'
import type { SignerSet } from '../signers.ts'
import type { EraCommittee } from './committee.ts'

export interface Era extends EraCommittee {
  /** who finalizes the checkpoints of this era */
  readonly pool: SignerSet
  /** the leader of epoch e is member `leaders[e mod length]` of the committee */
  readonly leaders: readonly number[]
  readonly firstHeight: number
  /** undefined while the era has no end */
  readonly lastHeight: number | undefined
  /** what proves that the start block is settled, so that the era before is over; undefined for genesis, which needs no proof */
  readonly handover: SettlementProof | undefined
}

/** The first era, without end until eras elect others. Its leaders take turns in the order of their addresses. */
export function genesisEra(genesis: Genesis, genesisHash: Hash): Era {
  const committee = genesisCommittee(genesis)
  return {
    domain: { chainId: genesis.chainId, start: genesisHash },
    start: { hash: genesisHash, height: 0, epoch: 0 },
    committee,
    pool: genesisPool(genesis),
    leaders: committee.signers.map((_, i) => i),
    firstHeight: 1,
    lastHeight: undefined,
    handover: undefined,
  }
}

/** Index in the committee. */
export function leaderOf({ leaders }: Pick<Era, 'leaders'>, epoch: number): number {
  return leaders[epoch % leaders.length]!
}

/** The pool within the era's instance of finality, whose root is the era's start. */
export function poolOf({ domain, pool }: Pick<Era, 'domain' | 'pool'>): GuardianPool {
  return { domain, set: pool }
}
