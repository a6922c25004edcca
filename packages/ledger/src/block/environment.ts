// What a block's transactions see of it: the engine's environment, and what TAN's own contracts ask beyond that.
import type { Environment } from '@tan/evm'
import type { BlockHeader } from '@tan/protocol'
import type { ChainRules } from './validate.ts'

/** One for each block: the engine tells blocks apart by it. */
export interface BlockEnvironment extends Environment {
  readonly rules: ChainRules
  readonly height: number
  readonly timestampS: number
}

export type EnvironmentFields = Pick<
  BlockHeader,
  'height' | 'timestampS' | 'beneficiary' | 'baseFeePerGas' | 'gasLimit' | 'mix'
>

export function environmentOf(rules: ChainRules, header: EnvironmentFields): BlockEnvironment {
  const { height, timestampS, beneficiary, baseFeePerGas, gasLimit, mix } = header
  return {
    rules,
    height,
    timestampS,
    fork: rules.fork,
    chainId: BigInt(rules.chainId),
    number: BigInt(height),
    timestamp: BigInt(timestampS),
    coinbase: beneficiary,
    gasLimit: BigInt(gasLimit),
    baseFee: baseFeePerGas,
    prevRandao: mix,
    // there are no blobs, and so their fee is the least (EIP-7516)
    blobBaseFee: 1n,
  }
}
