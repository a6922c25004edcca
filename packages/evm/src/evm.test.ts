import { type Address, EMPTY_BYTES, fromHex, type Hash, type Hex, toHex } from '@tan/primitives'
import { beforeEach, expect, test } from 'vitest'
import { createEvm, type Evm } from './evm.ts'
import type { Environment, ExecutionResult, Message } from './message.ts'
import type { NativeContract } from './native.ts'
import { environmentOf } from './testing/differential.ts'
import { World } from './testing/world.ts'

const SENDER: Address = '0x00000000000000000000000000000000000a11ce'
const TARGET: Address = '0x00000000000000000000000000000000000000bb'
const OTHER: Address = '0x00000000000000000000000000000000000000cc'
const SYSTEM: Address = '0x0000000000000000000000000000000000005757'
const osaka = environmentOf('osaka')

let evm: Evm
let world: World
beforeEach(() => {
  evm = createEvm()
  world = new World()
  world.put(SENDER, { nonce: 1n, balance: 10n ** 18n })
})

function run(message: Partial<Message> = {}, environment: Environment = osaka, host = world): ExecutionResult {
  const defaults = { caller: SENDER, to: TARGET, value: 0n, input: EMPTY_BYTES, gas: 1_000_000n, gasPrice: 1n }
  return evm.execute({ ...defaults, ...message }, environment, host)
}

function put(address: Address, code: Hex, storage: Map<Hash, bigint> = new Map()): void {
  world.put(address, { nonce: 1n, code: fromHex(code), storage })
}

const key = (n: number): Hash => `0x${n.toString(16).padStart(64, '0')}`

test('a sum is stored, logged and returned', () => {
  put(TARGET, '0x600160020160005560aa60005260206000a060206000f3')
  const result = run({ value: 5n })
  expect(result.status).toBe('success')
  expect(toHex(result.returnData)).toBe(key(0xaa))
  expect(result.logs).toEqual([{ address: TARGET, topics: [], data: result.returnData }])
  expect(result.changes.slots).toEqual([{ address: TARGET, key: key(0), value: 3n }])
  expect(result.changes.accounts.map(account => [account.address, account.balance])).toEqual([
    [SENDER, 10n ** 18n - 5n],
    [TARGET, 5n],
  ])
})

test('what is missing unwinds the run, and the same run then succeeds', () => {
  put(TARGET, '0x60016000556001545f5260205ff3', new Map([[key(1), 7n]]))
  const missing = new Error('fetch it first')
  let isThere = false
  const slot = world.slot.bind(world)
  world.slot = (address, which) => {
    if (which === key(1) && !isThere) throw missing
    return slot(address, which)
  }
  expect(() => run()).toThrow(missing)
  isThere = true
  const result = run()
  expect(toHex(result.returnData)).toBe(key(7))
  expect(result.changes.slots).toEqual([{ address: TARGET, key: key(0), value: 1n }])
})

test('the host is asked once, and again for what it says has changed', () => {
  put(TARGET, '0x60005460005260206000f3', new Map([[key(0), 7n]]))
  let asked = 0
  const slot = world.slot.bind(world)
  world.slot = (address, which) => {
    asked++
    return slot(address, which)
  }
  run()
  run()
  expect(asked).toBe(1)
  world.accounts.get(TARGET)!.storage.set(key(0), 8n)
  evm.forgetAccount(TARGET)
  expect(toHex(run().returnData)).toBe(key(8))
  evm.forget()
  run()
  expect(asked).toBe(3)
})

test('an account that was forgotten is asked for when it is needed, whatever the host throws meanwhile', () => {
  world.put(SENDER, { nonce: 9n, balance: 10n ** 18n })
  put(TARGET, '0x60005460005260206000f3', new Map([[key(0), 7n]]))
  run()
  const account = world.account.bind(world)
  world.account = () => {
    throw new Error('not here yet')
  }
  evm.forgetAccount(SENDER)
  evm.forgetAccount(TARGET)
  expect(() => run({ to: undefined })).toThrow('not here yet')
  world.account = account
  world.accounts.get(TARGET)!.storage.set(key(0), 8n)
  expect(toHex(run().returnData)).toBe(key(8))
  expect(run({ to: undefined }).changes.accounts.find(({ address }) => address === SENDER)?.nonce).toBe(10n)
})

test('the host is asked once for a code whose size is read again and again', () => {
  put(TARGET, '0x5b60cc3b505f56')
  put(OTHER, '0x600160005360015ff3')
  let asked = 0
  const code = world.code.bind(world)
  world.code = hash => {
    if (hash === world.account(OTHER)!.codeHash) asked++
    return code(hash)
  }
  expect(run().haltReason).toBe('out of gas')
  expect(asked).toBe(1)
  // another code at the same address has another size
  put(TARGET, '0x60cc3b5f5260205ff3')
  evm.forgetAccount(TARGET)
  expect(toHex(run().returnData)).toBe(key(9))
  put(OTHER, '0x00')
  evm.forgetAccount(OTHER)
  expect(toHex(run().returnData)).toBe(key(1))
})

