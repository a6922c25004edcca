// The interpreter: one loop over frames, in it one over basic blocks (code.ts), in it one over instructions.
//
// `ip`, `sp` and `gas` are kept in locals while a frame runs. What an instruction does stands in the file of its family;
// one that charges answers with the gas that is left, and less than nothing means that the frame halts.
import { addModulo, bytesOf, divide, divideSigned, modulo, moduloSigned, multiply, multiplyModulo, power } from './arithmetic'
import { BALANCE } from './accounts'
import { byteAt, countLeadingZeros, shiftLeft, shiftRight, shiftRightSigned, signExtend } from './bits'
import { call } from './calls'
import { BLOCK_GAS, BLOCK_GROWTH, BLOCK_NEED, UNDEFINED_NEED, analyzeBlock, blockAt } from './code'
import { closeCreation, create, selfDestruct } from './creates'
import * as environment from './environment'
import * as frames from './frames'
import { traceStep } from './host'
import { STACK_WORDS_MAX } from './layout'
import { log } from './log-instruction'
import * as memories from './memory'
import { pushByte, pushLong, pushShort, pushTwo, swap } from './stack'
import { SLOT_VALUE, loadGas, loadTransient, reachSlot, storeSlot, storeTransient } from './storage'
import { addWord, copyWord, isEqual, isLess, isLessSigned, isSmall, isZero, setSmall, setZero, subtractWord, turnWord } from './words'
import { IS_TRACING } from './tracing'

const JUMPDEST: u8 = 0x5b
const EXP_BYTE_GAS: i64 = 50

// Why the instruction loop was left.
const NEXT_BLOCK: u32 = 0
/** Another frame is current, or the same one after a call that did not happen. */
const NEXT_FRAME: u32 = 1
const HALTED: u32 = 2
const ENDED: u32 = 3

