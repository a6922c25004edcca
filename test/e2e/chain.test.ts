// A chain of real processes: validators are killed with kill -9 and started again; nothing forks, nobody votes twice.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Devnet } from '@tan/cli/devnet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from './eventually.ts'

interface Health {
  readonly epoch: number
  readonly hasGivenUpEpoch: boolean
  readonly head: { readonly height: number; readonly hash: string }
  readonly settled: { readonly height: number; readonly hash: string }
  readonly finalized: { readonly height: number }
}

const folder = mkdtempSync(join(tmpdir(), 'tan-e2e-'))
let devnet: Devnet

beforeAll(async () => {
  devnet = await Devnet.start({ folder, port: 0, size: { validators: 4, guardians: 5, edges: 0 }, chainOnly: true })
})

afterAll(async () => {
  await devnet?.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function health(i: number): Promise<Health> {
  return (await fetch(`${devnet.rpcUrlOf(i)}/health`)).json() as Promise<Health>
}

async function rpc<T>(i: number, method: string, params: readonly unknown[]): Promise<T> {
  const response = await fetch(devnet.rpcUrlOf(i), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  return ((await response.json()) as { result: T }).result
}

/** The same block at this height on every node that runs. */
async function expectOneChain(nodes: readonly number[], height: number): Promise<void> {
  const tag = `0x${height.toString(16)}`
  const hashes = await Promise.all(
    nodes.map(async i => (await rpc<{ hash: string }>(i, 'eth_getBlockByNumber', [tag, false])).hash),
  )
  expect(new Set(hashes).size).toBe(1)
}

/** What nodes that saw contradicting signatures would count. */
async function evidenceSeen(i: number): Promise<boolean> {
  const metrics = await (await fetch(`${devnet.rpcUrlOf(i)}/metrics`)).text()
  return /^tan_consensus_evidence_total/m.test(metrics)
}

async function settledBy(i: number, height: number, what: string): Promise<void> {
  await eventually(what, async () => (await health(i)).settled.height >= height)
}

describe('a chain of real processes', () => {
  const [observer, all] = [4, [0, 1, 2, 3, 4]]

  it('goes on when one validator of four is killed', async () => {
    await devnet.kill('validator-1')
    const { height } = (await health(observer)).settled
    await settledBy(observer, height + 10, 'three validators settle ten more blocks')
    await expectOneChain([1, 2, 3, 4], height + 10)
  })

  it('stops when two are killed, and nothing forks', async () => {
    await devnet.kill('validator-2')
    await eventually('the two that are left give one and the same epoch up', async () => {
      const [a, b] = await Promise.all([health(2), health(3)])
      return a.hasGivenUpEpoch && b.hasGivenUpEpoch && a.epoch === b.epoch
    })
    const [a, b] = await Promise.all([health(2), health(3)])
    expect(a.head).toEqual(b.head)
    await expectOneChain([2, 3, 4], a.settled.height)
  })

  // spec S-RESTART, S-DURABLE and F-DURABLE
  it('goes on when they are started again, and nobody has voted twice', async () => {
    const { height } = (await health(2)).settled
    devnet.restart('validator-1')
    devnet.restart('validator-2')
    for (const i of all) await settledBy(i, height + 12, `node ${i} settles twelve more blocks`)
    await eventually(
      'what was settled before is finalized',
      async () => (await health(observer)).finalized.height >= height,
    )
    await expectOneChain(all, height + 12)
    expect(await Promise.all(all.map(evidenceSeen))).toEqual(all.map(() => false))
  })

  it('survives kill -9 of every node at once', async () => {
    const { height } = (await health(observer)).settled
    const names = devnet.children.names()
    await Promise.all(names.map(name => devnet.kill(name)))
    for (const name of names) devnet.restart(name)
    for (const i of all) await settledBy(i, height + 5, `node ${i} settles again`)
    await expectOneChain(all, height)
    expect(await Promise.all(all.map(evidenceSeen))).toEqual(all.map(() => false))
  })
})
