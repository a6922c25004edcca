// Runs a mutation in a child process, so that the broken code is loaded nowhere else.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Mutation } from './mutations.ts'

/** Seeds of its kind that may be needed to find a mutation. */
export const MUTATION_SEEDS = 300

export interface MutationResult {
  readonly name: string
  /** what turned red, and the first seed that did; undefined where the mutation survived */
  readonly found: { readonly seed: number; readonly kind: string; readonly message: string } | undefined
  /** seeds that turned red: one, unless all were asked for */
  readonly count: number
}

/** Rejects where the mutation no longer fits the source, or the child process fails. */
export function runMutation({ name }: Mutation, seeds: number = MUTATION_SEEDS): Promise<MutationResult> {
  const worker = fileURLToPath(new URL('./mutation-worker.ts', import.meta.url))
  const child = spawn(process.execPath, [worker, name, String(seeds)], { stdio: ['ignore', 'pipe', 'pipe'] })
  return new Promise((resolve, reject) => {
    let out = ''
    let errors = ''
    child.stdout.on('data', chunk => {
      out += chunk
    })
    child.stderr.on('data', chunk => {
      errors += chunk
    })
    child.on('error', reject)
    child.on('close', code => {
      if (code === 0) resolve(JSON.parse(out) as MutationResult)
      else reject(new Error(`the mutation ${name} ended with code ${code}: ${errors}`))
    })
  })
}
