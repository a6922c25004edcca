// With which codes a payee refuses pools and payments, and a payer charges. docs/errors.md lists them.
import { FORGED, IMPROPER, OUTDATED, OVERLOADED, rejecter, UNTIMELY } from '@tan/primitives'

export const REJECTIONS = {
  'payment/no-anchor': [UNTIMELY, 'The payee trusts no chain, so it can check no pool.'],
  'payment/height': [UNTIMELY, 'The payee does not know yet how far the chain is.'],
  'payment/stale-proof': [OUTDATED, 'The proof of the pool is of a block that is too old, or older than one before.'],
  'payment/proof': [IMPROPER, 'The proof does not show the pool in a settled block.'],
  'payment/signer': [IMPROPER, 'The pool’s vouchers are signed by somebody else than the payer at the other end.'],
  'payment/resource': [IMPROPER, 'The pool was made for another resource.'],
  'payment/pool': [UNTIMELY, 'There is no such pool, or it is frozen or closed.'],
  'payment/expiry': [OUTDATED, 'The pool expires too soon.'],
  'payment/funds': [UNTIMELY, 'The pool cannot pay for as much as an account is opened for.'],
  'payment/busy': [OVERLOADED, 'The payee has accounts of as many pools as it can keep.'],
  'payment/unknown-pool': [IMPROPER, 'A voucher is of a pool that the payee has not accepted.'],
  'payment/target': [IMPROPER, 'A voucher pays somebody else.'],
  'payment/unit': [IMPROPER, 'A voucher’s unit is not the payee’s price.'],
  'payment/sequence': [IMPROPER, 'A voucher’s sequence is not above that of the one before.'],
  'payment/amount': [IMPROPER, 'A voucher is worth less than what was shown before.'],
  'payment/chain': [IMPROPER, 'A voucher’s hash chain is too long, or worth more than can be counted.'],
  'payment/vouchers': [IMPROPER, 'New vouchers came faster than they were used up.'],
  'payment/signature': [IMPROPER, 'A voucher is not signed by its pool’s signer.'],
  'payment/no-voucher': [IMPROPER, 'A preimage came before the first voucher.'],
  'payment/index': [IMPROPER, 'A preimage is not of a later unit of the chain.'],
  'payment/ahead': [IMPROPER, 'A preimage pays further ahead than anybody may.'],
  'payment/preimage': [IMPROPER, 'A preimage does not lead to the element that was known.'],
  'payment/limit': [
    UNTIMELY,
    'The payee serves no more from this pool until a reserve, a redemption or a deposit allows it.',
  ],
  'payment/ended': [UNTIMELY, 'The pool is frozen, closed, or too close to its expiry to be served from.'],
  'payment/overcharged': [
    FORGED,
    'A payee claims to have charged more than it was promised: it cannot have served it.',
  ],
} as const
export type PaymentCode = keyof typeof REJECTIONS
export const reject: ReturnType<typeof rejecter<typeof REJECTIONS>> = rejecter(REJECTIONS)

/** Whether a peer that refused something meant a pool or a payment: a code is all that a wire carries. */
export function isPaymentCode(code: string): boolean {
  return code.startsWith('payment/')
}
