// Random programs that are mostly alive: a stack that is mostly deep enough, memory near its edges, blocks that lie against
// each other, calls and creations of one another, storage with refunds. Everything follows from the random numbers.
import {
  type Address,
  concatBytes,
  fromHex,
  type Hash,
  type Hex,
  type Random,
  randomBelow,
  randomBytesFrom,
} from '@tan/primitives'
import { type Fork, isFrom } from '../forks.ts'
import { OPCODES } from '../opcodes.ts'

const byName = new Map<string, number>()
for (const [code, opcode] of OPCODES.entries()) if (opcode !== undefined) byName.set(opcode.name, code)
const op = (name: string): number => byName.get(name)!

export const SENDER: Address = '0x00000000000000000000000000000000000a11ce'
export const COINBASE: Address = '0x00000000000000000000000000000000000c01b5'
export const CONTRACTS: readonly Address[] = [1, 2, 3, 4].map(i => `0x${'c0de'.padStart(39, '0')}${i}` as Address)
/** An account without code, one that does not exist, one that delegates (EIP-7702). */
export const PLAIN: Address = '0x0000000000000000000000000000000000001a1a'
export const ABSENT: Address = '0x0000000000000000000000000000000000dead00'
/** There, and empty: swept away when it is touched (EIP-161). */
export const HOLLOW: Address = '0x0000000000000000000000000000000000000110'
export const DELEGATING: Address = '0x0000000000000000000000000000000000de1e6a'

/** 0x0a is another matter: the oracle has no trusted setup. */
export const PRECOMPILES: readonly Address[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0x0b, 0x100].map(
  i => `0x${i.toString(16).padStart(40, '0')}` as Address,
)
const TARGETS = [...CONTRACTS, ...CONTRACTS, PLAIN, ABSENT, HOLLOW, DELEGATING, SENDER, COINBASE, ...PRECOMPILES]

const EDGES = [
  0n,
  1n,
  2n,
  31n,
  32n,
  33n,
  64n,
  255n,
  256n,
  1023n,
  4096n,
  0xffffffffn,
  2n ** 63n,
  2n ** 64n - 1n,
  2n ** 64n,
  2n ** 128n,
  2n ** 255n,
  2n ** 256n - 1n,
  2n ** 255n - 1n,
]
const OFFSETS = [0, 0, 1, 31, 32, 33, 63, 64, 95, 96, 128, 1000, 1023, 1024]
const SIZES = [0, 0, 1, 2, 31, 32, 32, 33, 64, 65, 136, 200]

const UNARY_OR_MORE =
  'ADD MUL SUB DIV SDIV MOD SMOD ADDMOD MULMOD SIGNEXTEND LT GT SLT SGT EQ ISZERO AND OR XOR NOT BYTE SHL SHR SAR'.split(
    ' ',
  )
const READS =
  'ADDRESS ADDRESS CALLER CALLER CALLER CALLVALUE CALLVALUE ORIGIN CALLDATASIZE CODESIZE GASPRICE RETURNDATASIZE COINBASE TIMESTAMP NUMBER PREVRANDAO GASLIMIT CHAINID SELFBALANCE PC MSIZE GAS'.split(
    ' ',
  )
const LATER_READS: readonly [string, Fork][] = [
  ['BASEFEE', 'london'],
  ['BLOBBASEFEE', 'cancun'],
  ['PUSH0', 'shanghai'],
]

export interface ProgramOptions {
  readonly fork: Fork
  /** creations nest this deep */
  readonly nesting: number
  readonly items: number
}

/** The code of a contract, or init code. */
export function randomProgram(random: Random, options: ProgramOptions): Uint8Array {
  return new Writer(random, options).write()
}

export function pick<T>(random: Random, values: readonly T[]): T {
  return values[randomBelow(random, values.length)]!
}

export function chance(random: Random, oneIn: number): boolean {
  return randomBelow(random, oneIn) === 0
}

/** Some of them differ in one limb only. */
const KEYS = [0n, 0n, 1n, 1n, 2n, 2n, 3n, ...[64n, 128n, 192n, 255n].map(bit => 1n + 2n ** bit)]

