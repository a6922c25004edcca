// Money for the player's session: from a devnet's faucet, or from the connected account.
import { type Address, CodedError, formatAmount } from '@tan/primitives'
import { getTangam } from '../rpc/eth.ts'
import type { RpcLink } from '../rpc/link.ts'
import type { Settings } from '../settings/settings.ts'
import { currentAccount } from '../wallet/account.ts'
import { askFaucet } from '../wallet/faucet.ts'

const WAIT_MAX_MS = 60_000
const LOOK_MS = 500

/** Resolves when the money has arrived. Throws `pool/funds` with what to do. */
export async function fundSession(
  { link, settings: { faucetUrl } }: { link: RpcLink; settings: Settings },
  address: Address,
  wei: bigint,
): Promise<void> {
  const before = await getTangam(link, address)
  const account = currentAccount.get()
  if (faucetUrl !== undefined) await askFaucet(faucetUrl, address)
  else if (account !== undefined) await account.send({ to: address, valueWei: wei, data: '0x' })
  else throw new CodedError('pool/funds', `it needs ${formatAmount(wei)} TANGam`)
  const deadlineMs = Date.now() + WAIT_MAX_MS
  while ((await getTangam(link, address)) < before + wei) {
    if (Date.now() > deadlineMs)
      throw new CodedError('pool/funds', `the requested ${formatAmount(wei)} TANGam have not arrived`)
    await new Promise(resolve => setTimeout(resolve, LOOK_MS))
  }
}
