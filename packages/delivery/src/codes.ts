// With which codes a peer of a swarm refuses connections, messages and requests. docs/errors.md lists them. Who sent what is
// wrong wherever it is seen is banned (spec D-BAN); all else closes a connection, or answers a request.
import { FORGED, IMPROPER, OUTDATED, OVERLOADED, type Rejection, rejecter, UNTIMELY } from '@tan/primitives'

export const REJECTIONS = {
  'swarm/full': [OVERLOADED, 'The peer has as many connections as it can keep.'],
  'swarm/handshake-timeout': [IMPROPER, 'The handshake was not done in time.'],
  'swarm/version': [UNTIMELY, 'The two peers speak different versions of the protocol.'],
  'swarm/resource': [UNTIMELY, 'The other peer wants another resource than the one of this swarm.'],
  'swarm/self': [UNTIMELY, 'The peer was connected to itself.'],
  'swarm/identity': [UNTIMELY, 'Another peer came than the one that the tracker named.'],
  'swarm/auth': [UNTIMELY, 'The handshake is not signed by whom it names, or somebody stands in between.'],
  'swarm/banned': [UNTIMELY, 'The address is banned here.'],
  'swarm/replaced': [OUTDATED, 'A newer connection of the same address has taken the place of this one.'],
  'swarm/flood': [IMPROPER, 'More messages came than a peer may send.'],
  'swarm/unexpected': [IMPROPER, 'A message came when it could not be meant.'],
  'swarm/unrequested': [IMPROPER, 'A piece came that was not asked for.'],
  'swarm/have': [IMPROPER, 'A have-map names segments that the resource does not have.'],
  'swarm/no-such-piece': [IMPROPER, 'A request names a piece that the resource does not have.'],
  'swarm/silent': [IMPROPER, 'Requests were left unanswered again and again.'],
  'swarm/wrong-hashes': [FORGED, 'The piece hashes are not those of the segment that the publisher signed.'],
  'swarm/wrong-piece': [FORGED, 'The piece is not the one that the publisher signed.'],
  'swarm/not-serving': [UNTIMELY, 'The peer serves nobody now.'],
  'swarm/not-held': [UNTIMELY, 'The peer does not hold the segment.'],
  'swarm/busy': [OVERLOADED, 'As many requests wait at the peer as it takes from one.'],
  'swarm/cancelled': [UNTIMELY, 'The request was called off before it was served.'],
  'payment/required': [UNTIMELY, 'The peer serves nothing before it has accepted a pool.'],
  'payment/unpaid': [UNTIMELY, 'The request waited too long for its payment.'],
} as const
export type SwarmCode = keyof typeof REJECTIONS
export const reject: ReturnType<typeof rejecter<typeof REJECTIONS>> = rejecter(REJECTIONS)

/** A lie about content or money: no other peer and no later time could make it right (spec D-BAN). */
export function isLie({ blame, isFinal }: Rejection): boolean {
  return blame === 'sender' && isFinal
}
