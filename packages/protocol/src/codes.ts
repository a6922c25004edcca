// With which codes this room refuses what comes from outside. docs/errors.md lists them.
import { AGAINST_RULES, FORGED, rejecter, UNTIMELY } from '@tan/primitives'

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
  'finality/justification': [AGAINST_RULES, 'A justification is malformed, or lacks a quorum of Prepares.'],
  'finality/unknown-source': [
    UNTIMELY,
    'A chain of justifications starts at a point that is not known to be justified here.',
  ],
  'finality/commit': [FORGED, 'A finality certificate lacks a quorum of Commits.'],
  'evidence/invalid': [FORGED, 'Evidence does not prove the offence that it claims.'],
} as const
export const reject: ReturnType<typeof rejecter<typeof REJECTIONS>> = rejecter(REJECTIONS)
