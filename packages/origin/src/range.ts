// The Range header (RFC 9110, section 14): one range of bytes.

export interface ByteRange {
  readonly firstByte: number
  /** included */
  readonly lastByte: number
}

/** 'whole' if there is no range, or one of an unsupported kind; 'unsatisfiable' beyond the end. */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | 'whole' | 'unsatisfiable' {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '')
  if (match === null || (match[1] === '' && match[2] === '')) return 'whole'
  const [, first, last] = match as unknown as [string, string, string]
  if (first === '') {
    const count = Math.min(Number(last), sizeBytes)
    return count === 0 ? 'unsatisfiable' : { firstByte: sizeBytes - count, lastByte: sizeBytes - 1 }
  }
  const firstByte = Number(first)
  const lastByte = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1)
  if (firstByte >= sizeBytes) return 'unsatisfiable'
  return lastByte < firstByte ? 'whole' : { firstByte, lastByte }
}
