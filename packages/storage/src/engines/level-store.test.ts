import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8ToBytes } from '@tan/primitives'
import { ClassicLevel } from 'classic-level'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeKeyValueStore, entriesOf, put } from '../testing/key-value-compliance.ts'
import { openStore } from './open-store.ts'

let root: string
let count = 0
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tan-level-'))
})
afterAll(async () => {
  await rm(root, { recursive: true, force: true })
})
const fresh = () => join(root, `store-${++count}`)

describeKeyValueStore('level', () => openStore(`level:${fresh()}`))

describe('a LevelDB folder', () => {
  it('is made where there is none, and holds its content', async () => {
    const folder = join(fresh(), 'deep', 'er')
    const store = await openStore(`level:${folder}`)
    await store.write([put('a', '1')], { durable: false })
    await store.close()
    const again = await openStore(`level:${folder}`, { create: false })
    expect(await entriesOf(again)).toEqual(['a=1'])
    await again.close()
  })

  it('is not made when it should be there', async () => {
    await expect(openStore(`level:${fresh()}`, { create: false })).rejects.toMatchObject({ code: 'storage/missing' })
  })

  it('is refused while somebody has it', async () => {
    const folder = fresh()
    const store = await openStore(`level:${folder}`)
    await expect(openStore(`level:${folder}`)).rejects.toMatchObject({ code: 'storage/locked' })
    await store.close()
    await (await openStore(`level:${folder}`)).close()
  })

  it('is refused when it is a file, or holds something else, which then stays as it is', async () => {
    const file = fresh()
    await writeFile(file, 'a file')
    await expect(openStore(`level:${file}`)).rejects.toMatchObject({ code: 'storage/foreign' })
    const folder = fresh()
    await mkdir(folder)
    await writeFile(join(folder, 'holiday.jpg'), 'a picture')
    await expect(openStore(`level:${folder}`)).rejects.toMatchObject({ code: 'storage/foreign' })
    expect(await readdir(folder)).toEqual(['holiday.jpg'])
    const foreign = new ClassicLevel(fresh())
    await foreign.open()
    await foreign.put('a', '1')
    await foreign.close()
    await expect(openStore(`level:${foreign.location}`)).rejects.toMatchObject({ code: 'storage/foreign' })
  })

  it('is refused when another version wrote it', async () => {
    const folder = fresh()
    await mkdir(folder)
    await writeFile(join(folder, 'TAN-STORE'), 'tan store 99\n')
    await expect(openStore(`level:${folder}`)).rejects.toMatchObject({ code: 'storage/version' })
  })

  it('is refused when it is damaged, and never started anew over its remains', async () => {
    const damages: ((folder: string) => Promise<void>)[] = [
      folder => rm(join(folder, 'CURRENT')),
      folder => writeFile(join(folder, 'CURRENT'), 'MANIFEST-999999\n'),
      folder => writeFile(join(folder, 'CURRENT'), ''),
      async folder => {
        const manifest = (await readdir(folder)).find(file => file.startsWith('MANIFEST'))!
        await writeFile(join(folder, manifest), 'x'.repeat(100))
      },
    ]
    for (const damage of damages) {
      const folder = fresh()
      const store = await openStore(`level:${folder}`)
      await store.write([put('a', '1')], { durable: true })
      await store.close()
      await damage(folder)
      await expect(openStore(`level:${folder}`)).rejects.toMatchObject({ code: 'storage/corrupt' })
    }
  })
})

describe('the URL of a store', () => {
  it('names an engine that is known', async () => {
    for (const url of ['', 'level', 'level:', 'memory', 'memory:x', 'redis://localhost', './data'])
      await expect(openStore(url)).rejects.toMatchObject({ code: 'storage/url' })
    const store = await openStore('memory:')
    expect(await store.get(utf8ToBytes('a'))).toBeUndefined()
  })
})
