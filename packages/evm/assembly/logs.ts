// Logs of the transaction, one after the other: account u32 | topics u32 | data size u32 | unused u32 | topics | data, padded
// to 8 bytes.
import { IS_STATIC, MEMORY_START, SELF, STATIC_VIOLATION, haltBecause } from './frames'
import { BOUND_LOGS, exceedBound } from './host'
import { LOGS, LOGS_END } from './layout'
import { cover } from './memory'
import { turnWord } from './words'

const BYTE_GAS: i64 = 8

let top: usize = LOGS
let count: u32 = 0

// @ts-ignore: decorator
@inline
export function logsTop(): usize {
  return top
}

// @ts-ignore: decorator
@inline
export function logCount(): u32 {
  return count
}

export function rollBackLogs(to: usize, before: u32): void {
  top = to
  count = before
}

/** LOG0 to LOG4. On the stack: offset, size, topics. */
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

/** Room for a log; answers where its topics (big-endian) and then its data go. */
export function addLog(account: usize, topics: u32, size: u32): usize {
  const body = top + 16
  const end = (body + (<usize>topics << 5) + <usize>size + 7) & ~7
  if (end > LOGS_END) exceedBound(BOUND_LOGS)
  store<u32>(top, <u32>account)
  store<u32>(top, topics, 4)
  store<u32>(top, size, 8)
  top = end
  count++
  return body
}
