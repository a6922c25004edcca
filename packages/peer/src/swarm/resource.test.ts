import { utf8ToBytes } from '@tan/primitives'
import { deliveryLimits, manifestToJson } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import type { HttpGet } from '../ports.ts'
import { createFilm, MANIFEST_URL, ORIGIN_URL } from '../testing/film.ts'
import { isPaid, openResource } from './resource.ts'

const film = createFilm()

const answer =
  (status: number, ...chunks: Uint8Array[]): HttpGet =>
  async () => ({
    status,
    body: (async function* () {
      yield* chunks
    })(),
  })

describe('a resource', () => {
  it('is what its manifest says, with its files beside the manifest', async () => {
    const resource = await openResource(`${MANIFEST_URL}?token=1#t=20`, film.get, 5)
    expect(resource).toMatchObject({ resourceId: film.catalog.resourceId, folders: [ORIGIN_URL] })
    expect(resource.manifest).toEqual(film.manifest)
  })

  it('has its files where the manifest says', async () => {
    const origins = ['https://one.example/a/', 'https://two.example/b/']
    const { get } = createFilm({ origins })
    expect((await openResource(MANIFEST_URL, get, undefined)).folders).toEqual(origins)
  })

  it('of another chain is refused', async () => {
    await expect(openResource(MANIFEST_URL, film.get, 6)).rejects.toMatchObject({ code: 'manifest/chain' })
  })

  it('needs an origin that answers', async () => {
    const broken: HttpGet = () => Promise.reject(new TypeError('fetch failed'))
    await expect(openResource(MANIFEST_URL, broken, 5)).rejects.toMatchObject({ code: 'manifest/unreachable' })
    await expect(openResource(MANIFEST_URL, answer(404), 5)).rejects.toMatchObject({ code: 'manifest/unreachable' })
  })

  it('is refused where its manifest is too long, or not signed by its publisher', async () => {
    const chunk = new Uint8Array(2 ** 20)
    const endless = answer(200, ...Array.from({ length: deliveryLimits.MANIFEST_MAX_CHARS / 2 ** 20 + 1 }, () => chunk))
    await expect(openResource(MANIFEST_URL, endless, 5)).rejects.toMatchObject({ code: 'manifest/size' })
    const changed = utf8ToBytes(manifestToJson({ ...film.manifest, title: 'another' }))
    await expect(openResource(MANIFEST_URL, answer(200, changed), 5)).rejects.toMatchObject({
      code: 'manifest/signature',
    })
  })

  it('is paid where peers ask for a piece or for the opening', () => {
    expect(isPaid(film.manifest)).toBe(true)
    expect(isPaid(createFilm({ piecePriceWei: 0n, openingWei: 1n }).manifest)).toBe(true)
    expect(isPaid(createFilm({ piecePriceWei: 0n }).manifest)).toBe(false)
  })
})
