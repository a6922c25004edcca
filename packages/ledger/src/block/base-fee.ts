// The base fee follows how full the parent block was (EIP-1559), and never falls below the chain's floor (spec L-BASEFEE).
import type { BlockHeader, ChainParameters } from '@tan/protocol'

const ELASTICITY = 2n
const CHANGE_DENOMINATOR = 8n

/** Of the block after `parent`, in TANGam wei a gas. */
export function nextBaseFee(
  parent: Pick<BlockHeader, 'gasLimit' | 'gasUsed' | 'baseFeePerGas'>,
  { baseFeeMinWei }: Pick<ChainParameters, 'baseFeeMinWei'>,
): bigint {
  const target = BigInt(parent.gasLimit) / ELASTICITY
  const used = BigInt(parent.gasUsed)
  const before = parent.baseFeePerGas
  if (used === target) return atLeast(before, baseFeeMinWei)
  if (used > target) {
    const rise = (before * (used - target)) / target / CHANGE_DENOMINATOR
    return atLeast(before + atLeast(rise, 1n), baseFeeMinWei)
  }
  return atLeast(before - (before * (target - used)) / target / CHANGE_DENOMINATOR, baseFeeMinWei)
}

function atLeast(value: bigint, least: bigint): bigint {
  return value > least ? value : least
}
