// The tree of calls where it is easily wrong: what go-ethereum's tracer says of each case.
import { type Address, concatBytes, EMPTY_BYTES, fromHex, type Hex, toHex, utf8ToBytes } from '@tan/primitives'
import { beforeAll, expect, test } from 'vitest'
import type { Message } from '../message.ts'
import { environmentOf } from '../testing/differential.ts'
import { World, type WorldAccount } from '../testing/world.ts'
import { type CallTrace, type CallTraceOptions, traceCalls } from './calls.ts'
import { createTracingEvm, type TracingEvm } from './tracer.ts'

const SENDER: Address = '0x00000000000000000000000000000000000a11ce'
const OUTER: Address = '0x00000000000000000000000000000000000000aa'
const INNER: Address = '0x00000000000000000000000000000000000000bb'
const THIRD: Address = '0x00000000000000000000000000000000000000cc'
const SYSTEM: Address = '0x0000000000000000000000000000000000005757'
const osaka = environmentOf('osaka')
const word = (value: number): Hex => `0x${value.toString(16).padStart(64, '0')}`
const code = (text: string): Uint8Array => fromHex(`0x${text.replaceAll(' ', '')}`)

let tracing: TracingEvm
beforeAll(async () => {
  tracing = await createTracingEvm()
})

function worldOf(codes: Readonly<Record<Address, string>>, outer: Partial<WorldAccount> = {}): World {
  const world = new World()
  world.put(SENDER, { nonce: 1n, balance: 10n ** 18n })
  for (const [address, text] of Object.entries(codes) as [Address, string][])
    world.put(address, { nonce: 1n, code: code(text), ...(address === OUTER ? outer : {}) })
  return world
}

function trace(world: World, changes: Partial<Message> = {}, options: CallTraceOptions = {}): CallTrace {
  const { tracer, root } = traceCalls(options)
  tracing.forget()
  const message = { caller: SENDER, to: OUTER, value: 0n, input: EMPTY_BYTES, gas: 300_000n, gasPrice: 1n, ...changes }
  tracing.trace(tracer, () => tracing.execute(message, osaka, world))
  return root()
}

const DELEGATE_TO = (address: string) => `5f5f5f5f60${address}5af4`

test('a delegatecall comes from the contract that makes it, also from inside another', () => {
  const root = trace(worldOf({ [OUTER]: DELEGATE_TO('bb'), [INNER]: DELEGATE_TO('cc'), [THIRD]: '00' }), { value: 5n })
  const [first] = root.calls!
  expect(first).toMatchObject({ type: 'DELEGATECALL', from: OUTER, to: INNER, value: '0x5' })
  expect(first!.calls).toMatchObject([{ type: 'DELEGATECALL', from: OUTER, to: THIRD, value: '0x5' }])
})

test('a creation shows the code, and one that fails shows no address', () => {
  // init code that returns the byte 0x60; one that is the byte 0xfe; one that returns 0xef
  const init = '60605f5360015ff3'
  const create = (text: string) => `67${text.padStart(16, '5b')}5f5260086018 5ff0`
  const made = trace(worldOf({ [OUTER]: create(init) })).calls!
  expect(made).toMatchObject([{ type: 'CREATE', from: OUTER, output: '0x60', input: `0x${init}` }])
  expect(made[0]!.to).toMatch(/^0x[0-9a-f]{40}$/)
  const [failed] = trace(worldOf({ [OUTER]: create('fe') })).calls!
  expect(failed).toMatchObject({ type: 'CREATE', error: 'invalid opcode: INVALID' })
  expect(failed).not.toHaveProperty('to')
  const [invalid] = trace(worldOf({ [OUTER]: create('60ef5f5360015ff3') })).calls!
  expect(invalid).toMatchObject({ error: 'invalid code: must not begin with 0xef' })
  const outside = trace(worldOf({}), { to: undefined, input: code(init) })
  expect([outside.type, outside.output]).toEqual(['CREATE', '0x60'])
})

