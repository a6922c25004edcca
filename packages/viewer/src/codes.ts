// With which codes this room fails. docs/errors.md lists them.
import type { ErrorTable } from '@tan/primitives'

export const ERRORS = {
  'viewer/timeout':
    'A segment came from no peer and from no origin in time: check the connection, and that the origin serves the file.',
  'viewer/segment': 'A player asked for a segment that the resource does not have: load its playlist anew.',
  'viewer/closed': 'The viewer was closed while a segment was asked for: open another to go on.',
  'session/storage':
    'The browser keeps no data for this page: serve the page over https, and leave private browsing. Until then it pays nobody.',
  'session/damaged':
    'A record of this session cannot be decrypted any more: clear the site’s data, which gives up the session.',
  'session/busy': 'As many tabs play as can have sessions of their own: close one.',
} as const satisfies ErrorTable
