// Exports for browsers: checks what a chain's roots commit to. No disk access.
export {
  type Account,
  accountKey,
  decodeAccount,
  EMPTY_ACCOUNT,
  EMPTY_CODE_HASH,
  encodeAccount,
  slotKey,
} from './state/account.ts'
export { type SlotProof, type StateProof, verifyAccountProof, verifyStorageProof } from './state/state-proof.ts'
export { orderedListRoot } from './trie/ordered-list.ts'
export { verifyTrieProof } from './trie/proof.ts'
export { EMPTY_ROOT } from './trie/update.ts'
