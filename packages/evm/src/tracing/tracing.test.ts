// The tracers, on real contracts and beside what the library's step events say.
import { Common, Hardfork, Mainnet } from '@ethereumjs/common'
import { createEVM } from '@ethereumjs/evm'
import { SimpleStateManager } from '@ethereumjs/statemanager'
import { Account, Address as TheirAddress } from '@ethereumjs/util'
import { type Address, concatBytes, EMPTY_BYTES, fromHex, type Hex, toHex, utf8ToBytes } from '@tan/primitives'
import { beforeAll, expect, test } from 'vitest'
import { createEvm } from '../evm.ts'
import type { Message } from '../message.ts'
import { environmentOf } from '../testing/differential.ts'
import { World } from '../testing/world.ts'
import { traceCalls } from './calls.ts'
import { tracePrestate } from './prestate.ts'
import { type StructLog, traceStructLogs } from './struct-logs.ts'
import { createTracingEvm, type Step, type TracingEvm } from './tracer.ts'

const SENDER: Address = '0x00000000000000000000000000000000000a11ce'
const OUTER: Address = '0x00000000000000000000000000000000000000aa'
const INNER: Address = '0x00000000000000000000000000000000000000bb'
const osaka = environmentOf('osaka')
const word = (value: number): Hex => `0x${value.toString(16).padStart(64, '0')}`

/** Stores 7 in slot 1, reads it, and returns it. */
const INNER_CODE = fromHex('0x600760015560015460005260206000f3')
/** Calls INNER with 3 wei and its own input, then creates an empty contract, then returns what INNER returned. */
const OUTER_CODE = fromHex(
  '0x3660006000376020600036600060036 0bb620186a0f15060006000600 0f05060206000f3'.replaceAll(' ', '') as Hex,
)

let tracing: TracingEvm
beforeAll(async () => {
  tracing = await createTracingEvm()
})

function worldOf(outer: Uint8Array = OUTER_CODE, inner: Uint8Array = INNER_CODE): World {
  const world = new World()
  world.put(SENDER, { nonce: 1n, balance: 10n ** 18n })
  world.put(OUTER, { nonce: 1n, balance: 10n, code: outer })
  world.put(INNER, { nonce: 1n, code: inner, storage: new Map([[word(5), 9n]]) })
  return world
}

const message = (changes: Partial<Message> = {}): Message => ({
  ...{ caller: SENDER, to: OUTER, value: 0n, input: utf8ToBytes('hello'), gas: 300_000n, gasPrice: 1n },
  ...changes,
})

async function theirSteps(world: World, one: Message): Promise<unknown[]> {
  const common = new Common({ chain: { ...Mainnet }, hardfork: Hardfork.Osaka })
  const stateManager = new SimpleStateManager({ common })
  for (const [address, { nonce, balance, code, storage }] of world.accounts) {
    const theirs = new TheirAddress(fromHex(address))
    await stateManager.putAccount(theirs, new Account(nonce, balance))
    if (code.length > 0) await stateManager.putCode(theirs, code)
    for (const [key, value] of storage)
      await stateManager.putStorage(theirs, fromHex(key), fromHex(`0x0${value.toString(16)}`))
  }
  const evm = await createEVM({ common, stateManager })
  const steps: unknown[] = []
  evm.events.on('step', (step, next) => {
    steps.push({
      pc: step.pc,
      op: step.opcode.name,
      gas: Number(step.gasLeft),
      depth: step.depth + 1,
      stack: step.stack.map(value => `0x${value.toString(16)}`),
    })
    next?.()
  })
  for (const address of [one.caller, one.to!, osaka.coinbase]) evm.journal.addAlwaysWarmAddress(address)
  await evm.runCall({
    caller: new TheirAddress(fromHex(one.caller)),
    to: new TheirAddress(fromHex(one.to!)),
    data: one.input,
    value: one.value,
    gasLimit: one.gas,
    skipNonceIncrement: true,
  })
  return steps
}

function structLogs(world: World, one: Message, options: Partial<Parameters<typeof traceStructLogs>[0]> = {}) {
  tracing.forget()
  const { tracer, logs } = traceStructLogs({ most: 10_000, ...options })
  const result = tracing.trace(tracer, () => tracing.execute(one, osaka, world))
  return { logs, result }
}

test('each instruction is shown as the library shows it', async () => {
  const { logs, result } = structLogs(worldOf(), message())
  expect(result.status).toBe('success')
  const shown = logs.map(({ pc, op, gas, depth, stack }: StructLog) => ({ pc, op, gas, depth, stack }))
  expect(shown).toEqual(await theirSteps(worldOf(), message()))
})

