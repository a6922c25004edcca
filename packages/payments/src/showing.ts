// How an account is shown more: by a new voucher, or by the preimage of a later unit (spec D-VOUCHER, P-VOUCHER). Each costs
// something to check, so that each is allowed only as often as an honest payer needs it.
import { type Address, EMPTY_BYTES, fromHex, type Rejection } from '@tan/primitives'
import { isChainPreimage, recoverVoucherSigner, type SignedVoucher, voucherValue } from '@tan/protocol'
import type { Account } from './accounts.ts'
import { reject } from './codes.ts'
import { CHAIN_LENGTH, UNITS_UNDER_WAY_MAX, VOUCHER_MS, VOUCHER_UNITS, VOUCHERS_MAX } from './limits.ts'
import type { PayeeOptions } from './terms.ts'

export function showVoucher(
  account: Account | undefined,
  payer: Address,
  voucher: SignedVoucher,
  options: PayeeOptions,
  nowMs: number,
): Rejection | undefined {
  const proven = account?.proven
  if (account === undefined || proven === undefined)
    return reject('payment/unknown-pool', `no proof of pool ${voucher.poolId} was shown`)
  if (proven.pool.signer !== payer) return reject('payment/signer', 'the pool is another payer’s')
  const { self, unitPriceWei, chainId } = options
  if (voucher.target !== self) return reject('payment/target', `the voucher pays ${voucher.target}`)
  if (voucher.unit !== unitPriceWei)
    return reject('payment/unit', `a unit of ${voucher.unit} wei, where one costs ${unitPriceWei}`)
  const known = account.voucher
  if (known !== undefined && voucher.targetSettlementSequence <= known.targetSettlementSequence)
    return reject(
      'payment/sequence',
      `sequence ${voucher.targetSettlementSequence} after ${known.targetSettlementSequence}`,
    )
  if (voucher.amount < account.shownWei)
    return reject('payment/amount', `${voucher.amount} wei, where ${account.shownWei} were shown before`)
  if (voucher.chainLength > CHAIN_LENGTH || voucherValue(voucher, voucher.chainLength) === undefined)
    return reject('payment/chain', 'its chain is too long, or is worth more than 2^256')
  // Each costs a signature to check, and its chain up to 256 hashes.
  if (!takeAllowance(account, unitPriceWei, nowMs))
    return reject('payment/vouchers', 'new vouchers came faster than they were used up')
  if (recoverVoucherSigner(chainId, voucher) !== payer)
    return reject('payment/signature', 'the voucher is not signed by the pool’s signer')
  account.voucher = voucher
  account.index = 0
  account.preimage = EMPTY_BYTES
  account.shownWei = account.settledWei = voucher.amount
  account.isChanged = true
  return undefined
}

export function showPreimage(
  account: Account | undefined,
  index: number,
  preimage: Uint8Array,
  { unitPriceWei }: PayeeOptions,
): Rejection | undefined {
  const voucher = account?.voucher
  if (account === undefined || voucher === undefined)
    return reject('payment/no-voucher', 'a preimage before the first voucher')
  if (index <= account.index || index > voucher.chainLength)
    return reject('payment/index', `preimage ${index} after ${account.index}, of a chain of ${voucher.chainLength}`)
  const shownWei = voucherValue(voucher, index)!
  // Nobody pays further ahead, and each unit is a hash to check.
  if (shownWei > payableWei(account, unitPriceWei))
    return reject('payment/ahead', `${shownWei} wei, where ${account.chargedWei} were charged`)
  const known = account.index === 0 ? fromHex(voucher.chainAnchor) : account.preimage
  if (!isChainPreimage(preimage, index - account.index, known, voucher))
    return reject('payment/preimage', `preimage ${index} does not lead to the one before`)
  account.index = index
  account.preimage = preimage
  account.shownWei = shownWei
  account.isChanged = true
  return undefined
}

function payableWei({ chargedWei, settledWei }: Account, unitPriceWei: bigint): bigint {
  const baseWei = chargedWei > settledWei ? chargedWei : settledWei
  return baseWei + unitPriceWei * BigInt(UNITS_UNDER_WAY_MAX)
}

/** New vouchers come back with the units that are sold, and with time. */
function takeAllowance(account: Account, unitPriceWei: bigint, nowMs: number): boolean {
  const { left, atMs, chargedWei } = account.vouchers
  const soldWei = account.chargedWei > chargedWei ? account.chargedWei - chargedWei : 0n
  const units = unitPriceWei === 0n ? 0 : Number(soldWei / unitPriceWei)
  const now = Math.min(VOUCHERS_MAX, left + units / VOUCHER_UNITS + (nowMs - atMs) / VOUCHER_MS)
  account.vouchers = { left: now < 1 ? now : now - 1, atMs: nowMs, chargedWei: account.chargedWei }
  return now >= 1
}
