// The engine alone over random cases, as hashes: for comparing it with itself elsewhere.
import { keccakHash, utf8ToBytes } from '@tan/primitives'
import { createEngine } from '../create-engine.ts'
import { environmentOf, forkOf, runCase } from './differential.ts'

/** A hash of all that came of each case. */
export async function hashesOfCases(count: number): Promise<string[]> {
  const hashes: string[] = []
  const engine = createEngine()
  for (let seed = 1; seed <= count; seed++) {
    const { transcript } = await runCase(engine, undefined, environmentOf(forkOf(seed)), seed)
    hashes.push(keccakHash(utf8ToBytes(transcript.join('\n'))))
  }
  return hashes
}