test('the traced run ends as the untraced one', () => {
  const { result } = structLogs(worldOf(), message())
  expect(result).toEqual(createEvm().execute(message(), osaka, worldOf()))
})

test('costs add up, and slots are shown', () => {
  const { logs } = structLogs(worldOf(), message(), { withMemory: true })
  expect(logs.filter(log => log.gasCost < 0)).toEqual([])
  const inner = logs.filter(log => log.depth === 2)
  expect(inner.find(log => log.op === 'SSTORE')).toMatchObject({ gasCost: 22_100, storage: { [word(1)]: word(7) } })
  expect(inner.find(log => log.op === 'SLOAD')).toMatchObject({ gasCost: 100, storage: { [word(1)]: word(7) } })
  // the access, the value, and what is passed on (without the stipend)
  expect(logs.find(log => log.op === 'CALL')!.gasCost).toBe(2600 + 9000 + 100_000)
  expect(logs.find(log => log.op === 'CREATE')!.gasCost).toBe(32_000)
  expect(logs.at(-1)!.memory![0]).toBe(word(7))
})

test('an instruction that halts says why', () => {
  const { logs } = structLogs(worldOf(fromHex('0x6001600a56')), message())
  expect(logs.at(-1)).toMatchObject({ op: 'JUMP', error: 'invalid jump destination' })
})

test('the refund counter is shown where there is one, with what the instruction adds', () => {
  const world = worldOf(fromHex('0x5f5f5560015f5500'))
  world.put(OUTER, { nonce: 1n, code: fromHex('0x5f5f5560015f5500'), storage: new Map([[word(0), 1n]]) })
  const { logs } = structLogs(world, message())
  expect(logs.map(({ op, refund }) => [op, refund])).toEqual([
    ['PUSH0', undefined],
    ['PUSH0', undefined],
    ['SSTORE', 4800],
    ['PUSH1', 4800],
    ['PUSH0', 4800],
    ['SSTORE', 2800],
    ['STOP', 2800],
  ])
  // before London a destruction gives one too
  tracing.forget()
  const early = traceStructLogs({ most: 100 })
  tracing.trace(early.tracer, () => tracing.execute(message(), environmentOf('berlin'), worldOf(fromHex('0x60bbff'))))
  expect(early.logs.at(-1)).toMatchObject({ op: 'SELFDESTRUCT', refund: 24_000 })
})

test('slots are shown by contract, whichever frame touched them', () => {
  // reads slot 0; INNER's code reads slot 1 on its behalf; then it writes slot 2
  const outer = fromHex('0x5f54505f5f5f5f60bb5af450600360025500')
  const world = worldOf(outer, fromHex('0x600154'))
  world.put(OUTER, {
    nonce: 1n,
    code: outer,
    storage: new Map([
      [word(0), 7n],
      [word(1), 8n],
    ]),
  })
  const { logs } = structLogs(world, message())
  expect(logs.filter(log => log.storage !== undefined).map(({ depth, op, storage }) => [depth, op, storage])).toEqual([
    [1, 'SLOAD', { [word(0)]: word(7) }],
    [2, 'SLOAD', { [word(0)]: word(7), [word(1)]: word(8) }],
    [1, 'SSTORE', { [word(0)]: word(7), [word(1)]: word(8), [word(2)]: word(3) }],
  ])
})