test('every reason to halt has its name', () => {
  const reasons: [Hex, string][] = [
    ['0x5b600056', 'out of gas'],
    ['0x01', 'stack underflow or overflow'],
    ['0x0c', 'invalid opcode'],
    ['0xfe', 'invalid opcode'],
    ['0x600156', 'invalid jump'],
    ['0x6001600060003e', 'return data out of bounds'],
  ]
  for (const [code, reason] of reasons) {
    put(TARGET, code)
    evm.forget()
    const result = run()
    expect([result.status, result.haltReason, result.gasLeft]).toEqual(['halt', reason, 0n])
  }
  put(TARGET, '0x6001600055')
  evm.forget()
  expect(run({ isStatic: true }).haltReason).toBe('write in a static call')
  expect(run({ value: 10n ** 19n }).haltReason).toBe('balance too low')
})

test('a precompile or native contract that halts says why', () => {
  const add: Address = `0x${'6'.padStart(40, '0')}`
  expect(run({ to: add, input: new Uint8Array(64).fill(1) }).haltReason).toBe('native contract halted')
  expect(run({ to: add, gas: 149n }).haltReason).toBe('out of gas')
  const host = withNative()
  expect(run({ to: SYSTEM, isStatic: true }, osaka, host).haltReason).toBe('write in a static call')
  expect(run({ to: SYSTEM, input: Uint8Array.of(2) }, osaka, host).haltReason).toBe('out of gas')
  // one that is called from bytecode leaves no reason behind
  put(TARGET, '0x5f5f60406000600060066103e8f1600056')
  expect(run().haltReason).toBe('invalid jump')
})

test('an opcode exists from its fork on', () => {
  put(TARGET, '0x5f00')
  expect(run({}, environmentOf('paris')).haltReason).toBe('invalid opcode')
  expect(run({}, environmentOf('shanghai')).status).toBe('success')
})

test('gas outside its range is refused before anything runs', () => {
  expect(() => run({ gas: -1n })).toThrow(expect.objectContaining({ code: 'evm/gas' }))
  expect(() => run({ gas: 2n ** 63n })).toThrow(expect.objectContaining({ code: 'evm/gas' }))
})

test('more input than there is room for is refused, and as much as there is room for harms nothing', () => {
  const identity: Address = `0x${'4'.padStart(40, '0')}`
  put(TARGET, '0x600160005260206000f3')
  expect(toHex(run().returnData)).toBe(key(1))
  expect(() => run({ to: identity, input: new Uint8Array(2 ** 25 + 1) })).toThrow(
    expect.objectContaining({ code: 'evm/input' }),
  )
  expect(() => run({ to: undefined, input: new Uint8Array(2 ** 25 + 1) })).toThrow(
    expect.objectContaining({ code: 'evm/input' }),
  )
  const result = run({ to: identity, input: new Uint8Array(2 ** 25).fill(0xfe), gas: 4_000_000n })
  expect([result.status, result.returnData.length]).toEqual(['success', 2 ** 25])
  expect(toHex(run().returnData)).toBe(key(1))
})

test('an engine that runs says so to whoever calls it from within', () => {
  put(TARGET, '0x60cc3160005260206000f3')
  const account = world.account.bind(world)
  const codes: unknown[] = []
  world.account = address => {
    if (address === OTHER)
      for (const inside of [
        () => run(),
        () => evm.forget(),
        () => evm.forgetAccount(TARGET),
        () =>
          evm.execute(
            { caller: OTHER, to: TARGET, value: 0n, input: EMPTY_BYTES, gas: 9n, gasPrice: 1n },
            osaka,
            new World(),
          ),
      ])
        try {
          codes.push(inside())
        } catch (error) {
          codes.push((error as { code?: string }).code)
        }
    return account(address)
  }
  world.put(OTHER, { balance: 6n })
  expect(toHex(run().returnData)).toBe(key(6))
  expect(codes).toEqual(Array(4).fill('evm/busy'))
  evm.forget()
  expect(toHex(run({}, osaka, Object.assign(world, { account })).returnData)).toBe(key(6))
})

// ---- native contracts

/** Counts its calls in slot 0, logs the caller, answers with the count; input 1 reverts, 2 runs out of gas, 3 sends 1 wei. */
const counter: NativeContract = call => {
  call.chargeGas(50)
  const count = call.load(SYSTEM, key(0)) + 1n
  call.store(SYSTEM, key(0), count)
  call.log(SYSTEM, [key(1)], fromHex(call.caller))
  if (call.input[0] === 2) call.chargeGas(10 ** 9)
  if (call.input[0] === 3) call.transfer(SYSTEM, OTHER, 1n)
  if (call.input[0] === 4) call.burn(SYSTEM, 2n)
  return { isRevert: call.input[0] === 1, output: fromHex(key(Number(count))) }
}

