export { nextBaseFee } from './block/base-fee.ts'
export { type BodyLimits, type Candidates, isMisfit, type Skipped } from './block/build.ts'
export { ofTransaction } from './block/process.ts'
export { bloomMayHold, bloomOf, decodeReceipt, encodeReceipt, type Receipt } from './block/receipts.ts'
export { type ChainRules, isTimestampAcceptable, validateBlock } from './block/validate.ts'
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
export type { Log } from './state/journal.ts'
export { explainRevert } from './system/contracts.ts'
export { tanBalanceSlot } from './system/tan-token.ts'
export { type DecodedTransaction, decodeEnvelope, withSender } from './transaction/decoded.ts'
export { effectiveGasPrice, type FeeCaps, feeCapsOf, type IntrinsicGas, intrinsicGas } from './transaction/fees.ts'
export { validateTarget } from './transaction/message.ts'
export { type RecoveredTransaction, recoverTransaction } from './transaction/recover.ts'
export { type SenderState, validateSender, validateTransaction } from './transaction/validate.ts'
