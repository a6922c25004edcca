// With which codes this room refuses what comes from outside, and fails. docs/errors.md lists them.
import { AGAINST_RULES, type ErrorTable, FORGED, OUTDATED, OVERLOADED, rejecter, UNTIMELY } from '@tan/primitives'

export const REJECTIONS = {
  'proposal/body': [FORGED, 'A block came with other transactions than those that its header names.'],
  'sync/era': [UNTIMELY, 'A block is of an era that this node does not know yet.'],
  'settlement/topic': [FORGED, 'Something other than a block came where blocks are gossiped.'],
  'hello/validator': [FORGED, 'A peer claims a validator’s key that it does not hold.'],
  'sync/announced': [FORGED, 'A peer announced a block that it does not give.'],
  'sync/silent': [FORGED, 'A peer did not give blocks in time.'],
  'mempool/known': [OUTDATED, 'The transaction is in the pool already.'],
  'mempool/nonce-low': [OUTDATED, 'The nonce is used: the account is past it.'],
  'mempool/nonce-gap': [UNTIMELY, 'The nonce is too far above the account’s next.'],
  'mempool/underpriced': [
    AGAINST_RULES,
    'A transaction with this nonce is waiting, and this one does not pay enough more to replace it.',
  ],
  'mempool/account-full': [OVERLOADED, 'The account has as many transactions in the pool as it may.'],
  'mempool/full': [OVERLOADED, 'The pool is full of transactions that pay as much.'],
  'mempool/fee-low': [AGAINST_RULES, 'The fee is below the chain’s lowest base fee.'],
  'mempool/balance': [UNTIMELY, 'The account cannot pay for the transaction beside all of its own that wait.'],
} as const
export const reject: ReturnType<typeof rejecter<typeof REJECTIONS>> = rejecter(REJECTIONS)

export const ERRORS = {
  'chain/missing': 'The data folder holds no chain. Check its path, or run `npx tan init`.',
  'chain/exists': 'The data folder holds a chain already. Choose an empty one.',
  'chain/format':
    'The data folder was written by a version with another format. Start with an empty one; the node syncs again.',
  'chain/other-genesis': 'The data folder holds the chain of another genesis. Check the genesis file and the path.',
  'chain/corrupt':
    'A record in the data folder is damaged or missing. Restore the folder, or sync again in an empty one.',
  'node/not-a-guardian': 'The signer is no guardian of this chain. Check the account and the BLS key.',
  'node/foreign-key':
    'The data folder was made for another BLS key. Use the folder that the key signed with, so that it contradicts none of its votes.',
  'node/disk': 'A vote could not be written durably, so the node stops. Check the disk, then start it again.',
  'node/overloaded': 'Too many signatures wait to be checked. Try again later.',
  'node/stopped': 'The node is stopping. Start it again to go on.',
  'rpc/listen': 'JSON-RPC cannot listen on its address. Choose another port, or stop what uses this one.',
  'keystore/format': 'The keystore file cannot be read. Check that it is the right file, or restore it from a backup.',
  'keystore/password':
    'The password is wrong, or the keystore file is damaged. Try again, or restore the file from a backup.',
} as const satisfies ErrorTable
