// IP addresses as numbers, to look them up and to group those of one customer or one site.

/** `high`: the upper 64 bits, the routed part; the rest names machines of one site. */
export type IpAddress = { readonly version: 4; readonly value: number } | { readonly version: 6; readonly high: bigint }

/** Undefined if it is not an address. Maps IPv4 within IPv6 to IPv4; drops a zone (`%eth0`). */
export function parseIp(text: string): IpAddress | undefined {
  const value = parseIpv4(text)
  if (value !== undefined) return { version: 4, value }
  const words = parseIpv6(text.replace(/%.*$/, ''))
  if (words === undefined) return undefined
  const isMapped = words.slice(0, 5).every(word => word === 0) && words[5] === 0xffff
  if (isMapped) return { version: 4, value: words[6]! * 2 ** 16 + words[7]! }
  return { version: 6, high: words.slice(0, 4).reduce((high, word) => (high << 16n) | BigInt(word), 0n) }
}

/** One customer's address, by which rates are limited: all of IPv4's, the first 64 bits of IPv6's. */
export function customerOf(ip: string): string {
  const address = parseIp(ip)
  if (address === undefined) return ip
  return address.version === 4 ? `4:${address.value}` : `6:${address.high.toString(16)}`
}

/** The site of an address, a /24 or /48, because one person easily has many addresses of a site. */
export function siteOf(ip: string): string {
  const address = parseIp(ip)
  if (address === undefined) return ip
  return address.version === 4 ? `4:${address.value >>> 8}` : `6:${(address.high >> 16n).toString(16)}`
}

function parseIpv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (match === null) return undefined
  const bytes = match.slice(1).map(Number)
  return bytes.some(byte => byte > 255) ? undefined : bytes.reduce((value, byte) => value * 256 + byte, 0)
}

function parseIpv6(text: string): number[] | undefined {
  const halves = text.split('::')
  if (halves.length > 2 || !text.includes(':')) return undefined
  const [before, after] = halves.map((half, i) => parseWords(half, i === halves.length - 1))
  if (before === undefined || (halves.length === 2 && after === undefined)) return undefined
  if (after === undefined) return before.length === 8 ? before : undefined
  const missing = 8 - before.length - after.length
  return missing < 1 ? undefined : [...before, ...Array<number>(missing).fill(0), ...after]
}

/** The last words of an address may be written as those of IPv4 are. */
function parseWords(text: string, areLast: boolean): number[] | undefined {
  if (text === '') return []
  const words: number[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    const dotted = areLast && i === parts.length - 1 ? parseIpv4(part) : undefined
    if (dotted !== undefined) words.push(Math.floor(dotted / 2 ** 16), dotted % 2 ** 16)
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) words.push(Number.parseInt(part, 16))
    else return undefined
  }
  return words
}
