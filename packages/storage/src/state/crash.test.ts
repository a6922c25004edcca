// What a crash, a torn write and a flipped bit leave behind: a settled state that is whole, or an error that says so.
import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { CodedError, createSeededRandom, fromHex, randomBelow, toHex, utf8ToBytes } from '@tan/primitives'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MemoryStore } from '../engines/memory-store.ts'
import { openStore } from '../engines/open-store.ts'
import type { KeyValueStore } from '../key-value.ts'
import { openTable } from '../table.ts'
import {
  ADDRESSES,
  type Model,
  modelAfter,
  modelRoot,
  modelStorageRoot,
  randomWrites,
  SLOTS,
} from '../testing/model.ts'
import { writesOfStep } from '../testing/settle.ts'
import { StateStore } from './state-store.ts'

const HEIGHT = utf8ToBytes('newest')

async function heightOf(store: KeyValueStore): Promise<number> {
  const record = await openTable(store, 'height').get(HEIGHT)
  return record === undefined ? 0 : Number(new TextDecoder().decode(record))
}

/** Everything that is settled, read from the flat records and proven by the trie. */
function expectWhole(states: StateStore, model: Model): void {
  const { settled } = states
  expect(settled.root).toBe(modelRoot(model))
  for (const address of ADDRESSES) {
    const expected = model.get(address)
    const account = expected && { ...expected.fields, storageRoot: modelStorageRoot(expected.slots) }
    expect(settled.account(address)).toEqual(account)
    if (account !== undefined) settled.code(account.codeHash)
    const proof = settled.prove(address, SLOTS)
    expect(proof.account).toEqual(account)
    for (const { slot, value } of proof.storageProof) {
      expect(value).toBe(expected?.slots.get(slot) ?? 0n)
      expect(settled.storage(address, slot)).toBe(value)
    }
  }
}

/** Random blocks, one settled after another: the model after each. */
function randomChain(seed: number, length: number) {
  const random = createSeededRandom(seed)
  const models: Model[] = [new Map()]
  const blocks = []
  for (let height = 1; height <= length; height++) {
    const writes = randomWrites(random, models.at(-1)!)
    blocks.push(writes)
    models.push(modelAfter(models.at(-1)!, writes))
  }
  return { models, blocks }
}