test('a call that a balance or the depth refuses is shown with the gas that it would have had', () => {
  // 5 wei to INNER with 1000 gas and 3 bytes of input, by whom has none; the code ends there
  const [refused, ...others] = trace(worldOf({ [OUTER]: '62abcdef5f525f5f6003601d600560bb6103e8f1' })).calls!
  expect(others).toEqual([])
  expect(refused).toEqual({
    ...{ type: 'CALL', from: OUTER, to: INNER, value: '0x5', gas: '0xce4', gasUsed: '0x0', input: '0xabcdef' },
    error: 'insufficient balance for transfer',
  })
  const [creation] = trace(worldOf({ [OUTER]: '60fe5f5360015f6005f000' })).calls!
  // 300,000 less what it cost, less a 64th
  const left = 300_000n - (2n + 3n + 3n + 3n + 3n + 2n + 3n) - 32_000n - 2n
  expect(creation).toEqual({
    ...{ type: 'CREATE', from: OUTER, value: '0x5', gas: `0x${(left - left / 64n).toString(16)}`, gasUsed: '0x0' },
    ...{ input: '0xfe', error: 'insufficient balance for transfer' },
  })
  const [used] = trace(worldOf({ [OUTER]: '5f5f5ff000' }, { nonce: 2n ** 64n - 1n })).calls!
  expect(used).toMatchObject({ type: 'CREATE', error: 'nonce uint64 overflow' })
})

test('what would be too deep is shown', () => {
  // calls itself with all gas; the last one cannot
  let frame = trace(worldOf({ [OUTER]: '5f5f5f5f5f305af1' }), { gas: 10n ** 13n })
  let depth = 0
  for (; frame.calls !== undefined; depth++) frame = frame.calls[0]!
  expect([depth, frame.error, frame.gasUsed]).toEqual([1025, 'max call depth exceeded', '0x0'])
})

test('a call that cannot be paid for is none', () => {
  expect(trace(worldOf({ [OUTER]: '5f5f5f5f5f60bb5af1' }), { gas: 1000n })).not.toHaveProperty('calls')
})

test('a selfdestruct that does not happen is none', () => {
  expect(trace(worldOf({ [OUTER]: '60bbff' })).calls).toHaveLength(1)
  expect(trace(worldOf({ [OUTER]: 'ff' }))).not.toHaveProperty('calls')
  expect(trace(worldOf({ [OUTER]: '60bbff' }), { gas: 5000n })).not.toHaveProperty('calls')
  const [inner] = trace(worldOf({ [OUTER]: '5f5f5f5f60bb5afa', [INNER]: '60ccff' })).calls!
  expect(inner).toMatchObject({ type: 'STATICCALL', error: 'write protection' })
  expect(inner).not.toHaveProperty('calls')
})

test('errors are in the words of go-ethereum', () => {
  const errors: [string, string][] = [
    ['5f01', 'stack underflow (1 <=> 2)'],
    ['5b5f600056', 'stack limit reached 1024 (1023)'],
    ['0c', 'invalid opcode: opcode 0xc not defined'],
    ['fe', 'invalid opcode: INVALID'],
    ['600456', 'invalid jump destination'],
    ['60015f5f3e', 'return data out of bounds'],
    ['6210000051', 'out of gas'],
    ['61c0015f5ff0', 'out of gas: max initcode size exceeded: size 49153'],
    ['5f5ffd', 'execution reverted'],
  ]
  for (const [text, error] of errors) expect([text, trace(worldOf({ [OUTER]: text })).error]).toEqual([text, error])
  const creations: [string, bigint, string][] = [
    ['6160015ff3', 300_000n, 'max code size exceeded'],
    ['6110005ff3', 300_000n, 'contract creation code storage out of gas'],
    ['6110005ff3', 300n, 'out of gas'],
  ]
  for (const [text, gas, error] of creations) {
    const { error: shown } = trace(worldOf({}), { to: undefined, input: code(text), gas })
    expect([text, gas, shown]).toEqual([text, gas, error])
  }
  const precompile = trace(worldOf({}), { to: '0x0000000000000000000000000000000000000006', input: fromHex(word(1)) })
  expect(precompile.error).toBe('native contract halted')
})

