// spec D-BAN: only what no other peer and no later time could make right is a lie, and only liars are banned.
import { describe, expect, it } from 'vitest'
import { isLie, REJECTIONS, reject, type SwarmCode } from './codes.ts'

describe('the rejections of a swarm', () => {
  it('ban for pieces and hashes that the publisher did not sign, and for nothing else', () => {
    const codes = Object.keys(REJECTIONS) as SwarmCode[]
    expect(codes.filter(code => isLie(reject(code, 'no')))).toEqual(['swarm/wrong-hashes', 'swarm/wrong-piece'])
  })
})
