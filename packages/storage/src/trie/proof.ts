// Checking a proof: the walk of a reader, over nodes that somebody sent.
import { CodedError, equalBytes, type Hash, keccak256 } from '@tan/primitives'
import { PROOF_MAX_BYTES, TRIE_KEY_MAX_BYTES } from '../limits.ts'
import { getFromTrie } from './read.ts'

/**
 * The value that the trie with this root has for the key, or undefined where it provably has none. The proof is the list
 * of nodes from the root down, no more and no less. Throws `proof/invalid`.
 */
export function verifyTrieProof(root: Hash, key: Uint8Array, proof: readonly Uint8Array[]): Uint8Array | undefined {
  if (proof.length > 2 * TRIE_KEY_MAX_BYTES + 1) throw invalid(`${proof.length} nodes are more than a key can need`)
  const sizeBytes = proof.reduce((sum, node) => sum + node.length, 0)
  if (sizeBytes > PROOF_MAX_BYTES) throw invalid(`${sizeBytes} bytes where at most ${PROOF_MAX_BYTES} are allowed`)
  let used = 0
  const value = walkProof(() =>
    getFromTrie(
      hash => {
        const encoding = proof[used]
        if (encoding === undefined) throw invalid(`it ends after ${used} nodes, before the key is decided`)
        if (!equalBytes(keccak256(encoding), hash))
          throw invalid(`node ${used} is not the one that its parent or the root names`)
        used++
        return encoding
      },
      root,
      key,
    ),
  )
  if (used < proof.length) throw invalid(`${proof.length - used} nodes follow the last that is needed`)
  return value?.slice()
}

function walkProof<T>(walk: () => T): T {
  try {
    return walk()
  } catch (error) {
    if (error instanceof CodedError && error.code === 'trie/node') throw invalid(error.message)
    throw error
  }
}

function invalid(why: string): CodedError {
  return new CodedError('proof/invalid', `not a proof of that key: ${why}`)
}
