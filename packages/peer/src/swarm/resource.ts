// Getting the manifest of what shall be played.
import { bytesToUtf8, CodedError, concatBytes } from '@tan/primitives'
import { deliveryLimits, parseManifest, type SignedManifest } from '@tan/protocol'
import { MANIFEST_MAX_MS } from '../limits.ts'
import type { HttpGet } from '../ports.ts'

/** Throws `manifest/unreachable`, and what a manifest that is not right throws. */
export async function fetchManifest(url: string, get: HttpGet): Promise<SignedManifest> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    const { status, body } = await get(url, { signal: AbortSignal.timeout(MANIFEST_MAX_MS) })
    if (status !== 200) throw new CodedError('manifest/unreachable', `${url} is answered with ${status}`)
    for await (const chunk of body) {
      size += chunk.length
      if (size > deliveryLimits.MANIFEST_MAX_CHARS)
        throw new CodedError('manifest/size', `the manifest at ${url} has more than ${size} bytes`)
      chunks.push(chunk)
    }
  } catch (cause) {
    if (cause instanceof CodedError) throw cause
    throw new CodedError('manifest/unreachable', `there is no manifest at ${url}: is the origin running?`, { cause })
  }
  return parseManifest(bytesToUtf8(concatBytes(...chunks)))
}

/** Where the files of a manifest lie: its origins, or its own folder. */
export function originFolders(manifestUrl: string, manifest: SignedManifest): readonly string[] {
  return manifest.origins.length > 0 ? manifest.origins : [new URL('.', manifestUrl.split(/[?#]/)[0]).href]
}
