// With which codes this room refuses what comes from outside, and fails. docs/errors.md lists them.
import { AGAINST_RULES, FORGED, OUTDATED, OVERLOADED, rejecter, UNTIMELY } from '@tan/primitives'

export const REJECTIONS = {
  'proposal/body': [FORGED, 'A block came with other transactions than those that its header names.'],
  'sync/era': [UNTIMELY, 'A block is of an era that this node does not know yet.'],
  'settlement/topic': [FORGED, 'Something other than a block came where blocks are gossiped.'],
  'hello/validator': [FORGED, 'A peer claims a validator’s key that it does not hold.'],
  'sync/announced': [FORGED, 'A peer announced a block that it does not give.'],
  'sync/silent': [FORGED, 'A peer did not give blocks in time.'],
  'mempool/known': [OUTDATED, 'The transaction is in the pool already.'],
  'mempool/nonce-low': [OUTDATED, 'The nonce is used: the account is past it.'],
  'mempool/nonce-gap': [UNTIMELY, 'The nonce is too far above the account’s next.'],
  'mempool/underpriced': [
    AGAINST_RULES,
    'A transaction with this nonce is waiting, and this one does not pay enough more to replace it.',
  ],
  'mempool/account-full': [OVERLOADED, 'The account has as many transactions in the pool as it may.'],
  'mempool/full': [OVERLOADED, 'The pool is full of transactions that pay as much.'],
  'mempool/fee-low': [AGAINST_RULES, 'The fee is below the chain’s lowest base fee.'],
  'mempool/balance': [UNTIMELY, 'The account cannot pay for the transaction beside all of its own that wait.'],
} as const
export const reject: ReturnType<typeof rejecter<typeof REJECTIONS>> = rejecter(REJECTIONS)
