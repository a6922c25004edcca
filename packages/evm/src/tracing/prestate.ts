// What a transaction read, as the tracer `prestateTracer` gives it: all that the host was asked for by an engine that knew nothing.
// The ordinary engine does for this.
import { type Address, EMPTY_BYTES, type Hash, type Hex, toHex } from '@tan/primitives'
import { EMPTY_CODE_HASH } from '../engine.ts'
import type { Evm } from '../evm.ts'
import type { Host } from '../host.ts'
import type { StateChanges } from '../message.ts'

export interface PrestateAccount {
  readonly balance?: Hex
  readonly nonce?: number
  readonly code?: Hex
  readonly storage?: Readonly<Record<Hash, Hash>>
}

export type Prestate = Readonly<Record<Address, PrestateAccount>>

/**
 * Runs `run` over a host that takes notes. `pre` is what it read; `post` what is different afterwards, of the accounts that
 * changed, and only the parts that did (`diffMode`). The changes are not kept.
 */
export function tracePrestate<T extends { readonly changes: StateChanges }>(
  evm: Evm,
  host: Host,
  run: (host: Host) => T,
): { readonly result: T; readonly pre: Prestate; readonly post: Prestate } {
  const slots = new Map<Address, Record<Hash, Hash>>()
  const addresses = new Set<Address>()
  const noting: Host = {
    account(address) {
      addresses.add(address)
      return host.account(address)
    },
    slot(address, key) {
      const value = host.slot(address, key)
      const known = slots.get(address) ?? {}
      known[key] = wordOf(value)
      slots.set(address, known)
      return value
    },
    code: hash => host.code(hash),
    blockHash: number => host.blockHash(number),
    native: address => host.native?.(address),
  }
  try {
    const result = run(noting)
    const pre: Record<Address, PrestateAccount> = {}
    for (const address of addresses) {
      const account = host.account(address)
      if (account !== undefined) pre[address] = { ...partsOf(host, account), ...storageOf(slots.get(address)) }
    }
    return { result, pre, post: postOf(result.changes, pre) }
  } finally {
    evm.forget()
  }
}

function postOf({ accounts, slots }: StateChanges, pre: Prestate): Prestate {
  const post: Record<Address, PrestateAccount> = {}
  for (const { address, nonce, balance, code } of accounts) {
    const before = pre[address]
    const changed: { -readonly [K in keyof PrestateAccount]: PrestateAccount[K] } = {}
    if (before?.balance !== hexOf(balance)) changed.balance = hexOf(balance)
    if ((before?.nonce ?? 0) !== Number(nonce)) changed.nonce = Number(nonce)
    if (code !== undefined) changed.code = toHex(code)
    post[address] = changed
  }
  for (const { address, key, value } of slots) {
    const known = post[address] ?? {}
    post[address] = { ...known, storage: { ...known.storage, [key]: wordOf(value) } }
  }
  return post
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
