import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressOfSecretKey, bls, utf8ToBytes } from '@tan/primitives'
import { openStore } from '@tan/storage'
import { describe, expect, it } from 'vitest'
import { initChain, Node, type NodeOptions } from './node.ts'
import { createTestChain, createTestNode } from './testing/devnet.ts'

const folder = (): string => `level:${mkdtempSync(join(tmpdir(), 'tan-guard-'))}`
const chain = createTestChain(2)

function optionsFor(i: number, storeUrl: string): NodeOptions {
  const keys = chain.guardians[i]!
  return {
    genesis: chain.genesis,
    storeUrl,
    signer: { address: addressOfSecretKey(keys.account), secretKey: keys.bls },
    network: { key: keys.network, listen: [], bootstrap: [] },
    recoveryThreads: 0,
  }
}

const codeOf = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'started',
    error => error.code,
  )

describe('a node refuses to start', () => {
  it('on a store that was not made for its key', async () => {
    const storeUrl = folder()
    await initChain(storeUrl, chain.genesis, bls.publicKey(chain.guardians[0]!.bls))
    expect(await codeOf(Node.create(optionsFor(1, storeUrl)))).toBe('node/foreign-key')
    const follower = folder()
    await initChain(follower, chain.genesis, undefined)
    expect(await codeOf(Node.create(optionsFor(0, follower)))).toBe('node/foreign-key')
  })

  it('with a key that is no guardian, or of another account', async () => {
    const storeUrl = folder()
    await initChain(storeUrl, chain.genesis, bls.publicKey(chain.guardians[0]!.bls))
    const { signer, ...rest } = optionsFor(0, storeUrl)
    const stranger = { address: signer!.address, secretKey: bls.secretKey(new Uint8Array(32).fill(9)) }
    expect(await codeOf(Node.create({ ...rest, signer: stranger }))).toBe('node/not-a-guardian')
    const other = { address: addressOfSecretKey(chain.guardians[1]!.account), secretKey: signer!.secretKey }
    expect(await codeOf(Node.create({ ...rest, signer: other }))).toBe('node/not-a-guardian')
  })

  it('without a chain, over the chain of another genesis, or a second time over the same store', async () => {
    expect(await codeOf(Node.create(optionsFor(0, folder())))).toBe('chain/missing')
    const storeUrl = folder()
    await initChain(storeUrl, chain.genesis, bls.publicKey(chain.guardians[0]!.bls))
    expect(await codeOf(initChain(storeUrl, chain.genesis, undefined))).toBe('chain/exists')
    const otherGenesis = { ...chain.genesis, name: 'another' }
    expect(await codeOf(Node.create({ ...optionsFor(0, storeUrl), genesis: otherGenesis }))).toBe('chain/other-genesis')
    const first = await Node.create(optionsFor(0, storeUrl))
    expect(await codeOf(Node.create(optionsFor(0, storeUrl)))).toBe('storage/locked')
    await first.stop()
  })

  it('over a store with a flipped bit in its records', async () => {
    const storeUrl = folder()
    const node = await createTestNode(chain, 0, { storeUrl })
    await node.stop()
    const store = await openStore(storeUrl)
    const key = utf8ToBytes('meta/settled')
    const value = (await store.get(key))!.slice()
    value[value.length >> 1]! ^= 1
    await store.write([{ type: 'put', key, value }], { durable: true })
    await store.close()
    expect(await codeOf(createTestNode(chain, 0, { storeUrl }))).toBe('storage/corrupt')
  })
})