export function slotKey(random: Random): Hash {
  return `0x${pick(random, KEYS).toString(16).padStart(64, '0')}`
}

/** Logs whether it could call itself, at every depth. */
export const DESCENDING: Uint8Array = fromHex(
  '0x6000600060006000600030 5af1 600052 60206000a0 00'.replaceAll(' ', '') as Hex,
)

/** Init code that returns code of about the greatest size. */
export function largeCode(random: Random): Uint8Array {
  const size = (24_576 + randomBelow(random, 2)).toString(16).padStart(4, '0')
  return fromHex(`0x61${size}6000f3`)
}

class Writer {
  private readonly random: Random
  private readonly options: ProgramOptions
  private readonly bytes: number[] = []
  /** a guess, right unless a jump made it wrong */
  private height = 0
  private readonly labels: number[] = []
  private readonly holes: number[] = []

  constructor(random: Random, options: ProgramOptions) {
    this.random = random
    this.options = options
  }

  write(): Uint8Array {
    const { random } = this
    const count = 1 + randomBelow(random, this.options.items)
    const first = randomBelow(random, 8)
    if (first < 2) this.store()
    else if (first < 4) this.call()
    for (let i = 0; i < count; i++) this.item()
    this.label()
    this.ending()
    for (const hole of this.holes) {
      const target = this.jumpTarget(hole)
      this.bytes[hole] = target >> 8
      this.bytes[hole + 1] = target & 255
    }
    return Uint8Array.from(this.bytes)
  }

  /** Mostly forwards: what jumps back seldom ends before its gas does. */
  private jumpTarget(from: number): number {
    const { random } = this
    if (chance(random, 40)) return randomBelow(random, this.bytes.length + 4)
    const ahead = this.labels.filter(label => label > from)
    return pick(random, ahead.length > 0 && !chance(random, 15) ? ahead.slice(0, 3) : this.labels)
  }

  private item(): void {
    const { random } = this
    switch (randomBelow(random, 29)) {
      case 0:
      case 1:
      case 2:
      case 3:
        this.operation(pick(random, UNARY_OR_MORE))
        return chance(random, 3) ? this.reveal() : undefined
      case 4:
      case 5:
        return this.push(this.number())
      case 6:
        this.read()
        return chance(random, 2) ? this.reveal() : undefined
      case 7:
        return this.memoryAccess()
      case 8:
        return this.copy()
      case 9:
      case 10:
        return this.store()
      case 11:
        return this.load()
      case 12:
      case 13:
        return this.jump()
      case 14:
        return this.label()
      case 15:
        return this.log()
      case 16:
      case 17:
        return this.call()
      case 18:
        return this.create()
      case 19:
        return this.account()
      case 20:
        return this.shuffle()
      case 21:
        return this.hash()
      case 22:
        return this.loop()
      case 23:
        return this.power()
      case 24:
        return this.later()
      case 25:
        return this.decoy()
      case 26:
      case 27:
        this.read()
        return this.reveal()
      default:
        return this.rare()
    }
  }

  private emit(...bytes: number[]): void {
    this.bytes.push(...bytes)
  }

  private operation(name: string): void {
    const opcode = OPCODES[op(name)]!
    this.need(opcode.inputs)
    this.emit(op(name))
    this.height += opcode.outputs - opcode.inputs
  }

  /** Something to work on; now and then too little. */
  private need(count: number): void {
    while (this.height < count && !chance(this.random, 400)) this.push(this.number())
  }

  private push(value: bigint): void {
    let digits = value.toString(16)
    if (digits.length % 2) digits = `0${digits}`
    if (chance(this.random, 8))
      digits = digits.padStart(Math.min(64, digits.length + 2 * randomBelow(this.random, 8)), '0')
    this.emit(0x5f + digits.length / 2, ...fromHex(`0x${digits}`))
    this.height++
  }

