// The system contracts as clients call them and read their events, by the ABI in abi.ts.
import { ContractInterface } from '../abi/interface.ts'
import { PAYMENT_POOLS_ABI, STAKING_ABI, TAN_TOKEN_ABI } from './abi.ts'
import { SYSTEM_ADDRESSES } from './addresses.ts'

export const tanToken: ContractInterface<typeof TAN_TOKEN_ABI> = new ContractInterface(
  SYSTEM_ADDRESSES.tanToken,
  TAN_TOKEN_ABI,
)
export const staking: ContractInterface<typeof STAKING_ABI> = new ContractInterface(
  SYSTEM_ADDRESSES.staking,
  STAKING_ABI,
)
export const paymentPools: ContractInterface<typeof PAYMENT_POOLS_ABI> = new ContractInterface(
  SYSTEM_ADDRESSES.paymentPools,
  PAYMENT_POOLS_ABI,
)
