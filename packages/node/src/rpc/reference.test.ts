import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ethMethods } from './eth.ts'
import { netMethods } from './net.ts'
import { tanMethods } from './tan.ts'

describe('the JSON-RPC reference', () => {
  it('names every method that there is, and no other', () => {
    const reference = readFileSync(new URL('../../../../docs/rpc.md', import.meta.url), 'utf8')
    const reader = { chain: {} }
    const methods = [
      ...Object.keys(ethMethods({ reader } as never)),
      ...Object.keys(netMethods({} as never)),
      ...Object.keys(tanMethods({ reader } as never)),
      'eth_subscribe',
      'eth_unsubscribe',
    ]
    const named = new Set(reference.match(/\b(?:eth|net|web3|txpool|tan)_[a-zA-Z0-9]+/g))
    expect([...named].sort()).toEqual(methods.sort())
  })
})