  /** Makes what is on top of the stack count: a log, a slot, or memory that is likely to be returned. */
  private reveal(): void {
    const { random } = this
    this.need(1)
    switch (randomBelow(random, 4)) {
      case 0:
        this.key()
        this.emit(op('SSTORE'))
        break
      case 1:
        this.push(BigInt(pick(random, [0, 0, 1, 32])))
        this.emit(op('MSTORE'))
        break
      default:
        this.emit(0x60, 0, 0x60, 0, op('LOG1'))
        this.height++
    }
    this.height -= 2
  }

  /** What looks like a jump target and is the data of a PUSH, at times jumped to. */
  private decoy(): void {
    this.emit(0x62, 0x5b, 0x5b, 0x5b, op('POP'))
    if (chance(this.random, 2)) this.labels.push(this.bytes.length - 3)
    if (chance(this.random, 2)) this.jump()
  }

  private number(): bigint {
    const { random } = this
    if (chance(random, 3)) return pick(random, EDGES)
    if (chance(random, 3)) return this.digits()
    if (chance(random, 4)) return 2n ** 256n - 1n - BigInt(randomBelow(random, 300))
    if (chance(random, 2)) return BigInt(randomBelow(random, 300))
    return BigInt(
      `0x${[...randomBytesFrom(random, 1 + randomBelow(random, 32))].map(byte => byte.toString(16).padStart(2, '0')).join('')}`,
    )
  }

  /** 32-bit digits at their edges: what long division gets wrong, if anything. */
  private digits(): bigint {
    let value = 0n
    for (let i = 1 + randomBelow(this.random, 8); i > 0; i--)
      value =
        (value << 32n) |
        BigInt(pick(this.random, [0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, this.random.uint32()]))
    return value
  }

  private offset(): bigint {
    const { random } = this
    if (chance(random, 60)) return pick(random, EDGES)
    return BigInt(pick(random, OFFSETS))
  }

  private size(): bigint {
    return chance(this.random, 80) ? pick(this.random, EDGES) : BigInt(pick(this.random, SIZES))
  }

  private read(): void {
    this.emit(op(pick(this.random, READS)))
    this.height++
  }

  private later(): void {
    const { random } = this
    const { fork } = this.options
    const [name, since] = pick(random, LATER_READS)
    if (isFrom(fork, since) || chance(random, 20)) {
      this.emit(op(name))
      this.height++
    }
    if (isFrom(fork, 'osaka')) this.operation('CLZ')
    if (isFrom(fork, 'cancun')) {
      this.push(chance(random, 6) ? this.number() : BigInt(randomBelow(random, 4)))
      this.emit(op('BLOBHASH'))
      this.reveal()
      this.push(this.size())
      this.push(this.offset())
      this.push(this.offset())
      this.emit(op('MCOPY'))
      this.height -= 3
    }
  }

  private memoryAccess(): void {
    const name = pick(this.random, ['MLOAD', 'MSTORE', 'MSTORE', 'MSTORE8', 'CALLDATALOAD'])
    if (name.startsWith('MSTORE')) this.need(1)
    this.push(this.offset())
    this.emit(op(name))
    this.height += name.startsWith('MSTORE') ? -2 : 0
  }

  private copy(): void {
    const { random } = this
    const name = pick(random, ['CALLDATACOPY', 'CODECOPY', 'RETURNDATACOPY', 'EXTCODECOPY'])
    if (name === 'RETURNDATACOPY' && !chance(random, 6)) {
      this.emit(op('RETURNDATASIZE'))
      this.push(0n)
      this.height++
    } else {
      this.push(this.size())
      this.push(this.offset())
    }
    this.push(this.offset())
    if (name === 'EXTCODECOPY') this.target()
    this.emit(op(name))
    this.height -= name === 'EXTCODECOPY' ? 4 : 3
  }

  private key(): void {
    this.push(pick(this.random, KEYS))
  }

  private store(): void {
    const { random } = this
    const isTransient = isFrom(this.options.fork, 'cancun') && chance(random, 2)
    if (chance(random, 4)) this.need(1)
    else this.push(BigInt(randomBelow(random, 3)))
    this.key()
    this.emit(op(isTransient ? 'TSTORE' : 'SSTORE'))
    this.height -= 2
    if (chance(random, 4)) this.label()
  }

