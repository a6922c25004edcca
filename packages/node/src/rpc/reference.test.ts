// docs/rpc.md names every method with its parameters, as the methods declare them.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ethMethods } from './eth.ts'
import { type Methods, signatureOf } from './method.ts'
import { netMethods } from './net.ts'
import { subscriptionMethods } from './subscriptions.ts'
import { tanMethods } from './tan.ts'

const reference = readFileSync(new URL('../../../../docs/rpc.md', import.meta.url), 'utf8')
const reader = { chain: {} }
const methods: Methods = {
  ...ethMethods({ reader } as never),
  ...netMethods({} as never),
  ...tanMethods({ reader } as never),
  ...subscriptionMethods({} as never),
}

describe('the JSON-RPC reference', () => {
  it('names every method that there is, and no other', () => {
    const named = new Set(reference.match(/\b(?:eth|net|web3|txpool|tan)_[a-zA-Z0-9]+/g))
    expect([...named].sort()).toEqual(Object.keys(methods).sort())
  })

  it('has the parameters of each, as it declares them', () => {
    const written = reference.match(/\b(?:eth|net|web3|txpool|tan)_[a-zA-Z0-9]+\([^)]*\)/g)
    expect([...new Set(written)].sort()).toEqual(
      Object.entries(methods)
        .map(([name, method]) => signatureOf(name, method))
        .sort(),
    )
  })
})