test('what a revert says', () => {
  const reasonOf = (data: Uint8Array) => {
    const head = code('61ffff 600d5f39 61ffff 5ffd 00')
    head.set([data.length >> 8, data.length & 255], 1)
    head.set([data.length >> 8, data.length & 255], 8)
    head[4] = head.length
    return trace(worldOf({ [OUTER]: toHex(concatBytes(head, data)).slice(2) })).revertReason
  }
  const text = (value: string, offset = 32) =>
    concatBytes(
      ...[fromHex('0x08c379a0'), fromHex(word(offset)), new Uint8Array(offset - 32)],
      ...[fromHex(word(utf8ToBytes(value).length)), utf8ToBytes(value)],
    )
  const panic = (value: number) => concatBytes(fromHex('0x4e487b71'), fromHex(word(value)))
  expect(reasonOf(text('too little'))).toBe('too little')
  expect(reasonOf(text('elsewhere', 96))).toBe('elsewhere')
  expect(reasonOf(text('cut off').subarray(0, 70))).toBeUndefined()
  expect(reasonOf(concatBytes(fromHex('0x08c379a0'), new Uint8Array(64).fill(255)))).toBeUndefined()
  expect(reasonOf(panic(0x11))).toBe('arithmetic underflow or overflow')
  expect(reasonOf(panic(0x12))).toBe('division or modulo by zero')
  expect(reasonOf(panic(0x99))).toBe('unknown panic code: 0x99')
  expect(reasonOf(panic(1).subarray(0, 35))).toBeUndefined()
})

test('a whole transaction shows its gas limit, and what it paid for', () => {
  const { tracer, root } = traceCalls()
  tracing.forget()
  const transaction = {
    ...{ sender: SENDER, nonce: 1n, gasLimit: 200_000n, to: OUTER, value: 0n, data: EMPTY_BYTES },
    ...{ maxFeePerGas: 10n, maxPriorityFeePerGas: 1n },
  }
  // empties a slot, for which there is a refund
  const world = worldOf({ [OUTER]: '5f5f55' }, { storage: new Map([[word(0), 1n]]) })
  const applied = tracing.trace(tracer, () => tracing.applyTransaction(transaction, osaka, world))
  const used = applied.ok ? applied.value.gasUsed : 0n
  expect(used).toBeGreaterThan(20_000n)
  expect([root().gas, root().gasUsed]).toEqual(['0x30d40', `0x${used.toString(16)}`])
})

test('logs stand where they were written, and those that were taken back do not', () => {
  const world = worldOf({
    // 0xab under topic 7, a call, an empty log; a call that fails; a system contract
    [OUTER]: '60ab5f53 6007 6001 5f a1 5f5f5f5f5f60bb5af1 5f5fa0 5f5f5f5f5f60cc5af1 5f5f5f5f5f6157575af1',
    [INNER]: '60016002 5f5f a2',
    [THIRD]: '5f5fa0 5f5f5f5f5f60bb5af1 fe',
  })
  world.put(SYSTEM, { nonce: 1n, code: code('fe') })
  const host = Object.assign(world, {
    native: (address: Address) =>
      address === SYSTEM
        ? (call: { log(contract: Address, topics: [], data: Uint8Array): void }) => {
            call.log(SYSTEM, [], Uint8Array.of(1))
            return { isRevert: false, output: EMPTY_BYTES }
          }
        : undefined,
  })
  const root = trace(host, {}, { withLog: true })
  expect(root.logs).toEqual([
    { address: OUTER, topics: [word(7)], data: '0xab', position: '0x0' },
    { address: OUTER, topics: [], data: '0x', position: '0x1' },
  ])
  const [inner, failed, native] = root.calls!
  expect(inner!.logs).toEqual([{ address: INNER, topics: [word(2), word(1)], data: '0x', position: '0x0' }])
  expect(failed).not.toHaveProperty('logs')
  expect(failed!.calls![0]).not.toHaveProperty('logs')
  expect(native!.logs).toEqual([{ address: SYSTEM, topics: [], data: '0x01', position: '0x0' }])
  expect(trace(host)).not.toHaveProperty('logs')
  const top = trace(host, {}, { withLog: true, onlyTopCall: true })
  expect(top).not.toHaveProperty('calls')
  expect(top.logs).toHaveLength(2)
})