describe('a crash', () => {
  it('at any write leaves the state and what was written with it as they were before or after', async () => {
    const { models, blocks } = randomChain(21, 12)
    const random = createSeededRandom(22)
    for (let crashAt = 1; crashAt <= 24; crashAt++) {
      const disk = new MemoryStore()
      let writes = 0
      // Odd: just before the write reaches the disk. Even: after it did, before anybody hears of it.
      const crashing: KeyValueStore = {
        get: key => disk.get(key),
        getMany: keys => disk.getMany(keys),
        getSync: key => disk.getSync(key),
        iterate: range => disk.iterate(range),
        close: () => disk.close(),
        write: async (operations, options) => {
          if (++writes === crashAt) throw new Error('power failure')
          await disk.write(operations, options)
          if (++writes === crashAt) throw new Error('power failure')
        },
      }
      const states = await StateStore.open(crashing)
      const heights = openTable(crashing, 'height')
      let height = 0
      for (const [i, block] of blocks.entries()) {
        try {
          await states.settle(states.apply(states.settled, block), [heights.put(HEIGHT, utf8ToBytes(`${i + 1}`))])
        } catch {
          break
        }
        height = i + 1
        // Others write too, and need not wait for the disk.
        await disk.write([heights.put(utf8ToBytes('other'), utf8ToBytes('x'))], { durable: false })
      }
      const survivor = disk.crash(randomBelow(random, disk.unsyncedBatches + 1))
      const found = await heightOf(survivor)
      expect(found).toBe(crashAt % 2 === 0 ? height + 1 : height)
      expectWhole(await StateStore.open(survivor), models[found]!)
    }
  })

  describe('of a process over LevelDB', () => {
    let folder: string
    const children: ChildProcess[] = []
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tan-crash-'))
    })
    afterAll(async () => {
      for (const child of children) child.kill('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    })

    it('by kill -9 loses nothing that was acknowledged, and the next one goes on', async () => {
      const url = `level:${join(folder, 'killed')}`
      const random = createSeededRandom(23)
      let acknowledged = 0
      for (let life = 0; life < 3; life++) {
        const child = spawn(process.execPath, [join(import.meta.dirname, '../testing/settle.ts'), url], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        children.push(child)
        const exited = new Promise(resolve => child.once('exit', resolve))
        let lines = 2 + randomBelow(random, 30)
        for await (const line of createInterface({ input: child.stdout! })) {
          acknowledged = Number(line)
          if (--lines === 0) child.kill('SIGKILL')
        }
        await exited
        const store = await openStore(url, { create: false })
        const states = await StateStore.open(store)
        const height = await heightOf(store)
        expect(height).toBeGreaterThanOrEqual(acknowledged)
        expect(height).toBeLessThanOrEqual(acknowledged + 1)
        expect(states.settled.root).toBe(await rootAt(height))
        await store.close()
      }
      expect(acknowledged).toBeGreaterThan(5)
    })

    it('that tears the last write leaves an earlier settled state', async () => {
      const whole = join(folder, 'whole')
      const store = await openStore(`level:${whole}`)
      const states = await StateStore.open(store)
      const heights = openTable(store, 'height')
      const { models, blocks } = randomChain(24, 8)
      for (const [i, block] of blocks.entries())
        await states.settle(states.apply(states.settled, block), [heights.put(HEIGHT, utf8ToBytes(`${i + 1}`))])
      // Copied while it is open: LevelDB has it all in its log.
      const log = (await readdir(whole)).find(file => file.endsWith('.log'))!
      const sizeBytes = (await stat(join(whole, log))).size
      const random = createSeededRandom(25)
      const seen = new Set<number>()
      for (let i = 0; i < 25; i++) {
        const torn = join(folder, `torn-${i}`)
        await cp(whole, torn, { recursive: true, filter: source => !source.endsWith('LOCK') })
        await truncate(join(torn, log), i === 0 ? sizeBytes : randomBelow(random, sizeBytes))
        const again = await openStore(`level:${torn}`)
        const height = await heightOf(again)
        seen.add(height)
        expectWhole(await StateStore.open(again), models[height]!)
        await again.close()
      }
      expect(seen.size).toBeGreaterThan(3)
      expect(seen.has(8)).toBe(true)
      await store.close()
    })
  })
})

describe('a flipped bit', () => {
  it('in any record of the state is found when it is read', async () => {
    const { models, blocks } = randomChain(26, 12)
    const disk = new MemoryStore()
    const states = await StateStore.open(disk)
    for (const block of blocks) await states.settle(states.apply(states.settled, block))
    const reachable = await reachableRecords(disk, states)
    const random = createSeededRandom(27)
    let found = 0
    for await (const [key, value] of disk.iterate()) {
      const bad = value.slice()
      bad[randomBelow(random, bad.length)]! ^= 1 << randomBelow(random, 8)
      await disk.write([{ type: 'put', key, value: bad }], { durable: true })
      let failure: unknown
      try {
        expectWhole(await StateStore.open(disk), models.at(-1)!)
      } catch (error) {
        failure = error
      }
      if (reachable.has(toHex(key))) {
        expect(failure).toBeInstanceOf(CodedError)
        expect(failure).toMatchObject({ code: 'storage/corrupt' })
        found++
      } else expect(failure).toBeUndefined()
      await disk.write([{ type: 'put', key, value }], { durable: true })
    }
    expect(found).toBeGreaterThan(50)
    expectWhole(await StateStore.open(disk), models.at(-1)!)
  })

  it('or a record that is gone: without its root, a state does not open', async () => {
    const disk = new MemoryStore()
    const states = await StateStore.open(disk)
    await states.settle(states.apply(states.settled, writesOfStep(1)))
    await disk.write([openTable(disk, 'state-node').delete(fromHex(states.settled.root))], { durable: true })
    await expect(StateStore.open(disk)).rejects.toMatchObject({ code: 'storage/corrupt' })
  })

  /** The records that reading the whole settled state asks for: nodes of older states are not among them. */
  async function reachableRecords(disk: MemoryStore, states: StateStore): Promise<Set<string>> {
    const asked = new Set<string>()
    const note = (key: Uint8Array) => {
      asked.add(toHex(key))
      return key
    }
    const noting: KeyValueStore = {
      get: key => disk.get(note(key)),
      getMany: keys => disk.getMany(keys.map(note)),
      getSync: key => disk.getSync(note(key)),
      iterate: range => disk.iterate(range),
      write: (operations, options) => disk.write(operations, options),
      close: () => disk.close(),
    }
    const again = await StateStore.open(noting)
    for (const address of ADDRESSES) {
      const account = again.settled.account(address)
      if (account !== undefined) again.settled.code(account.codeHash)
      again.settled.prove(address, SLOTS)
      for (const slot of SLOTS) again.settled.storage(address, slot)
    }
    expect(again.settled.root).toBe(states.settled.root)
    return asked
  }
})

async function rootAt(height: number): Promise<string> {
  const states = await StateStore.open(new MemoryStore())
  let state = states.settled
  for (let i = 1; i <= height; i++) {
    state = states.apply(state, writesOfStep(i))
    if (i % 100 === 0) await states.settle(state)
  }
  return state.root
}