test('records that are left out are not made, and the last one is complete', () => {
  const all = structLogs(worldOf(), message()).logs
  for (const most of [0, 5, all.findIndex(log => log.op === 'SSTORE') + 1, all.findIndex(log => log.op === 'CALL') + 1])
    expect(structLogs(worldOf(), message(), { most }).logs).toEqual(all.slice(0, most))
  let copies = 0
  const { tracer, logs } = traceStructLogs({ most: 5, withMemory: true })
  tracing.forget()
  const noting = (current: Step) =>
    new Proxy(current, {
      get(target, name) {
        if (name === 'stack' || name === 'memory') copies++
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  tracing.trace({ ...tracer, step: current => tracer.step!(noting(current)) }, () =>
    tracing.execute(message(), osaka, worldOf()),
  )
  expect([logs.length, copies]).toEqual([5, 10])
})

test('the tree of calls', () => {
  const { tracer, root } = traceCalls()
  tracing.forget()
  const result = tracing.trace(tracer, () => tracing.execute(message(), osaka, worldOf()))
  const tree = root()
  expect(tree).toMatchObject({ type: 'CALL', from: SENDER, to: OUTER, value: '0x0', gas: '0x493e0', output: word(7) })
  expect(BigInt(tree.gasUsed)).toBe(300_000n - result.gasLeft)
  expect(tree.calls!.map(({ type, to, value, input }) => [type, to, value, input])).toEqual([
    ['CALL', INNER, '0x3', toHex(utf8ToBytes('hello'))],
    ['CREATE', expect.stringMatching(/^0x/), '0x0', '0x'],
  ])
})

test('a revert with a reason, a halt, a selfdestruct', () => {
  const reason = concatBytes(
    fromHex('0x08c379a0'),
    fromHex(word(32)),
    fromHex(word(2)),
    fromHex(`0x6e6f${'00'.repeat(30)}`),
  )
  // copies the reason from behind the code into memory and reverts
  const reverting = concatBytes(fromHex('0x60646 00c60003960646000fd'.replaceAll(' ', '') as Hex), reason)
  const trace = (code: Uint8Array) => {
    const { tracer, root } = traceCalls()
    tracing.forget()
    tracing.trace(tracer, () => tracing.execute(message(), osaka, worldOf(code)))
    return root()
  }
  expect(trace(reverting)).toMatchObject({ error: 'execution reverted', revertReason: 'no' })
  expect(trace(fromHex('0xfe'))).toMatchObject({ error: 'invalid opcode: INVALID', gasUsed: '0x493e0' })
  expect(trace(fromHex('0x60bbff')).calls).toEqual([
    { type: 'SELFDESTRUCT', from: OUTER, to: INNER, value: '0xa', gas: '0x0', gasUsed: '0x0', input: '0x' },
  ])
})

function prestate(world: World, changes: Partial<Message> = {}) {
  return tracePrestate(tracing, world, host => tracing.execute(message(changes), osaka, host))
}

test('what was read before, and what is different after', () => {
  const world = worldOf()
  const { pre, diff } = prestate(world, { value: 1n })
  expect(Object.keys(pre)).toEqual(expect.arrayContaining([SENDER, OUTER, INNER]))
  const inner = { balance: '0x0', nonce: 1, code: toHex(INNER_CODE) }
  expect(pre[INNER]).toEqual({ ...inner, storage: { [word(1)]: word(0) } })
  expect(diff.pre[INNER]).toEqual(inner)
  expect(diff.post[INNER]).toEqual({ balance: '0x3', storage: { [word(1)]: word(7) } })
  expect(diff.post[OUTER]).toEqual({ balance: '0x8', nonce: 2 })
  // nothing was kept
  const { changes } = tracing.execute(message({ input: EMPTY_BYTES }), osaka, world)
  expect(changes.slots).toHaveLength(1)
})

test('slots are in the prestate also of a contract that has none, if there was gas to touch them', () => {
  expect(prestate(worldOf(fromHex('0x5f54506007600155'))).pre[OUTER]!.storage).toEqual({
    [word(0)]: word(0),
    [word(1)]: word(0),
  })
  expect(prestate(worldOf(fromHex('0x600354')), { gas: 500n }).pre[OUTER]).not.toHaveProperty('storage')
})

test('the diff has only what changed: no slots that stayed, none that hold 0, no accounts that were only read', () => {
  // reads slot 1, writes what slot 2 holds, empties slot 3, changes slot 4, fills slot 5, asks for a balance
  const code = fromHex('0x60015450 6007600255 5f600355 6008600455 6009600555 60bb31 00'.replaceAll(' ', '') as Hex)
  const world = worldOf()
  const storage = new Map([1, 2, 3, 4].map(key => [word(key), 7n]))
  world.put(OUTER, { nonce: 1n, balance: 10n, code, storage })
  const { pre, diff } = prestate(world)
  expect(Object.keys(pre[OUTER]!.storage!)).toHaveLength(5)
  expect(diff.pre).toEqual({
    [OUTER]: {
      ...{ balance: '0xa', nonce: 1, code: toHex(code) },
      storage: { [word(3)]: word(7), [word(4)]: word(7) },
    },
  })
  expect(diff.post).toEqual({ [OUTER]: { storage: { [word(4)]: word(8), [word(5)]: word(9) } } })
})

test('what is created is only after, and what is deleted only before', () => {
  const made = prestate(worldOf(fromHex('0x5f5f5ff000')))
  const created = (Object.keys(made.diff.post) as Address[]).filter(address => made.pre[address] === undefined)
  expect(created.map(address => made.diff.post[address])).toEqual([{ nonce: 1 }])
  expect(Object.keys(made.diff.pre)).toEqual([OUTER])
  const world = worldOf(fromHex('0x60bbff'))
  const gone = tracePrestate(tracing, world, host => tracing.execute(message(), environmentOf('berlin'), host))
  expect(gone.diff.pre[OUTER]).toEqual({ balance: '0xa', nonce: 1, code: '0x60bbff' })
  expect(gone.diff.post).toEqual({ [INNER]: { balance: '0xa' } })
})
