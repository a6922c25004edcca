import { addressOfSecretKey, CodedError, createSeededRandom, randomBytesFrom } from '@tan/primitives'
import { describe, expect, it } from 'vitest'
import { fileUrl, type Manifest, manifestToJson, parseManifest, resourceIdOf, signManifest } from './manifest.ts'
import { hashPieces, PIECE_SIZE_BYTES, pieceRoot } from './pieces.ts'

const random = createSeededRandom(11)
const secretKey = randomBytesFrom(random, 32)
const segmentBytes = randomBytesFrom(random, PIECE_SIZE_BYTES + 7)

const manifest: Manifest = {
  chainId: 7,
  publisher: addressOfSecretKey(secretKey),
  title: 'Tänze',
  entry: 'master.m3u8',
  renditions: [
    {
      name: '360p',
      bandwidth: 600_000,
      codecs: 'avc1.64001e,mp4a.40.2',
      playlist: 'low/index.m3u8',
      pieces: 'low.pieces',
      segments: [
        { uri: 'low/index.m3u8', offsetBytes: 0, sizeBytes: 300, durationMs: 0, root: `0x${'01'.repeat(32)}` },
        {
          uri: 'low/seg 0.m4s',
          offsetBytes: 0,
          sizeBytes: segmentBytes.length,
          durationMs: 2_000,
          root: pieceRoot(hashPieces(segmentBytes)),
        },
      ],
    },
    {
      name: 'files',
      bandwidth: 0,
      codecs: '',
      playlist: '',
      pieces: 'files.pieces',
      segments: [{ uri: 'master.m3u8', offsetBytes: 0, sizeBytes: 120, durationMs: 0, root: `0x${'02'.repeat(32)}` }],
    },
  ],
  piecePriceWei: 10n ** 12n,
  openingWei: 0n,
  licencePriceWei: 0n,
  origins: ['https://origin.example/films/'],
  trackers: ['wss://tracker.example/'],
  licence: 'CC-BY-4.0',
}

const json = manifestToJson(signManifest(manifest, secretKey))

function codeOf(source: string): string {
  try {
    parseManifest(source)
  } catch (error) {
    if (error instanceof CodedError) return `${error.code} ${error.message}`
    throw error
  }
  return 'accepted'
}

/** The manifest signed again after a change, so that only the rule in question can refuse it. */
function resigned(
  change: (value: { renditions: Record<string, unknown>[] } & Record<string, unknown>) => void,
): string {
  const value = JSON.parse(json)
  change(value)
  return JSON.stringify(value)
}

describe('a manifest', () => {
  // spec D-RESOURCE
  it('survives its JSON, and keeps its id', () => {
    const parsed = parseManifest(json)
    const { signature: _, ...content } = parsed
    expect(content).toEqual(manifest)
    expect(resourceIdOf(parsed)).toBe(resourceIdOf(manifest))
  })

  it('is refused when anything in it was changed after signing', () => {
    const changes: ((value: Record<string, unknown>) => void)[] = [
      value => Object.assign(value, { title: 'other' }),
      value => Object.assign(value, { piecePriceWei: '1000000000001' }),
      value => Object.assign(value, { publisher: `0x${'11'.repeat(20)}` }),
      value => Object.assign(value, { chainId: 8 }),
      value => Object.assign(value, { origins: [] }),
      value => Object.assign(value, { signature: `0x${'00'.repeat(65)}` }),
      value => Object.assign(value, { signature: `0x${'ff'.repeat(65)}` }),
    ]
    for (const change of changes) expect(codeOf(resigned(change))).toMatch(/^manifest\/signature /)
    expect(
      codeOf(
        resigned(value => {
          const segments = value.renditions[0]!.segments as { root: string }[]
          segments[0]!.root = `0x${'03'.repeat(32)}`
        }),
      ),
    ).toMatch(/^manifest\/signature /)
  })

  // spec D-MANIFEST
  it('is refused with a path where its form is wrong', () => {
    expect(codeOf('')).toMatch(/^manifest\/invalid /)
    expect(codeOf('null')).toMatch(/^manifest\/invalid /)
    expect(codeOf('[]')).toMatch(/^manifest\/invalid /)
    expect(codeOf(json.slice(0, -20))).toMatch(/^manifest\/invalid /)
    expect(codeOf(resigned(value => Object.assign(value, { format: 'tan-manifest-2' })))).toMatch(/manifest\.format/)
    expect(codeOf(resigned(value => Object.assign(value, { piecePriceWei: 12 })))).toMatch(/piecePriceWei/)
    expect(codeOf(resigned(value => Object.assign(value, { piecePriceWei: `${2n ** 100n}` })))).toMatch(/piecePriceWei/)
    expect(codeOf(resigned(value => Object.assign(value, { renditions: [] })))).toMatch(/renditions: there is none/)
    expect(codeOf(resigned(value => Object.assign(value, { entry: 'elsewhere.m3u8' })))).toMatch(/entry/)
    expect(codeOf(resigned(value => Object.assign(value, { origins: ['https://origin.example/a'] })))).toMatch(
      /origins\[0\].*must end in/,
    )
    expect(codeOf(resigned(value => Object.assign(value, { origins: ['file:///etc/'] })))).toMatch(/origins\[0\]/)
    expect(codeOf(resigned(value => Object.assign(value, { trackers: ['https://x.example/'] })))).toMatch(/trackers/)
  })

  it('names no file outside its folder', () => {
    for (const uri of ['../a', '/a', 'a//b', 'a/./b', 'a\\b', 'http://x/y', 'a?b', 'a#b', 'a%2e', 'a\u0000', ''])
      expect(
        codeOf(
          resigned(value => {
            const segments = value.renditions[1]!.segments as { uri: string }[]
            segments[0]!.uri = uri
            value.entry = uri
          }),
        ),
        uri,
      ).toMatch(/^manifest\/invalid .*uri/)
  })

  it('names the same bytes only once', () => {
    const twice = resigned(value => {
      const segments = value.renditions[1]!.segments as unknown[]
      segments.push(segments[0])
    })
    expect(codeOf(twice)).toMatch(/stands there twice/)
  })

  it('gives URLs of its files', () => {
    expect(fileUrl('https://origin.example/films/', 'low/seg 0.m4s')).toBe(
      'https://origin.example/films/low/seg%200.m4s',
    )
  })
})

// spec D-PIECE
describe('pieces', () => {
  it('have a root that depends on every hash and on their order', () => {
    const hashes = hashPieces(randomBytesFrom(random, 5 * 1024))
    expect(pieceRoot(hashes)).toMatch(/^0x[0-9a-f]{64}$/)
    const five = randomBytesFrom(random, 5 * 32)
    const root = pieceRoot(five)
    const seen = new Set([root])
    for (let i = 0; i < five.length; i += 8) {
      const changed = five.slice()
      changed[i]! ^= 1
      seen.add(pieceRoot(changed))
    }
    expect(seen.size).toBe(1 + five.length / 8)
    expect(pieceRoot(five.slice(0, 128))).not.toBe(root)
  })
})