function withNative(contract: NativeContract = counter): World {
  world.put(SYSTEM, { nonce: 1n, code: fromHex('0xfe') })
  return Object.assign(world, { native: (address: Address) => (address === SYSTEM ? contract : undefined) })
}

/** Calls the system contract by an opcode with the first byte of its own input, stores the success flag, returns what it returned. */
function caller(opcode: 'f1' | 'f2' | 'f4' | 'fa', value = '00'): Hex {
  const withValue = opcode === 'f1' || opcode === 'f2' ? `60${value}` : ''
  return `0x6000356000526000600060016000${withValue}6157575a${opcode}6001556000600060003e3d600060003e3d6000f3`
}

test('a native contract answers a transaction, and its gas is that of what it does', () => {
  const result = run({ to: SYSTEM }, osaka, withNative())
  expect(toHex(result.returnData)).toBe(key(1))
  expect(result.changes.slots).toEqual([{ address: SYSTEM, key: key(0), value: 1n }])
  expect(result.logs).toEqual([{ address: SYSTEM, topics: [key(1)], data: fromHex(SENDER) }])
  // 50, a cold read, a first write to a warm slot, a log of one topic and 20 bytes
  expect(1_000_000n - result.gasLeft).toBe(50n + 2100n + 20_000n + 750n + 160n)
  expect(toHex(run({ to: SYSTEM }).returnData)).toBe(key(2))
})

test('a native contract called from bytecode writes, reverts and halts as bytecode does', () => {
  withNative()
  put(TARGET, caller('f1'))
  const done = run()
  expect(done.changes.slots).toContainEqual({ address: SYSTEM, key: key(0), value: 1n })
  expect(done.changes.slots).toContainEqual({ address: TARGET, key: key(1), value: 1n })
  expect(toHex(done.returnData)).toBe(key(1))
  for (const first of ['01', '02']) {
    evm.forget()
    const failed = run({ input: fromHex(`0x${first}`) })
    expect(failed.status).toBe('success')
    expect(failed.changes.slots).toEqual([])
    expect(failed.logs).toEqual([])
  }
})

test('a native contract cannot be made to write where it must not', () => {
  withNative()
  for (const opcode of ['f2', 'f4', 'fa'] as const) {
    evm.forget()
    put(TARGET, caller(opcode))
    const result = run()
    expect([result.status, result.changes.slots, result.logs]).toEqual(['success', [], []])
  }
})

test('a native contract moves and burns what accounts have, and a revert takes it back', () => {
  withNative()
  put(TARGET, caller('f1', '05'))
  const balancesAfter = (first: string) => {
    evm.forget()
    world.accounts.get(TARGET)!.balance = 9n
    const { changes } = run({ input: fromHex(`0x${first}`) })
    return Object.fromEntries(changes.accounts.map(account => [account.address, account.balance]))
  }
  expect(balancesAfter('03')).toEqual({ [TARGET]: 4n, [SYSTEM]: 4n, [OTHER]: 1n })
  expect(balancesAfter('04')).toEqual({ [TARGET]: 4n, [SYSTEM]: 3n })
  expect(balancesAfter('01')).toEqual({})
})

test('what the host throws inside a native contract unwinds everything', () => {
  const missing = new Error('not here')
  const host = withNative(call => {
    call.store(SYSTEM, key(5), 1n)
    throw missing
  })
  put(TARGET, caller('f1'))
  expect(() => run({}, osaka, host)).toThrow(missing)
  put(OTHER, '0x60016000f3')
  expect(run({ to: OTHER }).changes).toEqual({ deleted: [], accounts: [], slots: [] })
})

test('a native contract that returns more than there is room for stops with an error', () => {
  const host = withNative(() => ({ isRevert: false, output: new Uint8Array(2 ** 25 + 1) }))
  expect(() => run({ to: SYSTEM }, osaka, host)).toThrow(expect.objectContaining({ code: 'evm/bound' }))
})

test('a native contract asks the host for nothing that its gas does not reach', () => {
  const host = withNative(call => ({ isRevert: false, output: fromHex(key(Number(call.balance(OTHER)))) }))
  let asked = 0
  const account = host.account.bind(host)
  host.account = address => {
    if (address === OTHER) asked++
    return account(address)
  }
  expect([run({ to: SYSTEM, gas: 2599n }, osaka, host).status, asked]).toEqual(['halt', 0])
  expect([run({ to: SYSTEM, gas: 2600n }, osaka, host).status, asked]).toEqual(['success', 1])
})
