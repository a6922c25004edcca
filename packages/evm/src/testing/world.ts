// A small world for differential tests: accounts with storage and code, held in plain maps, that serves as the engine's host
// and fills the oracle.
import { type Address, EMPTY_BYTES, type Hash, keccakHash, toHex, utf8ToBytes } from '@tan/primitives'
import { EMPTY_CODE_HASH } from '../engine.ts'
import type { Host, HostAccount } from '../host.ts'
import type { StateChanges } from '../message.ts'

export function hashOfBlock(number: bigint): Hash {
  return keccakHash(utf8ToBytes(`block ${number}`))
}

export interface WorldAccount {
  nonce: bigint
  balance: bigint
  code: Uint8Array
  /** only values other than 0 */
  readonly storage: Map<Hash, bigint>
}

export class World implements Host {
  readonly accounts: Map<Address, WorldAccount> = new Map()
  readonly codes: Map<Hash, Uint8Array> = new Map()

  put(address: Address, account: Partial<WorldAccount>): void {
    const code = account.code ?? EMPTY_BYTES
    if (code.length > 0) this.codes.set(keccakHash(code), code)
    this.accounts.set(address, {
      nonce: account.nonce ?? 0n,
      balance: account.balance ?? 0n,
      code,
      storage: account.storage ?? new Map(),
    })
  }

  account(address: Address): HostAccount | undefined {
    const found = this.accounts.get(address)
    if (found === undefined) return undefined
    const { nonce, balance, code, storage } = found
    return {
      nonce,
      balance,
      codeHash: code.length === 0 ? EMPTY_CODE_HASH : keccakHash(code),
      hasStorage: storage.size > 0,
    }
  }

  slot(address: Address, key: Hash): bigint {
    return this.accounts.get(address)?.storage.get(key) ?? 0n
  }

  code(hash: Hash): Uint8Array {
    return this.codes.get(hash) ?? EMPTY_BYTES
  }

  blockHash(number: bigint): Hash {
    return hashOfBlock(number)
  }

  apply(changes: StateChanges): void {
    for (const address of changes.deleted) this.accounts.delete(address)
    for (const { address, nonce, balance, codeHash, code } of changes.accounts) {
      const known = this.accounts.get(address)
      if (code !== undefined) this.codes.set(codeHash, code)
      this.accounts.set(address, {
        nonce,
        balance,
        code: code ?? known?.code ?? EMPTY_BYTES,
        storage: known?.storage ?? new Map(),
      })
    }
    for (const { address, key, value } of changes.slots) {
      const { storage } = this.accounts.get(address)!
      if (value === 0n) storage.delete(key)
      else storage.set(key, value)
    }
  }

  /** The same for equal states, and readable. */
  describe(): string[] {
    const lines: string[] = []
    for (const [address, account] of this.accounts) {
      lines.push(`${address} nonce ${account.nonce} balance ${account.balance} code ${toHex(account.code)}`)
      for (const [key, value] of account.storage) lines.push(`${address} ${key} = ${value}`)
    }
    return lines.sort()
  }

  clone(): World {
    const copy = new World()
    for (const [address, account] of this.accounts) copy.put(address, { ...account, storage: new Map(account.storage) })
    return copy
  }
}
