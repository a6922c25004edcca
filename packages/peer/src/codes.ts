// With which codes this room refuses what peers send, and fails. docs/errors.md lists them.
import { type ErrorTable, rejecter, UNTIMELY } from '@tan/primitives'

export const REJECTIONS = {
  'payment/era': [
    UNTIMELY,
    'A proof is of an era that this peer’s trust anchor does not tell of: fetch a newer anchor from a node that you trust.',
  ],
} as const
export const reject: ReturnType<typeof rejecter<typeof REJECTIONS>> = rejecter(REJECTIONS)

export const ERRORS = {
  'anchor/invalid': 'What was given as a trust anchor is none: ask a node that you trust for `tan_anchor` again.',
  'manifest/unreachable': 'The manifest could not be fetched: check its address, and that the origin runs.',
  'manifest/size': 'The manifest is larger than any may be: check that the address is that of a manifest.',
  'manifest/chain':
    'The resource is sold on another chain than this peer pays and earns on: use a node and a trust anchor of that chain.',
  'origin/unreachable':
    'The origin does not answer, or broke off: it is tried again, and others that the manifest names.',
  'origin/status': 'The origin refuses a file of the resource: publish the resource again if that stays so.',
  'origin/short': 'A file at the origin is shorter than the manifest says: publish the resource again.',
  'pool/funds': 'The session’s account holds too little to open a payment pool: send it TANGam.',
  'pool/lost': 'A payment pool was created, and the node does not know it: check that the node is in sync.',
  'rpc/unreachable': 'No node answers at the RPC address: check the address, and that the node runs.',
  'rpc/answer':
    'The node’s answer is not what JSON-RPC or this call allows: check that the address is that of a TAN node.',
  'rpc/error': 'The node refused a call, for the reason that it gives.',
  'rpc/not-settled':
    'A transaction has not settled in time: it may still settle, and is taken up again at the next attempt.',
  'rpc/reverted': 'A transaction was settled, and the contract refused it: nothing changed but the fee that was paid.',
  'rpc/replaced':
    'A transaction can never settle, since another one of its account took its nonce: let no other program use this key.',
  'rtc/failed':
    'No WebRTC connection with a peer came about, or it broke: others are met, and this one is tried later.',
  'rtc/timeout': 'A peer did not connect in time: others are met, and this one is tried later.',
  'rtc/no-tracker': 'No tracker is connected that could pass an offer on to a peer: it is tried again later.',
} as const satisfies ErrorTable
