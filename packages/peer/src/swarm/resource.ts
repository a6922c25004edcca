// A resource as its manifest describes it: fetched, checked, and where its files lie.
import { type Catalog, createCatalog } from '@tan/delivery'
import { bytesToUtf8, CodedError, concatBytes, type Hash } from '@tan/primitives'
import { deliveryLimits, parseManifest, type SignedManifest } from '@tan/protocol'
import { MANIFEST_MAX_MS } from '../limits.ts'
import type { HttpGet } from '../ports.ts'

export interface Resource {
  readonly resourceId: Hash
  readonly manifestUrl: string
  readonly manifest: SignedManifest
  readonly catalog: Catalog
  /** URLs of folders that hold its files, the best first */
  readonly folders: readonly string[]
}

/**
 * Fetches a manifest and checks it (spec D-MANIFEST, D-RESOURCE). `chainId`: of the chain that the peer pays and earns on,
 * if it has one. Throws `manifest/unreachable`, `manifest/chain`, and what `parseManifest` throws.
 */
export async function openResource(manifestUrl: string, get: HttpGet, chainId: number | undefined): Promise<Resource> {
  const manifest = await fetchManifest(manifestUrl, get)
  if (chainId !== undefined && chainId !== manifest.chainId)
    throw new CodedError('manifest/chain', `the manifest is for chain ${manifest.chainId}; this is ${chainId}`)
  const catalog = createCatalog(manifest)
  return { resourceId: catalog.resourceId, manifestUrl, manifest, catalog, folders: foldersOf(manifestUrl, manifest) }
}

/** Whether peers are paid for serving it. */
export function isPaid({ piecePriceWei, openingWei }: SignedManifest): boolean {
  return piecePriceWei > 0n || openingWei > 0n
}

async function fetchManifest(url: string, get: HttpGet): Promise<SignedManifest> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    const { status, body } = await get(url, { signal: AbortSignal.timeout(MANIFEST_MAX_MS) })
    if (status !== 200) throw new CodedError('manifest/unreachable', `${url} is answered with ${status}`)
    for await (const chunk of body) {
      size += chunk.length
      if (size > deliveryLimits.MANIFEST_MAX_CHARS)
        throw new CodedError(
          'manifest/size',
          `the manifest at ${url} has more than ${deliveryLimits.MANIFEST_MAX_CHARS} bytes`,
        )
      chunks.push(chunk)
    }
  } catch (cause) {
    if (cause instanceof CodedError) throw cause
    throw new CodedError('manifest/unreachable', `there is no manifest at ${url}: is the origin running?`, { cause })
  }
  return parseManifest(bytesToUtf8(concatBytes(...chunks)))
}

/** spec D-ORIGIN: the manifest's origins, or its own folder */
function foldersOf(manifestUrl: string, { origins }: SignedManifest): readonly string[] {
  return origins.length > 0 ? origins : [new URL('.', manifestUrl.split(/[?#]/)[0]).href]
}