  private load(): void {
    this.key()
    this.emit(op(isFrom(this.options.fork, 'cancun') && chance(this.random, 2) ? 'TLOAD' : 'SLOAD'))
    if (chance(this.random, 2)) this.reveal()
  }

  private label(): void {
    this.labels.push(this.bytes.length)
    this.emit(0x5b)
    if (chance(this.random, 4)) this.label()
  }

  private jump(): void {
    const { random } = this
    const isConditional = !chance(random, 5)
    if (isConditional) {
      if (chance(random, 2)) this.need(1)
      else this.push(BigInt(randomBelow(random, 2)))
    }
    this.emit(0x61)
    this.holes.push(this.bytes.length)
    this.emit(0, 0, isConditional ? 0x57 : 0x56)
    if (isConditional) this.height--
    if (!isConditional || chance(random, 3)) this.label()
  }

  /** A counter in memory, far up, so that the loop ends. */
  private loop(): void {
    const start = this.bytes.length
    this.emit(0x5b)
    const heightBefore = this.height
    for (let i = randomBelow(this.random, 4); i > 0; i--) this.operation(pick(this.random, UNARY_OR_MORE))
    while (this.height > heightBefore) {
      this.emit(op('POP'))
      this.height--
    }
    while (this.height < heightBefore) this.push(1n)
    const times = 1 + randomBelow(this.random, 6)
    this.emit(0x61, 0x07, 0x00, op('MLOAD'), 0x60, 1, op('ADD'), op('DUP1'), 0x61, 0x07, 0x00, op('MSTORE'))
    this.emit(0x60, times, op('GT'), 0x61, start >> 8, start & 255, 0x57)
  }

  private power(): void {
    this.need(2)
    if (chance(this.random, 2)) this.push(BigInt(randomBelow(this.random, 600)))
    else this.push(this.number())
    this.emit(op('SWAP1'), op('EXP'))
    this.height--
  }

  private log(): void {
    const topics = randomBelow(this.random, 5)
    this.need(topics)
    this.push(this.size())
    this.push(this.offset())
    this.emit(op('LOG0') + topics)
    this.height -= topics + 2
  }

  private hash(): void {
    this.push(this.size())
    this.push(this.offset())
    this.emit(op('KECCAK256'))
    this.height--
  }

  private target(): void {
    this.push(BigInt(pick(this.random, TARGETS)))
  }

  private account(): void {
    const { random } = this
    if (chance(random, 6)) {
      // the block is 1000: around it, and around the last that is known
      this.push(chance(random, 6) ? this.number() : BigInt(pick(random, [990, 742]) + randomBelow(random, 12)))
      this.emit(op('BLOCKHASH'))
      return this.reveal()
    }
    this.target()
    this.emit(op(pick(random, ['BALANCE', 'EXTCODESIZE', 'EXTCODEHASH'])))
    if (chance(random, 2)) this.reveal()
  }

  private call(): void {
    const { random } = this
    const name = pick(random, ['CALL', 'CALL', 'CALLCODE', 'DELEGATECALL', 'STATICCALL', 'STATICCALL'])
    const hasValue = name === 'CALL' || name === 'CALLCODE'
    this.push(this.size())
    this.push(this.offset())
    this.push(this.size())
    this.push(this.offset())
    if (hasValue)
      this.push(chance(random, 3) ? BigInt(randomBelow(random, 3)) : chance(random, 30) ? this.number() : 0n)
    if (chance(random, 4)) {
      // itself, with less gas: it gets as far as that reaches
      this.emit(op('ADDRESS'))
      this.height++
    } else this.target()
    switch (randomBelow(random, 4)) {
      case 0:
        this.emit(op('GAS'))
        this.height++
        break
      case 1:
        this.push(chance(random, 3) ? this.number() : BigInt(2304 + randomBelow(random, 5)))
        break
      default:
        this.push(BigInt(randomBelow(random, chance(random, 2) ? 60_000 : 250_000)))
    }
    this.emit(op(name))
    this.height -= hasValue ? 6 : 5
    // what the call may have left behind
    if (chance(random, 3)) {
      this.load()
      this.reveal()
    }
  }

