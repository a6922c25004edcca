// Views of the engine's linear memory, and the ways of words, addresses and hashes into and out of it. A word is 32 bytes,
// least significant first; the memory may grow in any call, which makes new views necessary.
import { type Address, type Hash, type Hex, toHex } from '@tan/primitives'

const LIMB = 0xffff_ffff_ffff_ffffn
const NIBBLES = new Uint8Array(128)
for (let i = 0; i < 16; i++) {
  NIBBLES['0123456789abcdef'.charCodeAt(i)] = i
  NIBBLES['0123456789ABCDEF'.charCodeAt(i)] = i
}

export class EngineMemory {
  readonly memory: WebAssembly.Memory
  bytes!: Uint8Array
  u32!: Uint32Array
  private u64!: BigUint64Array
  private i64!: BigInt64Array
  /** for turning words around */
  private readonly turned = new Uint8Array(32)

  constructor(pages: number) {
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: 0x8000 })
    this.refresh()
  }

  /** To be called whenever the engine may have run since the views were last used. */
  refresh(): void {
    if (this.bytes !== undefined && this.bytes.length !== 0) return
    const { buffer } = this.memory
    this.bytes = new Uint8Array(buffer)
    this.u32 = new Uint32Array(buffer)
    this.u64 = new BigUint64Array(buffer)
    this.i64 = new BigInt64Array(buffer)
  }

  readU32(at: number): number {
    return this.u32[at >>> 2]!
  }

  writeU32(at: number, value: number): void {
    this.u32[at >>> 2] = value
  }

  readU64(at: number): bigint {
    return this.u64[at >>> 3]!
  }

  writeU64(at: number, value: bigint): void {
    this.u64[at >>> 3] = value
  }

  readI64(at: number): bigint {
    return this.i64[at >>> 3]!
  }

  writeI64(at: number, value: bigint): void {
    this.i64[at >>> 3] = value
  }

  readWord(at: number): bigint {
    const i = at >>> 3
    const a1 = this.u64[i + 1]!
    const a2 = this.u64[i + 2]!
    const a3 = this.u64[i + 3]!
    const low = this.u64[i]!
    if (a3 !== 0n) return (((((a3 << 64n) | a2) << 64n) | a1) << 64n) | low
    if (a2 !== 0n) return (((a2 << 64n) | a1) << 64n) | low
    return a1 !== 0n ? (a1 << 64n) | low : low
  }

  writeWord(at: number, value: bigint): void {
    const { u64 } = this
    const i = at >>> 3
    u64[i] = value // the lowest 64 bits of it
    if (value <= LIMB) {
      u64[i + 1] = u64[i + 2] = u64[i + 3] = 0n
      return
    }
    const high = value >> 64n
    u64[i + 1] = high
    if (high <= LIMB) {
      u64[i + 2] = u64[i + 3] = 0n
      return
    }
    u64[i + 2] = high >> 64n
    u64[i + 3] = high >> 128n
  }

  /** Hexadecimal digits to a word. */
  writeHex(at: number, hex: Hex): void {
    const { bytes } = this
    const size = (hex.length - 2) >>> 1
    for (let i = 0, from = hex.length - 2; i < size; i++, from -= 2)
      bytes[at + i] = (NIBBLES[hex.charCodeAt(from)]! << 4) | NIBBLES[hex.charCodeAt(from + 1)]!
    if (size < 32) bytes.fill(0, at + size, at + 32)
  }

  readHash(at: number): Hash {
    const { bytes, turned } = this
    for (let i = 0; i < 32; i++) turned[i] = bytes[at + 31 - i]!
    return toHex(turned)
  }

  readAddress(at: number): Address {
    const { bytes, turned } = this
    for (let i = 0; i < 20; i++) turned[i] = bytes[at + 19 - i]!
    return toHex(turned.subarray(0, 20))
  }

  /** 32 big-endian bytes, as logs have them. */
  readTopic(at: number): Hash {
    return toHex(this.bytes.subarray(at, at + 32))
  }

  copyOut(at: number, size: number): Uint8Array {
    return this.bytes.slice(at, at + size)
  }

  copyIn(at: number, from: Uint8Array): void {
    this.bytes.set(from, at)
  }
}
