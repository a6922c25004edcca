// The files that an origin may serve: those of one folder, and nothing else that a path could name.
import { realpathSync, type Stats } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { CodedError, shorten } from '@tan/primitives'

export interface ServedFile {
  readonly path: string
  readonly sizeBytes: number
  readonly modifiedMs: number
  readonly type: string
  /** changes when the file does */
  readonly tag: string
}

const TYPES: Readonly<Record<string, string>> = {
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.m4s': 'video/iso.segment',
  '.mp4': 'video/mp4',
  '.m4v': 'video/mp4',
  '.m4a': 'audio/mp4',
  '.ts': 'video/mp2t',
  '.aac': 'audio/aac',
  '.vtt': 'text/vtt; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
}

/** Throws `origin/folder`. */
export function openFolder(folder: string): string {
  try {
    return realpathSync(folder)
  } catch (cause) {
    throw new CodedError('origin/folder', `no folder ${folder} to serve`, { cause })
  }
}

/** Undefined for missing and forbidden files. Throws `origin/path` for an invalid path. */
export async function findFile(root: string, urlPath: string): Promise<ServedFile | undefined> {
  const parts = pathParts(urlPath)
  let path: string
  let found: Stats
  try {
    path = await realpath(join(root, ...parts))
    found = await stat(path)
  } catch {
    return undefined
  }
  // A link may point anywhere, but its target must be in the folder.
  if (!path.startsWith(root + sep) || !found.isFile()) return undefined
  return {
    path,
    sizeBytes: found.size,
    modifiedMs: found.mtimeMs,
    type: TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream',
    tag: `"${found.size.toString(36)}-${Math.floor(found.mtimeMs).toString(36)}"`,
  }
}

/** No part leads up, is hidden, or has a special meaning to the file system. */
function pathParts(urlPath: string): string[] {
  let decoded: string
  try {
    decoded = decodeURIComponent(urlPath)
  } catch {
    throw new CodedError('origin/path', `${shorten(urlPath)} is not a well-formed path`)
  }
  const parts = decoded.split('/').slice(1)
  const isBad = (part: string) => part === '' || part.startsWith('.') || /[\\\0:]/.test(part)
  if (!decoded.startsWith('/') || parts.some(isBad))
    throw new CodedError('origin/path', `${shorten(decoded)} does not name a file of this origin`)
  return parts
}
