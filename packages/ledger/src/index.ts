export {
  costOf,
  type FeeCaps,
  type IntrinsicGas,
  type Log,
  type SenderAccount,
  type TransactionInput,
  type TransactionResult,
  validateSender,
} from '@tan/evm'
export { nextBaseFee } from './block/base-fee.ts'
export type { BodyLimits, Candidates, Skipped } from './block/build.ts'
export { ofTransaction } from './block/process.ts'
export { bloomMayHold, bloomOf, decodeReceipt, encodeReceipt, type Receipt } from './block/receipts.ts'
export { type ChainRules, TAN_RULES, validateBlock } from './block/validate.ts'
export { genesisBlock, genesisWrites } from './genesis/block.ts'
export { type Holder, parseHolders, type Swap, type SwapOptions, swapHolders } from './genesis/holders.ts'
export {
  type BlockState,
  type BuildRequest,
  type BuiltBlock,
  type ExecutedBlock,
  Ledger,
  type LedgerOptions,
} from './ledger.ts'
export * as limits from './limits.ts'
export { prefetchKeys } from './prefetch.ts'
export type { CallOutcome, CallRequest, GasEstimate } from './simulate.ts'
export { explainRevert } from './system/contracts.ts'
export { tanBalanceSlot } from './system/tan-token.ts'
export {
  type DecodedTransaction,
  decodeEnvelope,
  effectiveGasPrice,
  feeCapsOf,
  intrinsicGas,
  type RecoveredTransaction,
  recoverSigners,
  recoverTransaction,
  type SentTransaction,
  type Signers,
  validateTransaction,
  withSigners,
} from './transaction.ts'
