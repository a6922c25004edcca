// An amount of one of the two currencies; hovering shows all digits.
import type { ReactNode } from 'react'
import type { Currency } from '../chain/decode.ts'
import { formatTokens, formatTokensExactly } from '../format.ts'

export function Amount({ wei, currency }: { wei: bigint; currency: Currency }): ReactNode {
  return <span title={formatTokensExactly(wei, currency)}>{formatTokens(wei, currency)}</span>
}
