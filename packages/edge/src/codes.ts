// With which codes this room fails, and what its status port answers. docs/errors.md lists them.
import type { ErrorTable } from '@tan/primitives'

export const ERRORS = {
  'edge/port': 'The status port cannot be listened on: choose another one, or 0 for any that is free.',
  'edge/cache':
    'The cache’s folder cannot be read or written: check its permissions and the disk, or choose another one.',
  'edge/resources': 'The edge serves as many resources as it may: unpin one first.',
  'edge/private-address':
    'A manifest or tracker address points into a private network, where an edge does not go: use a public address (a devnet allows loopback).',
  'edge/http-timeout': 'A server that a manifest names does not answer: it is asked again.',
  'edge/host':
    'The status port was asked for under another name than localhost: use the address that the edge printed.',
  'edge/origin': 'A web page tried to change something at the status port: use the command line instead.',
  'edge/method': 'The status port takes no such request: GET `/status`, `/metrics` and `/health`, or POST `/redeem`.',
  'edge/not-found': 'The status port serves nothing at this path: `/status`, `/metrics` and `/health` are served.',
} as const satisfies ErrorTable
