import { createCatalog } from '@tan/delivery'
import type { Manifest } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { segmentsAt } from './segment-urls.ts'

const root = `0x${'00'.repeat(32)}` as const
const part = (uri: string, offsetBytes: number) => ({ uri, offsetBytes, sizeBytes: 100, durationMs: 1_000, root })
const manifest: Manifest = {
  chainId: 1,
  publisher: `0x${'00'.repeat(20)}`,
  title: 'a film',
  entry: 'a b.m3u8',
  renditions: [
    {
      name: 'only',
      bandwidth: 1,
      codecs: '',
      playlist: 'a b.m3u8',
      pieces: 'only.pieces',
      segments: [{ ...part('a b.m3u8', 0), durationMs: 0 }, part('360p/film.mp4', 100), part('360p/film.mp4', 0)],
    },
  ],
  piecePriceWei: 0n,
  openingWei: 0n,
  licencePriceWei: 0n,
  origins: [],
  trackers: [],
  licence: '',
}
const resource = {
  catalog: createCatalog(manifest),
  folders: ['https://one.example/films/', 'https://two.example/mirror/'],
}
const numbersAt = (url: string) => segmentsAt(resource, url).map(({ segment }) => segment)

describe('the segments at a URL', () => {
  it('are those of the file, in the order of their offsets, below any of the folders', () => {
    expect(numbersAt('https://one.example/films/360p/film.mp4')).toEqual([2, 1])
    expect(numbersAt('https://two.example/mirror/360p/film.mp4?token=1#t=4')).toEqual([2, 1])
    expect(numbersAt('https://one.example/films/a%20b.m3u8')).toEqual([0])
  })

  it('are none for what is not part of the resource', () => {
    for (const url of [
      'https://three.example/films/360p/film.mp4',
      'https://one.example/360p/film.mp4',
      'https://one.example/films/other.mp4',
      'https://one.example/films/%',
      'films/360p/film.mp4',
      '',
    ])
      expect(numbersAt(url)).toEqual([])
  })
})
