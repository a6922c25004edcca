// Follows what this page has sent until it is final.
import type { Hash } from '@tan/primitives'
import { certaintyOf } from '../chain/blocks.ts'
import { type ChainReceipt, findReceipt, findTransaction } from '../rpc/eth.ts'
import type { RpcLink } from '../rpc/link.ts'
import type { Certainty, ChainStatus } from '../rpc/tan.ts'
import { createStore, type Readable } from '../store.ts'

export interface Sent {
  readonly hash: Hash
  readonly what: string
  /** undefined while the transaction waits for a block */
  readonly height: number | undefined
  readonly isSuccess: boolean | undefined
}

const SENT_MAX = 20
const list = createStore<readonly Sent[]>([])

/** Newest first; not stored, because the chain has it. */
export const sent: Readable<readonly Sent[]> = list

export function addSent(hash: Hash, what: string): void {
  list.update(known => [{ hash, what, height: undefined, isSuccess: undefined }, ...known].slice(0, SENT_MAX))
}

export type SentState = 'waiting' | 'reverted' | Certainty

export function sentState({ height, isSuccess }: Sent, status: ChainStatus): SentState {
  if (height === undefined) return 'waiting'
  return isSuccess === false ? 'reverted' : certaintyOf(height, status)
}

/** Checks everything that is not final yet; called with each new status. */
export async function followSent(link: RpcLink, status: ChainStatus): Promise<void> {
  const open = list.get().filter(entry => entry.height === undefined || entry.height > status.finalized.height)
  const found = await Promise.all(open.map(entry => placeOf(link, entry.hash)))
  list.update(known =>
    known.map(entry => {
      const place = found[open.findIndex(({ hash }) => hash === entry.hash)]
      const isSame = place === undefined || (place.height === entry.height && place.isSuccess === entry.isSuccess)
      return isSame ? entry : { ...entry, ...place }
    }),
  )
}

async function placeOf(
  link: RpcLink,
  hash: Hash,
): Promise<{ height: number | undefined; isSuccess: boolean | undefined } | undefined> {
  try {
    const receipt: ChainReceipt | undefined = await findReceipt(link, hash)
    if (receipt === undefined) return { height: undefined, isSuccess: undefined }
    const transaction = await findTransaction(link, hash)
    return { height: transaction?.height, isSuccess: receipt.isSuccess }
  } catch {
    return undefined // asked again with the next status
  }
}
