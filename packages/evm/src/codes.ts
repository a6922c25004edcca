// With which codes this room refuses transactions, and fails. docs/errors.md lists them.
import { type ErrorTable, FORGED, OUTDATED, rejecter, UNTIMELY } from '@tan/primitives'

export const REJECTIONS = {
  'transaction/nonce-max': [FORGED, 'The nonce is above 2^64 - 2 (EIP-2681).'],
  'transaction/nonce-low': [OUTDATED, 'The nonce is used: the account is past it.'],
  'transaction/nonce-high': [UNTIMELY, 'The nonce is ahead of the account’s next.'],
  'transaction/block-gas': [UNTIMELY, 'The gas limit is above what the block has left.'],
  'transaction/gas-max': [FORGED, 'The gas limit is above what a transaction may have (EIP-7825).'],
  'transaction/gas-intrinsic': [FORGED, 'The gas limit does not cover what the transaction costs before it runs.'],
  'transaction/init-code-size': [FORGED, 'The init code is longer than a creation may have (EIP-3860).'],
  'transaction/tip-above-fee': [FORGED, 'The tip is above the whole fee.'],
  'transaction/fee-below-base': [UNTIMELY, 'The fee is below the block’s base fee.'],
  'transaction/authorizations': [FORGED, 'The authorizations do not fit the transaction or the fork (EIP-7702).'],
  'transaction/sender-code': [UNTIMELY, 'The sender is a contract (EIP-3607).'],
  'transaction/balance': [UNTIMELY, 'The sender cannot pay for the gas limit and the value.'],
} as const
export const reject: ReturnType<typeof rejecter<typeof REJECTIONS>> = rejecter(REJECTIONS)

export const ERRORS = {
  'evm/bound': 'A transaction needs more room than the engine’s tables have. Lower the gas limit.',
  'evm/busy': 'The engine was called while it runs a transaction. Use another engine, or wait.',
  'evm/gas': 'A message has gas that the engine cannot count.',
  'evm/input': 'A message’s input is too long.',
} as const satisfies ErrorTable
