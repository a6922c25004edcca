// spec D-HANDSHAKE, D-CHANNEL, D-FLOOD
import { unproven } from '@tan/payments'
import {
  accepted,
  addressOfSecretKey,
  createSeededRandom,
  type Hash,
  randomBytesFrom,
  rejected,
  signDigest,
} from '@tan/primitives'
import { type ChannelBinding, type SwarmMessage, signVoucher } from '@tan/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SwarmEffect, SwarmInput } from './effects.ts'
import { HANDSHAKE_MAX_MS, MESSAGES_PER_SECOND_MAX } from './limits.ts'
import { Swarm } from './swarm.ts'
import { createFilm, PRICE_WEI, unprovenPool } from './testing/film.ts'

const { catalog, hashes } = createFilm([3, 4, 4, 3, 1, 3, 4, 3, 4, 4, 3, 3])
const random = createSeededRandom(2)

function createSwarm(secretKey = randomBytesFrom(random, 32)): Swarm {
  const swarm = new Swarm({
    catalog,
    identity: { address: addressOfSecretKey(secretKey), sign: digest => signDigest(digest, secretKey) },
    random,
    serves: true,
    payee: {
      piecePriceWei: PRICE_WEI,
      openingWei: 0n,
      unredeemedMaxWei: 10n ** 9n,
      expiryMarginBlocks: 10,
      announcesClaims: false,
    },
    signVoucher: voucher => signVoucher(catalog.manifest.chainId, voucher, secretKey),
  })
  for (const { rendition, segment } of catalog.renditions[0]!.segments.slice(0, 6))
    swarm.step({ type: 'held', rendition, segment, hashes: hashes[segment]! }, 0)
  return swarm
}

const LEFT = new Uint8Array(32).fill(1)
const RIGHT = new Uint8Array(32).fill(2)

const sent = (effects: readonly SwarmEffect[]): SwarmMessage[] =>
  effects.flatMap(effect => (effect.type === 'send' ? [effect.message] : []))
const closedBy = (effects: readonly SwarmEffect[]): string[] =>
  effects.flatMap(effect => (effect.type === 'close' ? [effect.rejection.code] : []))

/** Passes messages to and fro until both are silent; what each side did. */
function meet(a: Swarm, b: Swarm, ofA: ChannelBinding, ofB: ChannelBinding, expected?: `0x${string}`) {
  const effects: { a: SwarmEffect[]; b: SwarmEffect[] } = { a: [], b: [] }
  const input: SwarmInput = { type: 'connected', link: 1, binding: ofA, expected }
  let toB = [...a.step(input, 0)]
  let toA = [...b.step({ type: 'connected', link: 1, binding: ofB }, 0)]
  while (toA.length + toB.length > 0) {
    effects.a.push(...toB)
    effects.b.push(...toA)
    const forB = sent(toB).flatMap(message => b.step({ type: 'message', link: 1, message }, 0))
    const forA = sent(toA).flatMap(message => a.step({ type: 'message', link: 1, message }, 0))
    toB = forA
    toA = forB
  }
  return effects
}

describe('a handshake', () => {
  const binding = { local: LEFT, remote: RIGHT }
  const mirrored = { local: RIGHT, remote: LEFT }

  it('opens the connection on both sides', () => {
    const effects = meet(createSwarm(), createSwarm(), binding, mirrored)
    for (const side of [effects.a, effects.b]) {
      expect(side.filter(({ type }) => type === 'opened')).toHaveLength(1)
      expect(sent(side).map(({ type }) => type)).toEqual(['hello', 'auth', 'price', 'have'])
    }
  })

  it('fails when somebody stands in between: the certificates are not the ones that were signed', () => {
    const other = new Uint8Array(32).fill(3)
    const effects = meet(createSwarm(), createSwarm(), { local: LEFT, remote: other }, { local: RIGHT, remote: other })
    expect([...closedBy(effects.a), ...closedBy(effects.b)]).toContain('swarm/auth')
    expect([...effects.a, ...effects.b].some(({ type }) => type === 'opened')).toBe(false)
  })

  it('fails with whom the tracker did not name, and with itself', () => {
    const stranger = `0x${'99'.repeat(20)}` as const
    expect(closedBy(meet(createSwarm(), createSwarm(), binding, mirrored, stranger).a)).toEqual(['swarm/identity'])
    const key = randomBytesFrom(random, 32)
    expect(closedBy(meet(createSwarm(key), createSwarm(key), binding, mirrored).a)).toEqual(['swarm/self'])
  })

  it('fails for other versions and resources, for signatures of another connection, and for silence', () => {
    const swarm = createSwarm()
    const hello = {
      type: 'hello' as const,
      version: 1,
      resourceId: catalog.resourceId,
      address: `0x${'98'.repeat(20)}` as const,
      nonce: LEFT,
    }
    const auth = { type: 'auth' as const, signature: new Uint8Array(65).fill(27) }
    const cases: [readonly SwarmMessage[], string][] = [
      [[{ ...hello, version: 2 }], 'swarm/version'],
      [[{ ...hello, resourceId: `0x${'97'.repeat(32)}` }], 'swarm/resource'],
      [[hello, hello], 'swarm/unexpected'],
      [[auth], 'swarm/unexpected'],
      [[hello, auth], 'swarm/auth'],
      [[hello, { type: 'have', rendition: 0, firstSegment: 0, segments: LEFT }], 'swarm/unexpected'],
    ]
    cases.forEach(([messages, code], i) => {
      const link = i + 1
      swarm.step({ type: 'connected', link, binding }, 0)
      const effects = messages.flatMap(message => swarm.step({ type: 'message', link, message }, 0))
      expect(closedBy(effects), code).toEqual([code])
    })
    swarm.step({ type: 'connected', link: 99, binding }, 0)
    expect(closedBy(swarm.step({ type: 'tick' }, HANDSHAKE_MAX_MS))).toEqual([])
    expect(closedBy(swarm.step({ type: 'tick' }, HANDSHAKE_MAX_MS + 1))).toEqual(['swarm/handshake-timeout'])
  })
})

