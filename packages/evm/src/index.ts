export { createEvm, type Evm } from './evm.ts'
export { FORKS, type Fork } from './forks.ts'
export type { Host, HostAccount } from './host.ts'
export * as limits from './limits.ts'
export type {
  AccessListItem,
  AccountChange,
  Environment,
  ExecutionResult,
  HaltReason,
  Log,
  Message,
  SlotChange,
  StateChanges,
  Status,
} from './message.ts'
export type { NativeCall, NativeContract, NativeResult } from './native.ts'
export { type CallLog, type CallTrace, type CallTraceOptions, traceCalls } from './tracing/calls.ts'
export { type Prestate, type PrestateAccount, type StateDiff, tracePrestate } from './tracing/prestate.ts'
export { type StructLog, type StructLogOptions, traceStructLogs } from './tracing/struct-logs.ts'
export {
  createTracingEvm,
  type FrameEnd,
  type FrameLog,
  type FrameStart,
  type Step,
  type Tracer,
  type TracingEvm,
} from './tracing/tracer.ts'
export type {
  AppliedTransaction,
  SimulatedInput,
  SimulatedTransaction,
  TransactionOptions,
  TransactionResult,
} from './transaction.ts'
export {
  type Authorization,
  costOf,
  effectiveGasPrice,
  type FeeCaps,
  type IntrinsicGas,
  intrinsicGas,
  type SenderAccount,
  type TransactionInput,
  type TransactionWork,
  validateSender,
  validateTransaction,
} from './transaction-rules.ts'
