// With which codes this room refuses blocks and transactions, and fails. docs/errors.md lists them.
import { AGAINST_RULES, type ErrorTable, FORGED, rejecter, UNTIMELY } from '@tan/primitives'

export const REJECTIONS = {
  'block/parent': [AGAINST_RULES, 'The block names another parent than the one that it was put on.'],
  'block/height': [AGAINST_RULES, 'The block’s height does not follow its parent’s.'],
  'block/timestamp': [AGAINST_RULES, 'The block’s timestamp is below its parent’s.'],
  'block/gas-limit': [AGAINST_RULES, 'The block’s gas limit is not the chain’s.'],
  'block/gas-used': [
    AGAINST_RULES,
    'The header claims another amount of gas than the block used, or more than its limit.',
  ],
  'block/base-fee': [AGAINST_RULES, 'The block’s base fee does not follow from its parent.'],
  'block/record': [AGAINST_RULES, 'The header names another consensus record than the one that came with it.'],
  'block/mix': [AGAINST_RULES, 'The block’s mix does not follow from its parent’s and its reveal.'],
  'block/body-length': [AGAINST_RULES, 'The block holds more transactions than a block may.'],
  'block/body-size': [AGAINST_RULES, 'The block’s transactions take more bytes than a block’s may.'],
  'block/transactions-root': [AGAINST_RULES, 'The header names other transactions than those that came with it.'],
  'block/receipts-root': [AGAINST_RULES, 'The header claims other receipts than execution gave.'],
  'block/bloom': [AGAINST_RULES, 'The header claims another bloom filter than that of the logs.'],
  'block/state-root': [AGAINST_RULES, 'The header claims another state than execution gave.'],
  'block/transaction': [AGAINST_RULES, 'The block holds a transaction that is not valid where it stands.'],
  'transaction/chain-id': [FORGED, 'The transaction names no chain, or another one (EIP-155).'],
  'transaction/signature': [FORGED, 'The signature belongs to no account.'],
  'transaction/block-size': [UNTIMELY, 'The transaction is longer than what the block has left.'],
  'call/reverted': [AGAINST_RULES, 'The call reverts.'],
  'call/halted': [AGAINST_RULES, 'The call halts: it runs out of gas, or does what cannot be done.'],
} as const
export const reject: ReturnType<typeof rejecter<typeof REJECTIONS>> = rejecter(REJECTIONS)

export const ERRORS = {
  'genesis/balance': 'A genesis balance or stake is wrong. The message names the account and says why.',
  'genesis/guardian':
    'A guardian of the genesis file fails the checks that later guardians pass. The message names it and says why.',
  'genesis/holders': 'The list of holders cannot become a genesis. The message lists what is wrong, line by line.',
  'genesis/not-empty': 'The store holds a chain already. Choose an empty folder.',
  'receipt/type':
    'A receipt is of a type that the chain does not have: the data folder is damaged, or of another version.',
} as const satisfies ErrorTable
