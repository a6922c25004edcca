// With which codes an origin refuses requests, and publishing fails. docs/errors.md lists them.
import { type ErrorTable, FORGED, rejecter, UNTIMELY } from '@tan/primitives'

export const REJECTIONS = {
  'origin/method': [FORGED, 'An origin answers GET and HEAD alone.'],
  'origin/path': [FORGED, 'The path is malformed, or leads out of the folder.'],
  'origin/not-found': [UNTIMELY, 'There is no such file in the folder that the origin serves.'],
} as const
export const reject: ReturnType<typeof rejecter<typeof REJECTIONS>> = rejecter(REJECTIONS)

export const ERRORS = {
  'origin/folder': 'The folder that the origin should serve is not there.',
  'origin/port': 'The origin cannot listen on its port. Free the port, or choose another one.',
  'publish/input': 'The file to publish is missing or empty, or holds no video.',
  'publish/ffmpeg': 'ffmpeg is missing, or failed on the file. The message has what it said.',
  'publish/playlist': 'The playlist is not one that can be published. The message names the line.',
  'publish/live': 'The playlist has no end: a live stream cannot be published as a file.',
  'publish/segment': 'A segment is missing bytes that the playlist names, or is too large.',
} as const satisfies ErrorTable
