// LOG0 to LOG4.
import { IS_STATIC, MEMORY_START, SELF, STATIC_VIOLATION, haltBecause } from './frames'
import { addLog } from './logs'
import { cover } from './memory'
import { turnWord } from './words'

const BYTE_GAS: i64 = 8

/** On the stack: offset, size, topics. */
export function log(frame: usize, sp: usize, topics: u32, gas: i64): i64 {
  if (load<u32>(frame, IS_STATIC)) return haltBecause(STATIC_VIOLATION)
  gas = cover(frame, gas, sp, sp - 32)
  const size = load<u64>(sp - 32)
  if (gas < 0) return gas
  gas -= <i64>size * BYTE_GAS
  if (gas < 0) return gas
  const entry = addLog(<usize>load<u32>(frame, SELF), topics, <u32>size)
  for (let i: usize = 0; i < <usize>topics; i++) turnWord(entry + (i << 5), sp - 64 - (i << 5))
  if (size != 0) memory.copy(entry + (<usize>topics << 5), <usize>load<u32>(frame, MEMORY_START) + <usize>load<u64>(sp), <usize>size)
  return gas
}
