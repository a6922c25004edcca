// Proofs of accounts and slots against a state root, as `eth_getProof` gives them: made over any state, checked anywhere.
import { type Address, CodedError, type Hash } from '@tan/primitives'
import { verifyTrieProof } from '../trie/proof.ts'
import { getFromTrie, proveInTrie } from '../trie/read.ts'
import { EMPTY_ROOT, type NodeSource } from '../trie/update.ts'
import { type Account, accountKey, decodeAccount, decodeSlotValue, slotKey } from './account.ts'

export interface StateProof {
  readonly address: Address
  /** Undefined: the proof shows that there is none. */
  readonly account: Account | undefined
  readonly accountProof: readonly Uint8Array[]
  readonly storageProof: readonly SlotProof[]
}

export interface SlotProof {
  readonly slot: Hash
  readonly value: bigint
  readonly proof: readonly Uint8Array[]
}

/** Throws MissingStateError for nodes that have to be fetched first. */
export function proveState(nodes: NodeSource, root: Hash, address: Address, slots: readonly Hash[]): StateProof {
  const account = readAccount(nodes, root, address)
  const storageRoot = account?.storageRoot ?? EMPTY_ROOT
  return {
    address,
    account,
    accountProof: proveInTrie(nodes, root, accountKey(address)),
    storageProof: slots.map(slot => ({
      slot,
      value: readSlot(nodes, storageRoot, slot),
      proof: proveInTrie(nodes, storageRoot, slotKey(slot)),
    })),
  }
}

export function readAccount(nodes: NodeSource, root: Hash, address: Address): Account | undefined {
  const encoded = getFromTrie(nodes, root, accountKey(address))
  return encoded === undefined ? undefined : decodeAccount(encoded)
}

export function readSlot(nodes: NodeSource, storageRoot: Hash, slot: Hash): bigint {
  return decodeSlotValue(getFromTrie(nodes, storageRoot, slotKey(slot)))
}

/** The account under this state root, or undefined where it provably does not exist. Throws `proof/invalid`. */
export function verifyAccountProof(root: Hash, address: Address, proof: readonly Uint8Array[]): Account | undefined {
  const encoded = verifyTrieProof(root, accountKey(address), proof)
  return encoded === undefined ? undefined : checked(() => decodeAccount(encoded))
}

/** The slot's value under this storage root; 0 where it provably has none. Throws `proof/invalid`. */
export function verifyStorageProof(storageRoot: Hash, slot: Hash, proof: readonly Uint8Array[]): bigint {
  const encoded = verifyTrieProof(storageRoot, slotKey(slot), proof)
  return checked(() => decodeSlotValue(encoded))
}

function checked<T>(decodeValue: () => T): T {
  try {
    return decodeValue()
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    throw new CodedError('proof/invalid', `the value that is proven is not one of a state: ${error.message}`)
  }
}
