// With which codes this room fails. docs/errors.md lists them.
import type { ErrorTable } from '@tan/primitives'

export const ERRORS = {
  'storage/url': 'The text is not the URL of a store. Use `memory:`, or `level:` and a folder.',
  'storage/missing': 'There is no store in the folder, and none may be made. Check the path.',
  'storage/foreign': 'The folder holds something other than a store. Choose an empty folder, or a new one.',
  'storage/version': 'Another version of TAN wrote the store. Use that version, or make a new store and sync again.',
  'storage/locked': 'Another process has the store open. Stop that process first.',
  'storage/closed': 'The store is closed already.',
  'storage/io': 'The disk failed, or is full. The message says what the system reported.',
  'storage/corrupt': 'What is on the disk is damaged. Restore the folder from a copy, or delete it and sync again.',
  'storage/missing-node': 'The state that was asked for is not on this disk: it was pruned, or never settled here.',
  'storage/too-deep': 'Too many states wait to be settled. Settle some before making more.',
  'storage/rounds': 'Reading the state did not end. Make the caches larger.',
  'proof/invalid': 'A proof does not lead from the root to what it claims to prove. Do not trust who sent it.',
  'trie/node': 'Bytes that should be a node of a trie are not one.',
} as const satisfies ErrorTable
