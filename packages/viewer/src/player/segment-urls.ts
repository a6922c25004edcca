// Which segments of a resource lie at a URL that a player asks for.
import type { CatalogSegment } from '@tan/delivery'
import type { Resource } from '@tan/peer'

/** The segments of the file there, in order; none for what is not part of the resource. */
export function segmentsAt(
  { catalog, folders }: Pick<Resource, 'catalog' | 'folders'>,
  url: string,
): readonly CatalogSegment[] {
  for (const folder of folders) {
    const uri = uriBelow(folder, url)
    if (uri !== undefined) return catalog.file(uri)
  }
  return []
}

/** The path of a file below a folder's URL, decoded; undefined for what lies elsewhere. */
function uriBelow(folder: string, url: string): string | undefined {
  if (!URL.canParse(url)) return undefined
  const { origin, pathname } = new URL(url)
  const base = new URL(folder)
  if (origin !== base.origin || !pathname.startsWith(base.pathname)) return undefined
  try {
    return decodeURIComponent(pathname.slice(base.pathname.length))
  } catch {
    return undefined
  }
}
