// spec D-BAN: of what payers do, nothing is a lie that no other time or place could make right; of payees, what they invent is.
import { describe, expect, it } from 'vitest'
import { isPaymentCode, REJECTIONS } from './codes.ts'

describe('the rejections of payments', () => {
  it('blame a payee for good that charges what it cannot have served, and nobody else', () => {
    const lies = Object.entries(REJECTIONS).filter(([, [fault]]) => fault.blame === 'sender' && fault.isFinal)
    expect(lies.map(([code]) => code)).toEqual(['payment/overcharged'])
  })

  it('are told apart on the wire by their codes', () => {
    for (const code of Object.keys(REJECTIONS)) expect(isPaymentCode(code)).toBe(true)
    expect(isPaymentCode('swarm/busy')).toBe(false)
  })
})