  private create(): void {
    const { random } = this
    const { fork, nesting } = this.options
    if (nesting === 0) return
    const code = this.initCode(fork, nesting)
    for (let at = 0; at < code.length; at += 32) {
      const chunk = new Uint8Array(32)
      chunk.set(code.subarray(at, at + 32))
      this.emit(0x7f, ...chunk)
      this.emit(0x60, at, op('MSTORE'))
    }
    const isSalted = chance(random, 2)
    if (isSalted) this.push(BigInt(randomBelow(random, 2)))
    // about the greatest size that init code can have, now and then
    const size = chance(random, 30) ? 49_152n + BigInt(randomBelow(random, 2)) : BigInt(code.length)
    this.push(chance(random, 20) ? this.size() : size)
    this.push(0n)
    this.push(chance(random, 4) ? 1n : 0n)
    this.emit(op(isSalted ? 'CREATE2' : 'CREATE'))
    this.height -= isSalted ? 3 : 2
    if (chance(random, 2)) this.callTop()
  }

  /** Calls what is on top of the stack. */
  private callTop(): void {
    for (let i = 0; i < 5; i++) this.push(0n)
    this.emit(op('DUP6'), op('GAS'), op('CALL'))
    this.height -= 4
  }

  private initCode(fork: Fork, nesting: number): Uint8Array {
    const { random } = this
    const inner = randomProgram(random, { fork, nesting: nesting - 1, items: 5 }).subarray(0, 180)
    // 0xef00 would be another matter: the oracle refuses it as init code, as a later fork might
    if (inner.length > 1 && chance(random, 12)) inner.set([0xef, inner[1]! | 1])
    if (chance(random, 3)) return inner
    // copies what follows it into memory and returns it as the code
    const head = [0x60, inner.length, 0x80, 0x60, 11, 0x60, 0, 0x39, 0x60, 0, 0xf3]
    return concatBytes(Uint8Array.from(head), inner)
  }

  private shuffle(): void {
    const n = 1 + randomBelow(this.random, chance(this.random, 4) ? 16 : 4)
    if (chance(this.random, 2)) {
      this.need(n)
      this.emit(0x7f + n)
      this.height++
    } else {
      this.need(n + 1)
      this.emit(0x8f + n)
    }
  }

  private rare(): void {
    const { random } = this
    switch (randomBelow(random, 8)) {
      case 0:
        return this.emit(randomBelow(random, 256))
      case 1: {
        // up to the stack's limit, or just beyond
        if (!chance(random, 3)) return
        const count = 1022 + randomBelow(random, 5) - this.height
        for (let i = 0; i < count; i++) {
          this.emit(op(i % 2 ? 'GAS' : 'NUMBER'))
          if (chance(random, 90)) this.emit(0x5b)
        }
        return this.emit(op('STOP'))
      }
      case 2:
        this.target()
        if (chance(random, 3)) this.emit(op('SELFDESTRUCT'))
        return
      case 3:
        return this.emit(op('POP'), ...(this.height > 0 ? [] : [0x5b]))
      case 4:
        return this.memoryAccess()
      case 5:
        return this.push(BigInt(randomBelow(random, 3)))
      default:
        return this.emit(op('GAS'), 0x5b, op('POP'))
    }
  }

  private ending(): void {
    const { random } = this
    switch (randomBelow(random, 9)) {
      case 0:
        return this.emit(op('STOP'))
      case 1:
      case 2:
      case 3:
        this.push(this.size())
        this.push(this.offset())
        return this.emit(op('RETURN'))
      case 4:
      case 5:
        this.push(this.size())
        this.push(this.offset())
        return this.emit(op('REVERT'))
      case 6:
        this.target()
        return this.emit(op('SELFDESTRUCT'))
      case 7:
        // a PUSH whose data the end cuts off
        return this.emit(0x5f + 1 + randomBelow(random, 32), ...randomBytesFrom(random, randomBelow(random, 3)))
      default:
        return chance(random, 2) ? this.emit(op('INVALID')) : undefined
    }
  }
}
