// The engine that all ledgers of a thread share: it is synchronous, tells their states apart by the host, and its memory is
// too large for each to have one.
import { createEvm, type Evm } from '@tan/evm'

let shared: Evm | undefined

export function sharedEngine(): Evm {
  shared ??= createEvm()
  return shared
}
