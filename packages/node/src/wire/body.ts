// Does a block carry the transactions that its leader signed? The signature is over the header alone.
import type { Rejection } from '@tan/primitives'
import type { Block } from '@tan/protocol'
import { orderedListRoot } from '@tan/storage'
import { reject } from '../codes.ts'

/**
 * spec S-GOSSIP: for every block that comes from outside, before consensus sees it: who put another body under a right header would have
 * a node refuse the block of that hash for ever, and stop when a quorum certifies it.
 */
export function checkBody({ header, transactions }: Block): Rejection | undefined {
  if (orderedListRoot(transactions) === header.transactionsRoot) return undefined
  return reject('proposal/body', `the transactions of block ${header.height} are not those that it names`)
}
