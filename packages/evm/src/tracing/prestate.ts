// What a transaction read, and what it changed, as go-ethereum's tracer `prestateTracer` gives it: all that the host was asked
// for by an engine that knew nothing. Slots of accounts without storage are not asked for; the instructions tell of them.
import { type Address, EMPTY_BYTES, type Hash, type Hex, toHex, ZERO_HASH } from '@tan/primitives'
import { EMPTY_CODE_HASH } from '../engine.ts'
import type { Host } from '../host.ts'
import type { StateChanges } from '../message.ts'
import type { Tracer, TracingEvm } from './tracer.ts'

export interface PrestateAccount {
  readonly balance?: Hex
  readonly nonce?: number
  readonly code?: Hex
  readonly storage?: Readonly<Record<Hash, Hash>>
}

export type Prestate = Readonly<Record<Address, PrestateAccount>>

/** Only of accounts that changed. Slots that stayed are in neither, slots that hold 0 not where they do. */
export interface StateDiff {
  /** as they were, but for the slots */
  readonly pre: Prestate
  /** only the parts that are different; what was deleted is not there */
  readonly post: Prestate
}

const SLOAD = 0x54
const SSTORE = 0x55

/**
 * Runs `run` over a host that takes notes. `pre` is what it read, without accounts that there are not; `diff` what it changed
 * (`diffMode`). The changes are not kept.
 */
export function tracePrestate<T extends { readonly changes: StateChanges }>(
  evm: TracingEvm,
  host: Host,
  run: (host: Host) => T,
): { readonly result: T; readonly pre: Prestate; readonly diff: StateDiff } {
  const slots = new Map<Address, Record<Hash, Hash>>()
  const addresses = new Set<Address>()
  const note = (address: Address, key: Hash, value: bigint) => {
    const known = slots.get(address) ?? {}
    known[key] ??= wordOf(value)
    slots.set(address, known)
  }
  const noting: Host = {
    account(address) {
      addresses.add(address)
      return host.account(address)
    },
    slot(address, key) {
      const value = host.slot(address, key)
      note(address, key, value)
      return value
    },
    code: hash => host.code(hash),
    blockHash: number => host.blockHash(number),
    native: address => host.native?.(address),
  }
  // noted once the next instruction shows that there was gas for it
  const touched: (readonly [Address, Hash] | undefined)[] = []
  const tracer: Tracer = {
    enter({ depth }) {
      touched[depth] = undefined
    },
    step(current) {
      const { depth, opcode } = current
      const before = touched[depth]
      if (before !== undefined) note(...before, 0n)
      touched[depth] = opcode === SLOAD || opcode === SSTORE ? [current.address, wordOf(current.peek(0))] : undefined
    },
  }
  try {
    const result = evm.trace(tracer, () => run(noting))
    const pre: Record<Address, PrestateAccount> = {}
    for (const address of addresses) {
      const account = host.account(address)
      if (account !== undefined) pre[address] = { ...partsOf(host, account), ...storageOf(slots.get(address)) }
    }
    return { result, pre, diff: diffOf(result.changes, pre) }
  } finally {
    evm.forget()
  }
}

type Parts = { -readonly [K in keyof PrestateAccount]: PrestateAccount[K] }

function diffOf({ deleted, accounts, slots }: StateChanges, all: Prestate): StateDiff {
  const pre: Record<Address, Parts> = {}
  const post: Record<Address, Parts> = {}
  for (const address of deleted) if (all[address] !== undefined) pre[address] = all[address]
  const partsAfter = (address: Address): Parts => {
    if (post[address] === undefined) {
      post[address] = {}
      const { storage: _, ...parts } = all[address] ?? {}
      if (all[address] !== undefined) pre[address] = parts
    }
    return post[address]
  }
  for (const { address, nonce, balance, code } of accounts) {
    const before = all[address]
    const after = partsAfter(address)
    if ((before?.balance ?? '0x0') !== hexOf(balance)) after.balance = hexOf(balance)
    if ((before?.nonce ?? 0) !== Number(nonce)) after.nonce = Number(nonce)
    if (code !== undefined && code.length > 0) after.code = toHex(code)
  }
  for (const { address, key, value } of slots) {
    const after = partsAfter(address)
    if (value !== 0n) after.storage = { ...after.storage, [key]: wordOf(value) }
    const before = all[address]?.storage?.[key] ?? ZERO_HASH
    if (before !== ZERO_HASH) pre[address] = { ...pre[address], storage: { ...pre[address]?.storage, [key]: before } }
  }
  return { pre, post }
}

function partsOf(
  host: Host,
  { nonce, balance, codeHash }: { nonce: bigint; balance: bigint; codeHash: Hash },
): PrestateAccount {
  const code = codeHash === EMPTY_CODE_HASH ? EMPTY_BYTES : host.code(codeHash)
  return {
    balance: hexOf(balance),
    ...(nonce === 0n ? {} : { nonce: Number(nonce) }),
    ...(code.length === 0 ? {} : { code: toHex(code) }),
  }
}

function storageOf(slots: Readonly<Record<Hash, Hash>> | undefined): Pick<PrestateAccount, 'storage'> {
  return slots === undefined ? {} : { storage: slots }
}

function hexOf(value: bigint): Hex {
  return `0x${value.toString(16)}`
}

function wordOf(value: bigint): Hash {
  return `0x${value.toString(16).padStart(64, '0')}`
}
