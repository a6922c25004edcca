// With which codes this room refuses what comes from outside. docs/errors.md lists them.
import { FORGED, rejecter, UNTIMELY } from '@tan/primitives'

export const REJECTIONS = {
  'certificate/start': [FORGED, 'A certificate of epoch 0 certifies something other than the start of the era.'],
  'certificate/justify': [FORGED, 'A certificate is justified by an epoch that is not below its own.'],
  'certificate/votes': [FORGED, 'A commit certificate lacks a quorum of valid votes.'],
  'certificate/epoch-change': [FORGED, 'An epoch-change certificate is malformed, or lacks a quorum.'],
  'settlement/proof': [FORGED, 'A settlement proof does not show that its block is settled.'],
  'finality/justification': [FORGED, 'A justification is malformed, or lacks a quorum of Prepares.'],
  'finality/unknown-source': [
    UNTIMELY,
    'A chain of justifications starts at a point that is not known to be justified here.',
  ],
  'finality/commit': [FORGED, 'A finality certificate lacks a quorum of Commits.'],
} as const
export const reject: ReturnType<typeof rejecter<typeof REJECTIONS>> = rejecter(REJECTIONS)
