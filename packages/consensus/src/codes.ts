// With which codes this room refuses what comes from outside, and what it stops for. docs/errors.md lists them.
import { AGAINST_RULES, type ErrorTable, FORGED, rejecter, UNTIMELY } from '@tan/primitives'

export const REJECTIONS = {
  'era/unknown': [UNTIMELY, 'A message belongs to an era that is not live on this node, or not yet.'],
  'proposal/record': [FORGED, 'A block came with another consensus record than the one that its header names.'],
  'proposal/leader': [FORGED, 'A block names a beneficiary that does not lead its epoch.'],
  'proposal/signature': [FORGED, 'A block, or its reveal, does not bear its leader’s signature.'],
  'proposal/place': [
    AGAINST_RULES,
    'A block cannot stand where it was put: its parent, height, epoch or certificate do not fit together.',
  ],
  'proposal/full': [UNTIMELY, 'The node holds as many unsettled blocks as it can.'],
  'proposal/invalid': [AGAINST_RULES, 'The ledger refuses a block, or the block stands on one that it refuses.'],
  'vote/form': [
    FORGED,
    'A vote names no member of the committee, or is justified by an epoch that is not below its own.',
  ],
  'vote/signature': [FORGED, 'A vote does not bear its voter’s signature.'],
  'epoch-change/form': [
    FORGED,
    'An epoch change names no member of the committee, or comes without the certificate that it names.',
  ],
  'epoch-change/signature': [FORGED, 'An epoch change does not bear its sender’s signature.'],
  'epoch-change/certificate': [
    FORGED,
    'An epoch-change certificate came without a certificate of the highest epoch that it reports.',
  ],
  'finality/round': [FORGED, 'A statement of a guardian is of a round that belongs to no checkpoint.'],
  'finality/members': [FORGED, 'A share names members that its group does not have.'],
  'finality/signature': [FORGED, 'A share or status does not bear the signatures of the guardians that it names.'],
  'finality/status': [AGAINST_RULES, 'A status names no guardian, or no ballot.'],
  'finality/ballot': [FORGED, 'A ballot’s proposal does not bear its leader’s signature.'],
  'finality/carried': [
    AGAINST_RULES,
    'A block carries a finality certificate that is not new, or that finalizes no ancestor of the block.',
  ],
} as const
export const reject: ReturnType<typeof rejecter<typeof REJECTIONS>> = rejecter(REJECTIONS)

/** What ends a node: nothing that follows could be trusted. */
export const ERRORS = {
  'settlement/two-certificates': 'Two different blocks were certified in one epoch: the committee is broken.',
  'settlement/invalid-certified':
    'A quorum certified a block that this node’s ledger refuses: the versions differ, or the committee is broken.',
  'finality/conflict':
    'The guardians finalized another block than the one that this node settled: the committee is broken.',
} as const satisfies ErrorTable