/** Runs until the outside is current again. */
export function run(): void {
  while (true) {
    const frame = frames.currentFrame()
    if (frames.isOutside(frame)) return
    let ip = <usize>load<u32>(frame, frames.IP)
    let sp = <usize>load<u32>(frame, frames.STACK_TOP)
    let gas = load<i64>(frame, frames.GAS)
    const stack = <usize>load<u32>(frame, frames.STACK)
    const generation = <u64>load<u32>(frame, frames.GENERATION) << 32
    const start = <usize>load<u32>(frame, frames.MEMORY_START)
    const self = <usize>load<u32>(frame, frames.SELF)
    let leave = NEXT_BLOCK

    do {
      const block = blockAt(ip)
      const key = generation | <u64>ip
      if (IS_TRACING) traceStep(frame, ip, sp, gas)
      if (load<u64>(block) != key && !analyzeBlock(block, key, ip, gas)) {
        frames.haltBecause(frames.OUT_OF_GAS)
        leave = HALTED
        break
      }
      gas -= <i64>load<u32>(block, BLOCK_GAS)
      const height = (sp + 32 - stack) >> 5
      const need = <usize>load<u16>(block, BLOCK_NEED)
      if (gas < 0 || height < need || height + <usize>load<u16>(block, BLOCK_GROWTH) > STACK_WORDS_MAX) {
        frames.haltBecause(gas < 0 ? frames.OUT_OF_GAS : need == UNDEFINED_NEED ? frames.INVALID_OPCODE : frames.STACK_BOUNDS)
        leave = HALTED
        break
      }
      if (!IS_TRACING && load<u8>(ip) == JUMPDEST) ip++
      leave = NEXT_BLOCK

      do {
        const op = load<u8>(ip++)
        switch (op) {
          // ---- arithmetic
          case 0x00: {
            store<i64>(frame, gas, frames.GAS)
            endFrame(frame, frames.SUCCESS, 0, 0)
            leave = ENDED
            break
          }
          case 0x01: {
            sp -= 32
            addWord(sp, sp, sp + 32)
            continue
          }
          case 0x02: {
            sp -= 32
            multiply(sp, sp, sp + 32)
            continue
          }
          case 0x03: {
            sp -= 32
            subtractWord(sp, sp + 32, sp)
            continue
          }
          case 0x04: {
            sp -= 32
            divide(sp, sp + 32, sp)
            continue
          }
          case 0x05: {
            sp -= 32
            divideSigned(sp, sp + 32, sp)
            continue
          }
          case 0x06: {
            sp -= 32
            modulo(sp, sp + 32, sp)
            continue
          }
          case 0x07: {
            sp -= 32
            moduloSigned(sp, sp + 32, sp)
            continue
          }
          case 0x08: {
            sp -= 64
            addModulo(sp, sp + 64, sp + 32, sp)
            continue
          }
          case 0x09: {
            sp -= 64
            multiplyModulo(sp, sp + 64, sp + 32, sp)
            continue
          }
          case 0x0a: {
            sp -= 32
            gas -= <i64>bytesOf(sp) * EXP_BYTE_GAS
            if (gas < 0) {
              leave = HALTED
              break
            }
            power(sp, sp + 32, sp)
            continue
          }
          case 0x0b: {
            sp -= 32
            signExtend(sp, sp + 32)
            continue
          }
          // ---- comparison and bits
          case 0x10: {
            sp -= 32
            setSmall(sp, u64(isLess(sp + 32, sp)))
            continue
          }
          case 0x11: {
            sp -= 32
            setSmall(sp, u64(isLess(sp, sp + 32)))
            continue
          }
          case 0x12: {
            sp -= 32
            setSmall(sp, u64(isLessSigned(sp + 32, sp)))
            continue
          }
          case 0x13: {
            sp -= 32
            setSmall(sp, u64(isLessSigned(sp, sp + 32)))
            continue
          }
          case 0x14: {
            sp -= 32
            setSmall(sp, u64(isEqual(sp, sp + 32)))
            continue
          }
          case 0x15: {
            setSmall(sp, u64(isZero(sp)))
            continue
          }
          case 0x16: {
            sp -= 32
            v128.store(sp, v128.and(v128.load(sp), v128.load(sp, 32)))
            v128.store(sp, v128.and(v128.load(sp, 16), v128.load(sp, 48)), 16)
            continue
          }
          case 0x17: {
            sp -= 32
            v128.store(sp, v128.or(v128.load(sp), v128.load(sp, 32)))
            v128.store(sp, v128.or(v128.load(sp, 16), v128.load(sp, 48)), 16)
            continue
          }
          case 0x18: {
            sp -= 32
            v128.store(sp, v128.xor(v128.load(sp), v128.load(sp, 32)))
            v128.store(sp, v128.xor(v128.load(sp, 16), v128.load(sp, 48)), 16)
            continue
          }
          case 0x19: {
            v128.store(sp, v128.not(v128.load(sp)))
            v128.store(sp, v128.not(v128.load(sp, 16)), 16)
            continue
          }
          case 0x1a: {
            sp -= 32
            byteAt(sp, sp + 32)
            continue
          }
          case 0x1b: {
            sp -= 32
            shiftLeft(sp, sp + 32)
            continue
          }
          case 0x1c: {
            sp -= 32
            shiftRight(sp, sp + 32)
            continue
          }
          case 0x1d: {
            sp -= 32
            shiftRightSigned(sp, sp + 32)
            continue
          }
          case 0x1e: {
            countLeadingZeros(sp)
            continue
          }
          // ---- hash
          case 0x20: {
            gas = memories.hashMemory(frame, sp, gas)
            if (gas < 0) {
              leave = HALTED
              break
            }
            sp -= 32
            continue
          }
          // ---- message, transaction, block, accounts
          case 0x30: {
            sp += 32
            copyWord(sp, self)
            continue
          }
          case 0x31: {
            const account = environment.accountOn(sp, gas)
            gas = account == 0 ? -1 : gas - environment.coldGas(account)
            if (gas < 0) {
              leave = HALTED
              break
            }
            copyWord(sp, account + BALANCE)
            continue
          }
          case 0x32: {
            sp += 32
            copyWord(sp, environment.ORIGIN)
            continue
          }
          case 0x33: {
            sp += 32
            copyWord(sp, frame + frames.CALLER)
            continue
          }
          case 0x34: {
            sp += 32
            copyWord(sp, frame + frames.VALUE)
            continue
          }
          case 0x35: {
            const input = <usize>load<u32>(frame, frames.INPUT)
            const inputSize = load<u32>(frame, frames.INPUT_SIZE)
            const offset = load<u64>(sp)
            if (isSmall(sp) && offset + 32 <= <u64>inputSize && offset < <u64>inputSize) turnWord(sp, input + <usize>offset)
            else memories.loadInput(sp, input, inputSize)
            continue
          }
          case 0x36: {
            sp += 32
            setSmall(sp, <u64>load<u32>(frame, frames.INPUT_SIZE))
            continue
          }
          case 0x37: {
            gas = memories.copyIn(frame, sp, gas, <usize>load<u32>(frame, frames.INPUT), load<u32>(frame, frames.INPUT_SIZE))
            if (gas < 0) {
              leave = HALTED
              break
            }
            sp -= 96
            continue
          }
          case 0x38: {
            sp += 32
            setSmall(sp, <u64>load<u32>(frame, frames.CODE_LENGTH))
            continue
          }
          case 0x39: {
            gas = memories.copyIn(frame, sp, gas, <usize>load<u32>(frame, frames.CODE_START), load<u32>(frame, frames.CODE_LENGTH))
            if (gas < 0) {
              leave = HALTED
              break
            }
            sp -= 96
            continue
          }
          case 0x3a: {
            sp += 32
            copyWord(sp, environment.GAS_PRICE)
            continue
          }
          case 0x3b: {
            const account = environment.accountOn(sp, gas)
            gas = account == 0 ? -1 : gas - environment.coldGas(account)
            if (gas < 0) {
              leave = HALTED
              break
            }
            environment.codeSizeOf(sp, account)
            continue
          }
          case 0x3c: {
            const account = environment.accountOn(sp, gas)
            gas = account == 0 ? -1 : gas - environment.coldGas(account)
            if (gas >= 0) gas = memories.copyCodeIn(frame, sp, gas, account)
            if (gas < 0) {
              leave = HALTED
              break
            }
            sp -= 128
            continue
          }
          case 0x3d: {
            sp += 32
            setSmall(sp, <u64>frames.returnedSize())
            continue
          }
          case 0x3e: {
            gas = memories.copyReturned(frame, sp, gas)
            if (gas < 0) {
              leave = HALTED
              break
            }
            sp -= 96
            continue
          }
          case 0x3f: {
            const account = environment.accountOn(sp, gas)
            gas = account == 0 ? -1 : gas - environment.coldGas(account)
            if (gas < 0) {
              leave = HALTED
              break
            }
            environment.codeHashOf(sp, account)
            continue
          }
          case 0x40: {
            environment.blockHash(sp)
            continue
          }
          case 0x41: {
            sp += 32
            copyWord(sp, environment.COINBASE)
            continue
          }
          case 0x42: {
            sp += 32
            copyWord(sp, environment.TIMESTAMP)
            continue
          }
          case 0x43: {
            sp += 32
            copyWord(sp, environment.NUMBER)
            continue
          }
          case 0x44: {
            sp += 32
            copyWord(sp, environment.PREV_RANDAO)
            continue
          }
          case 0x45: {
            sp += 32
            copyWord(sp, environment.GAS_LIMIT)
            continue
          }
          case 0x46: {
            sp += 32
            copyWord(sp, environment.CHAIN_ID)
            continue
          }
          case 0x47: {
            sp += 32
            copyWord(sp, self + BALANCE)
            continue
          }
          case 0x48: {
            sp += 32
            copyWord(sp, environment.BASE_FEE)
            continue
          }
          case 0x49: {
            environment.blobHash(sp)
            continue
          }
          case 0x4a: {
            sp += 32
            copyWord(sp, environment.BLOB_BASE_FEE)
            continue
          }
          // ---- stack, memory, storage and flow
          case 0x50: {
            sp -= 32
            continue
          }
          case 0x51: {
            const offset = load<u64>(sp)
            if (!fitsMemory(sp) || offset + 32 > <u64>load<u32>(frame, frames.MEMORY_SIZE)) {
              gas = memories.coverBytes(frame, gas, sp, 32)
              if (gas < 0) {
                leave = HALTED
                break
              }
            }
            turnWord(sp, start + <usize>offset)
            continue
          }
          case 0x52: {
            const offset = load<u64>(sp)
            if (!fitsMemory(sp) || offset + 32 > <u64>load<u32>(frame, frames.MEMORY_SIZE)) {
              gas = memories.coverBytes(frame, gas, sp, 32)
              if (gas < 0) {
                leave = HALTED
                break
              }
            }
            turnWord(start + <usize>offset, sp - 32)
            sp -= 64
            continue
          }
          case 0x53: {
            const offset = load<u64>(sp)
            if (!fitsMemory(sp) || offset + 1 > <u64>load<u32>(frame, frames.MEMORY_SIZE)) {
              gas = memories.coverBytes(frame, gas, sp, 1)
              if (gas < 0) {
                leave = HALTED
                break
              }
            }
            store<u8>(start + <usize>offset, load<u8>(sp - 32))
            sp -= 64
            continue
          }
          case 0x54: {
            const slot = reachSlot(self, sp, gas)
            gas = slot == 0 ? -1 : loadGas(slot, gas)
            if (gas < 0) {
              leave = HALTED
              break
            }
            copyWord(sp, slot + SLOT_VALUE)
            continue
          }
          case 0x55: {
            if (load<u32>(frame, frames.IS_STATIC)) gas = frames.haltBecause(frames.STATIC_VIOLATION)
            else gas = storeSlot(self, sp, sp - 32, gas)
            if (gas < 0) leave = HALTED
            sp -= 64
            break
          }
          case 0x56: {
            const target = load<u64>(sp)
            sp -= 32
            if (!isSmall(sp + 32) || target >= <u64>load<u32>(frame, frames.CODE_LENGTH) || !isJumpTarget(frame, <usize>target)) {
              frames.haltBecause(frames.INVALID_JUMP)
              leave = HALTED
              break
            }
            ip = <usize>load<u32>(frame, frames.CODE_START) + <usize>target
            break
          }
          case 0x57: {
            const target = load<u64>(sp)
            sp -= 64
            if (isZero(sp + 32)) break
            if (!isSmall(sp + 64) || target >= <u64>load<u32>(frame, frames.CODE_LENGTH) || !isJumpTarget(frame, <usize>target)) {
              frames.haltBecause(frames.INVALID_JUMP)
              leave = HALTED
              break
            }
            ip = <usize>load<u32>(frame, frames.CODE_START) + <usize>target
            break
          }
          case 0x58: {
            sp += 32
            setSmall(sp, <u64>(ip - 1 - <usize>load<u32>(frame, frames.CODE_START)))
            continue
          }
          case 0x59: {
            sp += 32
            setSmall(sp, <u64>load<u32>(frame, frames.MEMORY_SIZE))
            continue
          }
          case 0x5a: {
            sp += 32
            setSmall(sp, <u64>gas)
            break
          }
          case 0x5b: {
            if (IS_TRACING) continue
            ip--
            break
          }
          case 0x5c: {
            loadTransient(sp, self, sp)
            continue
          }
          case 0x5d: {
            if (load<u32>(frame, frames.IS_STATIC)) {
              gas = frames.haltBecause(frames.STATIC_VIOLATION)
              leave = HALTED
              break
            }
            storeTransient(self, sp, sp - 32)
            sp -= 64
            continue
          }
          case 0x5e: {
            gas = memories.copyWithin(frame, sp, gas)
            if (gas < 0) {
              leave = HALTED
              break
            }
            sp -= 96
            continue
          }
          case 0x5f: {
            sp += 32
            setZero(sp)
            continue
          }
          case 0x60: {
            sp += 32
            pushByte(sp, ip++)
            continue
          }
          case 0x61: {
            sp += 32
            pushTwo(sp, ip)
            ip += 2
            continue
          }
          case 0x62:
          case 0x63:
          case 0x64:
          case 0x65:
          case 0x66:
          case 0x67:
          case 0x68:
          case 0x69:
          case 0x6a:
          case 0x6b:
          case 0x6c:
          case 0x6d:
          case 0x6e:
          case 0x6f: {
            sp += 32
            const size = <usize>op - 0x5f
            pushShort(sp, ip, size)
            ip += size
            continue
          }
          case 0x70:
          case 0x71:
          case 0x72:
          case 0x73:
          case 0x74:
          case 0x75:
          case 0x76:
          case 0x77:
          case 0x78:
          case 0x79:
          case 0x7a:
          case 0x7b:
          case 0x7c:
          case 0x7d:
          case 0x7e:
          case 0x7f: {
            sp += 32
            const size = <usize>op - 0x5f
            pushLong(sp, ip, size)
            ip += size
            continue
          }
          case 0x80: {
            sp += 32
            copyWord(sp, sp - 32)
            continue
          }
          case 0x81: {
            sp += 32
            copyWord(sp, sp - 64)
            continue
          }
          case 0x82: {
            sp += 32
            copyWord(sp, sp - 96)
            continue
          }
          case 0x83: {
            sp += 32
            copyWord(sp, sp - 128)
            continue
          }
          case 0x84: {
            sp += 32
            copyWord(sp, sp - 160)
            continue
          }
          case 0x85: {
            sp += 32
            copyWord(sp, sp - 192)
            continue
          }
          case 0x86: {
            sp += 32
            copyWord(sp, sp - 224)
            continue
          }
          case 0x87: {
            sp += 32
            copyWord(sp, sp - 256)
            continue
          }
          case 0x88: {
            sp += 32
            copyWord(sp, sp - 288)
            continue
          }
          case 0x89: {
            sp += 32
            copyWord(sp, sp - 320)
            continue
          }
          case 0x8a: {
            sp += 32
            copyWord(sp, sp - 352)
            continue
          }
          case 0x8b: {
            sp += 32
            copyWord(sp, sp - 384)
            continue
          }
          case 0x8c: {
            sp += 32
            copyWord(sp, sp - 416)
            continue
          }
          case 0x8d: {
            sp += 32
            copyWord(sp, sp - 448)
            continue
          }
          case 0x8e: {
            sp += 32
            copyWord(sp, sp - 480)
            continue
          }
          case 0x8f: {
            sp += 32
            copyWord(sp, sp - 512)
            continue
          }
          case 0x90: {
            swap(sp, 32)
            continue
          }
          case 0x91: {
            swap(sp, 64)
            continue
          }
          case 0x92: {
            swap(sp, 96)
            continue
          }
          case 0x93: {
            swap(sp, 128)
            continue
          }
          case 0x94: {
            swap(sp, 160)
            continue
          }
          case 0x95: {
            swap(sp, 192)
            continue
          }
          case 0x96: {
            swap(sp, 224)
            continue
          }
          case 0x97: {
            swap(sp, 256)
            continue
          }
          case 0x98: {
            swap(sp, 288)
            continue
          }
          case 0x99: {
            swap(sp, 320)
            continue
          }
          case 0x9a: {
            swap(sp, 352)
            continue
          }
          case 0x9b: {
            swap(sp, 384)
            continue
          }
          case 0x9c: {
            swap(sp, 416)
            continue
          }
          case 0x9d: {
            swap(sp, 448)
            continue
          }
          case 0x9e: {
            swap(sp, 480)
            continue
          }
          case 0x9f: {
            swap(sp, 512)
            continue
          }
          case 0xa0:
          case 0xa1:
          case 0xa2:
          case 0xa3:
          case 0xa4: {
            const topics = <u32>op - 0xa0
            gas = log(frame, sp, topics, gas)
            if (gas < 0) {
              leave = HALTED
              break
            }
            sp -= 64 + (<usize>topics << 5)
            continue
          }
          // ---- frames
          case 0xf0:
          case 0xf5: {
            store<u32>(frame, <u32>ip, frames.IP)
            gas = create(frame, <u32>op, sp, gas)
            leave = gas < 0 ? HALTED : NEXT_FRAME
            break
          }
          case 0xf1:
          case 0xf2:
          case 0xf4:
          case 0xfa: {
            store<u32>(frame, <u32>ip, frames.IP)
            gas = call(frame, <u32>op, sp, gas)
            leave = gas < 0 ? HALTED : NEXT_FRAME
            break
          }
          case 0xf3:
          case 0xfd: {
            gas = memories.cover(frame, gas, sp, sp - 32)
            if (gas < 0) {
              leave = HALTED
              break
            }
            const size = <u32>load<u64>(sp - 32)
            store<i64>(frame, gas, frames.GAS)
            endFrame(frame, op == 0xf3 ? frames.SUCCESS : frames.REVERT, size == 0 ? 0 : start + <usize>load<u64>(sp), size)
            leave = ENDED
            break
          }
          case 0xff: {
            gas = selfDestruct(frame, sp, gas)
            if (gas < 0) {
              leave = HALTED
              break
            }
            store<i64>(frame, gas, frames.GAS)
            endFrame(frame, frames.SUCCESS, 0, 0)
            leave = ENDED
            break
          }
          default: {
            frames.haltBecause(frames.INVALID_OPCODE)
            leave = HALTED
            break
          }
        }
        break
      } while (!IS_TRACING) // traced, each instruction is a block
    } while (leave == NEXT_BLOCK)

    if (leave == HALTED) {
      if (frames.haltReason() == frames.NO_REASON) frames.haltBecause(frames.OUT_OF_GAS)
      frames.closeFrame(frames.HALT, 0, 0, 0)
    }
  }
}

/** Ends the frame that RETURN, REVERT, STOP or SELFDESTRUCT ends. */
function endFrame(frame: usize, status: u32, data: usize, size: u32): void {
  const kind = load<u32>(frame, frames.KIND)
  if (status == frames.SUCCESS && (kind == 0xf0 || kind == 0xf5)) closeCreation(frame, data, size)
  else frames.closeFrame(status, data, size, 0)
}

/** A word that can be an offset in memory, and stays one if a little is added. */
// @ts-ignore: decorator
@inline
function fitsMemory(word: usize): bool {
  return ((load<u64>(word) >> 32) | load<u64>(word, 8) | load<u64>(word, 16) | load<u64>(word, 24)) == 0
}

// @ts-ignore: decorator
@inline
function isJumpTarget(frame: usize, target: usize): bool {
  return ((load<u8>(<usize>load<u32>(frame, frames.JUMPS) + (target >> 3)) >> (<u8>target & 7)) & 1) != 0
}
