// The browser's door opens nothing that a browser does not have.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'

it('proofs import only what runs in a browser', () => {
  const files = new Set<string>()
  const packages = new Set<string>()
  const visit = (file: string) => {
    if (files.has(file)) return
    files.add(file)
    for (const [, name] of readFileSync(file, 'utf8').matchAll(/(?:from|import) '([^']+)'/g)) {
      if (name!.startsWith('.')) visit(join(dirname(file), name!))
      else packages.add(name!)
    }
  }
  visit(join(import.meta.dirname, 'proofs.ts'))
  expect([...packages]).toEqual(['@tan/primitives'])
  expect(files.size).toBeGreaterThan(5)
})