describe('whatever a peer sends', () => {
  const small = fc.nat({ max: 20 })
  const ref = { rendition: fc.nat({ max: 1 }), segment: fc.nat({ max: 13 }), piece: fc.nat({ max: 5 }) }
  const wei = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })
  const bytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size })
  const poolId: Hash = `0x${'12'.repeat(32)}`
  const voucher = signVoucher(
    9,
    {
      poolId,
      target: `0x${'13'.repeat(20)}`,
      amount: 1n,
      targetSettlementSequence: 1n,
      chainAnchor: poolId,
      chainLength: 4,
      unit: PRICE_WEI,
    },
    LEFT,
  )
  const of = (type: SwarmMessage['type'], fields: Record<string, fc.Arbitrary<unknown>>) =>
    fc.record({ type: fc.constant(type), ...fields }) as fc.Arbitrary<unknown> as fc.Arbitrary<SwarmMessage>
  const message = fc.oneof(
    of('have', { rendition: ref.rendition, firstSegment: ref.segment, segments: fc.uint8Array({ maxLength: 3 }) }),
    of('request', ref),
    of('cancel', ref),
    of('reject', { ...ref, code: fc.constantFrom('swarm/not-held', 'payment/limit', 'x') }),
    of('choke', { choked: fc.boolean() }),
    of('hashes-request', { rendition: ref.rendition, segment: ref.segment }),
    of('hashes', { rendition: ref.rendition, segment: ref.segment, hashes: fc.uint8Array({ maxLength: 96 }) }),
    of('price', { pieceWei: fc.oneof(fc.constant(PRICE_WEI), fc.constant(0n), wei), openingWei: fc.constant(0n) }),
    of('pool', { proof: fc.constant(unprovenPool(poolId)) }),
    of('pool-accepted', { poolId: fc.constant(poolId), chargedWei: wei, limitWei: wei }),
    of('voucher', { voucher: fc.constant(voucher) }),
    of('preimage', { index: small, preimage: bytes(32) }),
    of('renew', {}),
    of('refused', { code: fc.constantFrom('payment/x', 'swarm/x'), message: fc.constant('no') }),
    of('auth', { signature: bytes(65) }),
  )
  const step = fc.oneof(
    { weight: 12, arbitrary: message.map(value => ({ type: 'message' as const, link: 1, message: value })) },
    { weight: 2, arbitrary: fc.constant({ type: 'tick' as const }) },
    {
      weight: 1,
      arbitrary: fc.constant({ type: 'malformed' as const, link: 1, rejection: { code: 'swarm/x', message: 'x' } }),
    },
    { weight: 3, arbitrary: fc.constantFrom('answer' as const) },
  )

  /** What a runner would report, with luck of the draw. */
  function answer(effect: SwarmEffect, luck: boolean): SwarmInput | undefined {
    switch (effect.type) {
      case 'serve':
        return { type: 'served', link: effect.link, ref: effect.ref, isSent: luck }
      case 'verify-pool':
        return { type: 'pool-verified', link: effect.link, proven: rejected(unproven('no')) }
      case 'prove-pool':
        return { type: 'pool-proof', link: effect.link, proof: accepted(unprovenPool(poolId)) }
      case 'save-payments':
        return { type: 'payments-saved', revision: effect.revision }
      case 'save-earnings':
        return { type: 'earnings-saved', revision: effect.revision }
      case 'fetch':
        return { type: 'fetched', fetch: effect.fetch, isComplete: luck }
      case 'fetch-hashes':
        return { type: 'hashes-fetched', fetch: effect.fetch, hashes: luck ? undefined : LEFT }
      default:
        return undefined
    }
  }

  it('is answered, refused or ignored, and nothing breaks', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.boolean(), (steps, luck) => {
        const swarm = createSwarm()
        const peer = createSwarm()
        meet(swarm, peer, { local: LEFT, remote: RIGHT }, { local: RIGHT, remote: LEFT })
        swarm.step({ type: 'paying-pool', pool: { poolId, kind: 'credit', budgetWei: 10n ** 6n } }, 0)
        const wanted = Array.from({ length: 6 }, (_, i) => ({ rendition: 0, segment: 6 + i, deadlineMs: 9_000 + i }))
        const pending: SwarmEffect[] = [...swarm.step({ type: 'wanted', wanted }, 0)]
        steps.forEach((input, i) => {
          const next = input === 'answer' ? pending.shift() : undefined
          const report = input === 'answer' ? next && answer(next, luck) : input
          if (report !== undefined) pending.push(...swarm.step(report, i * 50))
        })
      }),
      { numRuns: 300 },
    )
  })

  it('is bounded in rate', () => {
    const swarm = createSwarm()
    meet(swarm, createSwarm(), { local: LEFT, remote: RIGHT }, { local: RIGHT, remote: LEFT })
    let codes: string[] = []
    for (let i = 0; i < MESSAGES_PER_SECOND_MAX && codes.length === 0; i++)
      codes = closedBy(swarm.step({ type: 'message', link: 1, message: { type: 'renew' } }, 500))
    expect(codes).toEqual(['swarm/flood'])
  })
})
