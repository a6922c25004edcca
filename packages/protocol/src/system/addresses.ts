// Where the system contracts live: 0x…"TAN" and a number. At genesis each has nonce 1 and the code 0xfe.
import type { Address } from '@tan/primitives'

export const SYSTEM_ADDRESSES = {
  tanToken: '0x0000000000000000000000000000000054414e01',
  staking: '0x0000000000000000000000000000000054414e02',
  paymentPools: '0x0000000000000000000000000000000054414e03',
  evidence: '0x0000000000000000000000000000000054414e04',
  parameters: '0x0000000000000000000000000000000054414e05',
  treasury: '0x0000000000000000000000000000000054414e06',
} as const satisfies Readonly<Record<string, Address>>

/** Never runs: the executor answers calls to system contracts itself. It exists for Solidity's extcodesize check. */
export const SYSTEM_CODE: Uint8Array = Uint8Array.of(0xfe)
