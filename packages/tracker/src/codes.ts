// With which codes a tracker refuses what peers ask, and fails. docs/errors.md lists them.
import { type ErrorTable, FORGED, OUTDATED, OVERLOADED, rejecter, UNTIMELY } from '@tan/primitives'

/** What an honest peer may meet. It counts against nobody; what is thrown (below) does (spec T-REFUSE). */
export const REJECTIONS = {
  'tracker/full': [OVERLOADED, 'The tracker has as many sockets as it holds. Use another tracker.'],
  'tracker/rate': [OVERLOADED, 'Sockets, messages, announces or signals come too fast. Wait, then send more slowly.'],
  'tracker/resources': [OVERLOADED, 'The peer is in as many swarms as one may be. Leave some.'],
  'tracker/swarm': [UNTIMELY, 'A signal came for a swarm that its sender is not in. Announce the resource first.'],
  'tracker/gone': [OUTDATED, 'The peer that a signal was for has left the swarm.'],
  'tracker/stopped': [UNTIMELY, 'The tracker is stopping. Use another one.'],
  'tracker/origin': [
    UNTIMELY,
    'The tracker does not let pages of this origin in. Its operator sets them with --origin.',
  ],
  'tracker/replaced': [OUTDATED, 'The same address logged in on a newer socket, which takes the place of this one.'],
  'http/method': [FORGED, 'The page is read with GET.'],
  'http/path': [FORGED, 'There is no such page: a tracker has /health, /metrics and /stats.'],
} as const
export const reject: ReturnType<typeof rejecter<typeof REJECTIONS>> = rejecter(REJECTIONS)

export const ERRORS = {
  'tracker/binary': 'A peer sent a message that is not text. Messages are JSON.',
  'tracker/hello': 'A peer sent something before its hello.',
  'tracker/identity': 'A hello is not signed by the address that it names, or the socket belongs to another peer.',
  'tracker/claim': 'A claim is not covered by its voucher, or came before the last one was answered.',
  'tracker/field': 'A message has the wrong shape. The message says where.',
  'tracker/interval': 'The interval that the tracker was given is outside its bounds.',
  'tracker/listen': 'The tracker cannot listen on its port. Free the port, or choose another one.',
  'locate/read': 'The table of addresses cannot be read. Give the path of a CSV file.',
  'locate/row': 'A row of the table of addresses is malformed, or there are too many. The message names the line.',
  'locate/order': 'The rows of the table of addresses are not sorted by their start. The message names the line.',
} as const satisfies ErrorTable
