// A devnet's faucet: sends a little of both currencies to anyone who asks, one transaction after the other.
import type { Address, Hash } from '@tan/primitives'
import { CodedError } from '@tan/primitives'
import { openSender, type SenderOptions, tanToken } from './chain-client.ts'

const TANGAM_WEI = 100n * 10n ** 18n
const TAN_WEI = 1_000n * 10n ** 18n
/** requests that may wait */
const QUEUE_MAX = 100

export interface Gift {
  readonly tangamWei: string
  readonly tanWei: string
  readonly hashes: readonly Hash[]
}

export async function openFaucet(options: SenderOptions): Promise<(to: Address) => Promise<Gift>> {
  const sender = await openSender(options)
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return async to => {
    if (waiting >= QUEUE_MAX) throw new CodedError('faucet/busy', 'too many requests at once: try again soon')
    waiting++
    const gift = last.then(async (): Promise<Gift> => {
      const gam = await sender.send(to, TANGAM_WEI)
      const tan = await sender.call({ contract: tanToken, name: 'transfer', args: [to, TAN_WEI] })
      const hashes = [gam.transactionHash, tan.transactionHash]
      return { tangamWei: TANGAM_WEI.toString(), tanWei: TAN_WEI.toString(), hashes }
    })
    last = gift.catch(() => {}).finally(() => waiting--)
    return gift
  }
}
