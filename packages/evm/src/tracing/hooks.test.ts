// What the tracing engine itself tells of calls that do not happen and of contracts that go.
import { type Address, EMPTY_BYTES, fromHex, type Hex } from '@tan/primitives'
import { expect, test } from 'vitest'
import { tracingModule } from '#engine'
import { createEngine } from '../create-engine.ts'
import type { Engine } from '../engine.ts'
import { HALT_REASONS } from '../message.ts'
import { execute } from '../run.ts'
import { environmentOf } from '../testing/differential.ts'
import { World } from '../testing/world.ts'

const SENDER: Address = '0x00000000000000000000000000000000000a11ce'
const TARGET: Address = '0x00000000000000000000000000000000000000bb'
const OTHER: Address = '0x00000000000000000000000000000000000000cc'
const module = await tracingModule()

/** What the tracing engine tells, each in a line, after the same run without tracing had the same end. */
function told(code: Hex, { nonce = 1n, other = '0x00' as Hex, gas = 100_000n } = {}): string[] {
  const events: string[] = []
  const engine: Engine = createEngine(module, {
    hooks: {
      step() {},
      enter(frame) {
        const { memory, at } = engine
        const kind = memory.readU32(frame + at.KIND).toString(16)
        const depth = (frame - at.FRAMES) / at.FRAME_SIZE - 1
        if (depth > 0 && (depth < 3 || depth > 1023))
          events.push(`enter ${depth} ${kind} ${engine.addressOf(memory.readU32(frame + at.CODE_ACCOUNT)).slice(-2)}`)
      },
      exit(frame, status) {
        const { memory, at, run } = engine
        const depth = (frame - at.FRAMES) / at.FRAME_SIZE - 1
        if (depth > 0 && (depth < 3 || depth > 1023))
          events.push(
            `exit ${depth} ${status} ${HALT_REASONS[run.haltReason()]} ${memory.readI64(frame + at.GAS) > 0n}`,
          )
      },
      destroy(frame, beneficiary, amount) {
        const { memory, at } = engine
        const self = engine.addressOf(memory.readU32(frame + at.SELF)).slice(-2)
        events.push(`destroy ${self} ${engine.addressOf(beneficiary).slice(-2)} ${memory.readWord(amount)}`)
      },
    },
  })
  const results = [engine, createEngine()].map(each => {
    const world = new World()
    world.put(SENDER, { nonce: 1n, balance: 10n ** 18n })
    world.put(TARGET, { nonce, balance: 5n, code: fromHex(code) })
    world.put(OTHER, { nonce: 1n, balance: 7n, code: fromHex(other) })
    const message = { caller: SENDER, to: TARGET, value: 0n, input: EMPTY_BYTES, gas, gasPrice: 1n }
    return execute(each, message, environmentOf('osaka'), world)
  })
  expect(results[0]).toEqual(results[1])
  return events
}

test('a call that is refused for its value is told, with its gas all left', () => {
  expect(told('0x60006000600060006006 60cc5af160005500'.replaceAll(' ', '') as Hex)).toEqual([
    'enter 1 f1 cc',
    'exit 1 2 balance too low true',
  ])
})

test('a creation that is refused for its value or the last nonce is told', () => {
  expect(told('0x600060006006f060005500')).toEqual(['enter 1 f0 f4', 'exit 1 2 balance too low true'])
  expect(told('0x6000600060006000f560005500', { nonce: 2n ** 64n - 1n })).toEqual([
    expect.stringContaining('enter 1 f5'),
    'exit 1 2 last nonce true',
  ])
})

test('a call that goes too deep is told', () => {
  const events = told('0x5f5f5f5f5f305af1505a00', { gas: 10n ** 12n })
  expect(events).toContain('enter 1025 f1 bb')
  expect(events).toContain('exit 1025 2 call too deep true')
})

test('a contract that destroys itself is told where it does, and not where it must not or cannot pay', () => {
  const call = '0x5f5f5f5f5f60cc61ffff f1 00'.replaceAll(' ', '') as Hex
  const staticCall = '0x5f5f5f5f60cc61ffff fa 00'.replaceAll(' ', '') as Hex
  expect(told(call, { other: '0x60bbff' })).toContain('destroy cc bb 7')
  expect(told(staticCall, { other: '0x60bbff' }).join()).not.toContain('destroy')
  expect(told(call, { other: '0xff' }).join()).not.toContain('destroy')
  expect(told(call.replace('61ffff', '611000') as Hex, { other: '0x60bbff' }).join()).not.toContain('destroy')
})
