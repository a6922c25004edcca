import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadNodeConfig } from '../config.ts'
import { layOut, PUBLISHER_KEY } from '../devnet/layout.ts'
import { setUp } from '../devnet/setup.ts'
import { findAccount } from '../secrets.ts'
import { initDataFolder } from './init.ts'

const folder = mkdtempSync(join(tmpdir(), 'tan-init-'))
const chain = join(folder, 'chain')
const data = join(folder, 'data')
let guardian: { genesis: string; data: string; blsKey: string; address: string; passwordFile: string }

beforeAll(async () => {
  const layout = layOut(chain, 1, { validators: 1, guardians: 2, edges: 0 })
  await setUp(layout, () => {})
  guardian = {
    genesis: layout.genesisFile,
    data,
    blsKey: join(chain, 'nodes', 'validator-1', 'bls.json'),
    address: findAccount(chain, 'validator-1').address,
    passwordFile: layout.passwordFile,
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('what could not start is refused before the key is bound', async () => {
  const cases: readonly (readonly [Partial<Parameters<typeof initDataFolder>[0]>, string])[] = [
    [{ rpcPort: 'abc' }, 'cli/number'],
    [{ listen: 'foo' }, 'cli/options'],
    [{ bootstrap: ['foo'] }, 'cli/options'],
    [{ address: 'foo' }, 'cli/address'],
    [{ address: findAccount(chain, PUBLISHER_KEY).address }, 'init/guardian'],
    [{ address: findAccount(chain, 'guardian-2').address }, 'init/guardian'],
    [{ data: guardian.genesis }, 'cli/folder'],
  ]
  for (const [wrong, code] of cases)
    await expect(initDataFolder({ ...guardian, ...wrong }), JSON.stringify(wrong)).rejects.toThrowError(
      expect.objectContaining({ code }),
    )
  expect(existsSync(data)).toBe(false)
})

test('what is written can be started', async () => {
  const { config } = await initDataFolder({ ...guardian, rpcPort: '9545' })
  const { signer, rpc } = loadNodeConfig(config, {})
  expect(signer).toMatchObject({ address: guardian.address, keyFile: guardian.blsKey })
  expect(rpc.port).toBe(9_545)
})
