// What makes a block a child of its parent (spec L-HEADER), before anything of it is executed. Whether its record's signatures and
// certificates are right is for consensus to say; here it is bytes with a hash and a reveal.
import type { Fork } from '@tan/evm'
import type { AggregateScheme, Hash, Rejection } from '@tan/primitives'
import {
  type Block,
  type BlockHeader,
  bodySizeBytes,
  type Genesis,
  hashHeader,
  hashRecord,
  limits,
  nextMix,
} from '@tan/protocol'
import { orderedListRoot } from '@tan/storage'
import { reject } from '../codes.ts'
import { nextBaseFee } from './base-fee.ts'

/** What all blocks of a chain are judged by. */
export interface ChainRules extends Pick<Genesis, 'chainId' | 'parameters'> {
  readonly bls: AggregateScheme
  /** whose rules transactions follow */
  readonly fork: Fork
  /** Must legacy transactions name the chain (EIP-155)? */
  readonly needsChainId: boolean
  /** Is what is paid above the base fee burned too, or the beneficiary's? */
  readonly burnsTips: boolean
  /** The randomness of a block, from its parent's and the leader's reveal. */
  nextMix(parentMix: Hash, reveal: Uint8Array): Hash
}

/** TAN's own. Ethereum's public vectors are run under others, and nothing else is. */
export const TAN_RULES: Pick<ChainRules, 'fork' | 'needsChainId' | 'burnsTips' | 'nextMix'> = {
  fork: 'osaka',
  needsChainId: true,
  burnsTips: true,
  nextMix,
}

/** All rules of header and body that need no state, in their order; the first that is broken is the rejection. */
export function validateBlock(
  rules: Pick<ChainRules, 'parameters' | 'nextMix'>,
  parent: BlockHeader,
  { header, record, transactions }: Block,
): Rejection | undefined {
  const { parameters } = rules
  const parentHash = hashHeader(parent)
  if (header.parentHash !== parentHash)
    return reject('block/parent', `its parent is ${header.parentHash}, not ${parentHash}`)
  if (header.height !== parent.height + 1)
    return reject('block/height', `height ${header.height} does not follow ${parent.height}`)
  if (header.timestampS < parent.timestampS)
    return reject('block/timestamp', `timestamp ${header.timestampS} is below its parent's, ${parent.timestampS}`)
  if (header.gasLimit !== parameters.blockGasLimit)
    return reject('block/gas-limit', `a gas limit of ${header.gasLimit}, not ${parameters.blockGasLimit}`)
  if (header.gasUsed > header.gasLimit)
    return reject('block/gas-used', `${header.gasUsed} gas used is above the limit, ${header.gasLimit}`)
  const baseFee = nextBaseFee(parent, parameters)
  if (header.baseFeePerGas !== baseFee)
    return reject('block/base-fee', `a base fee of ${header.baseFeePerGas} wei, not ${baseFee}`)
  const recordHash = hashRecord(record)
  if (header.recordHash !== recordHash)
    return reject(
      'block/record',
      `the header names the record ${header.recordHash}; the one beside it is ${recordHash}`,
    )
  const mix = rules.nextMix(parent.mix, record.reveal)
  if (header.mix !== mix) return reject('block/mix', `a mix of ${header.mix}, not ${mix}`)
  if (transactions.length > limits.BLOCK_TRANSACTIONS_MAX)
    return reject('block/body-length', `${transactions.length} transactions are above ${limits.BLOCK_TRANSACTIONS_MAX}`)
  const sizeBytes = bodySizeBytes({ transactions })
  if (sizeBytes > parameters.blockBodyMaxBytes)
    return reject('block/body-size', `${sizeBytes} bytes of transactions are above ${parameters.blockBodyMaxBytes}`)
  const transactionsRoot = orderedListRoot(transactions)
  if (header.transactionsRoot !== transactionsRoot)
    return reject(
      'block/transactions-root',
      `the root ${header.transactionsRoot} is of other transactions than those beside it`,
    )
  return undefined
}
