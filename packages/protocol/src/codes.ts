// With which codes this room refuses what comes from outside, and fails. docs/errors.md lists them.
import { AGAINST_RULES, type ErrorTable, FORGED, rejecter, UNTIMELY } from '@tan/primitives'

export const REJECTIONS = {
  'certificate/start': [FORGED, 'A certificate of epoch 0 certifies something other than the start of the era.'],
  'certificate/justify': [FORGED, 'A certificate is justified by an epoch that is not below its own.'],
  'certificate/votes': [FORGED, 'A commit certificate lacks a quorum of valid votes.'],
  'certificate/epoch-change': [FORGED, 'An epoch-change certificate is malformed, or lacks a quorum.'],
  'proposal/justify': [AGAINST_RULES, 'A block’s certificate does not justify its epoch.'],
  'proposal/epoch-change': [
    AGAINST_RULES,
    'A block’s epoch-change certificate does not allow its epoch on its certificate.',
  ],
  'settlement/proof': [FORGED, 'A settlement proof does not show that its block is settled.'],
  'finality/justification': [FORGED, 'A justification is malformed, or lacks a quorum of Prepares.'],
  'finality/unknown-source': [
    UNTIMELY,
    'A chain of justifications starts at a point that is not known to be justified here.',
  ],
  'finality/commit': [FORGED, 'A finality certificate lacks a quorum of Commits.'],
  'evidence/invalid': [FORGED, 'Evidence does not prove the offence that it claims.'],
} as const
export const reject: ReturnType<typeof rejecter<typeof REJECTIONS>> = rejecter(REJECTIONS)

export const ERRORS = {
  'transaction/type': 'The bytes are not a transaction of a type that the chain takes.',
  'transaction/signature': 'A signature is malformed, or belongs to no account. Sign the transaction again.',
  'abi/invalid': 'Call data does not decode as the function’s parameters.',
  'genesis/invalid': 'The genesis file has the wrong shape. The message says where.',
  'manifest/invalid': 'A manifest has the wrong shape, or breaks a rule of manifests. The message says where.',
  'manifest/signature': 'A manifest is not signed by the publisher that it names. Publish the resource again.',
  'manifest/size': 'A manifest is larger than viewers read. Publish the resource in parts.',
  'swarm/malformed': 'A peer sent bytes that are neither a message nor a piece.',
  'swarm/size': 'A peer sent a message above the bound of the channel.',
  'tracker/size': 'A text from or for a tracker is longer than its bound.',
  'tracker/json': 'A text from or for a tracker is not JSON.',
  'tracker/field': 'A message from or for a tracker has the wrong shape. The message says where.',
  'tracker/binary': 'The tracker sent a message that is not text. Check that the address is a tracker’s.',
  'tracker/host': 'The host of a tracker is not written as in a URL, so nobody can log in to it.',
  'tracker/url': 'The address of a tracker does not start with ws:// or wss://.',
  'tracker/connect': 'No WebSocket to the tracker could be opened. The client tries again by itself.',
} as const satisfies ErrorTable
