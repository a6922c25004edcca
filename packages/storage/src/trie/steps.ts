// The changes of one update, sorted by their path, so that those below one place of the trie stand side by side.
import { assert, compareBytes, equalBytes } from '@tan/primitives'
import { TRIE_KEY_MAX_BYTES } from '../limits.ts'
import { bytesToNibbles, type Nibbles } from './node.ts'

export interface TrieChange {
  readonly key: Uint8Array
  /** Undefined, or no bytes, deletes. */
  readonly value: Uint8Array | undefined
}

/** A change, its path in nibbles. */
export interface Step {
  readonly path: Nibbles
  readonly value: Uint8Array | undefined
  /** The first 30 bits of the key, so that sorting rarely has to look at the path. */
  readonly order: number
}

/** Asserts that no key is changed twice. */
export function sortedSteps(changes: readonly TrieChange[]): Step[] {
  const steps = changes.map(({ key, value }): Step => {
    assert(key.length <= TRIE_KEY_MAX_BYTES, `a trie's key of ${key.length} bytes: at most ${TRIE_KEY_MAX_BYTES} fit`)
    const order = ((key[0] ?? 0) << 22) | ((key[1] ?? 0) << 14) | ((key[2] ?? 0) << 6) | ((key[3] ?? 0) >> 2)
    return { path: bytesToNibbles(key), value: value === undefined || value.length === 0 ? undefined : value, order }
  })
  steps.sort((a, b) => a.order - b.order || compareBytes(a.path, b.path))
  for (let i = 1; i < steps.length; i++)
    assert(
      steps[i]!.order !== steps[i - 1]!.order || !equalBytes(steps[i]!.path, steps[i - 1]!.path),
      'one update changes a key twice',
    )
  return steps
}

/** The first step after `start` that goes on through another nibble. */
export function endOfGroup(steps: readonly Step[], start: number, end: number, depth: number): number {
  const nibble = steps[start]!.path[depth]
  let at = start + 1
  while (at < end && steps[at]!.path[depth] === nibble) at++
  return at
}

/** Being the shortest, only the first of several steps can. */
export function endsAt(step: Step, depth: number): boolean {
  return step.path.length === depth
}

export function isPut(step: Step): boolean {
  return step.value !== undefined
}

/** Is what follows the first `depth` nibbles of the path exactly `tail`? */
export function endsWith(path: Nibbles, depth: number, tail: Nibbles): boolean {
  return path.length === depth + tail.length && commonLength(tail, path, depth) === tail.length
}

/** How many nibbles from the start of `path` on are the same as those of `other` from `depth` on. */
export function commonLength(path: Nibbles, other: Nibbles, depth: number): number {
  const most = Math.min(path.length, other.length - depth)
  let i = 0
  while (i < most && path[i] === other[depth + i]) i++
  return i
}
