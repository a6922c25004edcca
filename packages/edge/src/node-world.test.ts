import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openNodeSession } from './node-world.ts'

// spec D-ONEWRITER
it('a session has one writer: nobody else opens it meanwhile', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tan-session-'))
  try {
    const url = `level:${folder}`
    const first = await openNodeSession(url)
    await expect(openNodeSession(url)).rejects.toMatchObject({ code: 'storage/locked' })
    await first.close()
    const second = await openNodeSession(url)
    expect(second.address).toBe(first.address)
    await second.close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
