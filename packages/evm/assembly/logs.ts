// Logs of the transaction, one after the other: account u32 | topics u32 | data size u32 | unused u32 | topics | data, padded
// to 8 bytes.
import { BOUND_LOGS, exceedBound } from './host'
import { LOGS, LOGS_END } from './layout'

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
