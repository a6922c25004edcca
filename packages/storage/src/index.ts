export { seal, unseal } from './checksum.ts'
export { MemoryStore } from './engines/memory-store.ts'
export { openStore } from './engines/open-store.ts'
export type { KeyRange, KeyValueEntry, KeyValueStore, WriteOperation, WriteOptions } from './key-value.ts'
export { MissingStateError, type StateKey } from './missing-state.ts'
export {
  type Account,
  accountKey,
  decodeAccount,
  EMPTY_ACCOUNT,
  EMPTY_CODE_HASH,
  encodeAccount,
  slotKey,
} from './state/account.ts'
export type { CacheBounds } from './state/disk.ts'
export type { State, StateReader } from './state/layer.ts'
export { type SlotProof, type StateProof, verifyAccountProof, verifyStorageProof } from './state/state-proof.ts'
export { StateStore } from './state/state-store.ts'
export type { AccountWrite, StateWrites, StorageWrites } from './state/writes.ts'
export { openTable, type Table } from './table.ts'
export { NodeTable } from './trie/node-table.ts'
export { orderedListRoot } from './trie/ordered-list.ts'
export { verifyTrieProof } from './trie/proof.ts'
export { getFromTrie, iterateTrie, nodeHashes, proveInTrie, type TrieEntry } from './trie/read.ts'
export type { TrieChange } from './trie/steps.ts'
export { EMPTY_ROOT, NodeChanges, type NodeSource, updateTrie } from './trie/update.ts'
