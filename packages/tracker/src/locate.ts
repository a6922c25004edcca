// The position and network of an address: tables of address ranges that an operator may load, in the CSV form of
// ip-location-db (`@ip-location-db/asn` for networks; its city tables for positions), kept as sorted typed arrays.
// Without tables, the tracker chooses candidates by measured times, network and chance.
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { CodedError, shorten } from '@tan/primitives'
import { parseIp } from './ip.ts'
import { LOCATE_ROWS_MAX } from './limits.ts'
import type { Asn } from './network-distance.ts'

export interface Whereabouts {
  /** degrees */
  readonly position: { readonly latitude: number; readonly longitude: number } | undefined
  /** 0: unknown */
  readonly asn: Asn
}

/** Undefined if no table has the address. */
export type Locate = (ip: string) => Whereabouts | undefined

export interface LocateFiles {
  /** `start,end,asn,...` by row, addresses as text or as whole numbers; IPv4 and IPv6 in files of their own */
  readonly networks?: readonly string[]
  /** `start,end,country,region,district,city,postcode,latitude,longitude,...` by row */
  readonly positions?: readonly string[]
}

/** Throws `locate/read` (no such file), `locate/row` (an invalid row) or `locate/order` (rows must ascend). */
export async function loadLocate(files: LocateFiles): Promise<Locate> {
  const networks: RangeTable[] = []
  for (const path of files.networks ?? []) networks.push(await loadRanges(path, asnOfRow, 1))
  const positions: RangeTable[] = []
  for (const path of files.positions ?? []) positions.push(await loadRanges(path, positionOfRow, 2))
  return ip => {
    const asn = findIn(networks, ip)
    const position = findIn(positions, ip)
    if (asn === undefined && position === undefined) return undefined
    return {
      asn: asn?.[0] ?? 0,
      position: position === undefined ? undefined : { latitude: position[0]!, longitude: position[1]! },
    }
  }
}

interface RangeTable {
  readonly version: 4 | 6
  find(address: number | bigint): Float64Array | undefined
}

function findIn(tables: readonly RangeTable[], ip: string): Float64Array | undefined {
  const address = parseIp(ip)
  if (address === undefined) return undefined
  for (const table of tables) {
    if (table.version !== address.version) continue
    const found = table.find(address.version === 4 ? address.value : address.high)
    if (found !== undefined) return found
  }
  return undefined
}

/** Undefined: the row has no useful data. */
type RowReader = (fields: readonly string[]) => readonly number[] | undefined

function asnOfRow(fields: readonly string[]): readonly number[] | undefined {
  const asn = Number(fields[2])
  return Number.isInteger(asn) && asn > 0 && asn < 2 ** 32 ? [asn] : undefined
}

function positionOfRow(fields: readonly string[]): readonly number[] | undefined {
  if (!fields[7] || !fields[8]) return undefined
  const latitude = Number(fields[7])
  const longitude = Number(fields[8])
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? [latitude, longitude] : undefined
}

async function loadRanges(path: string, read: RowReader, width: number): Promise<RangeTable> {
  const builder = createRangeBuilder(path, width)
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })
  try {
    let row = 0
    for await (const line of lines) {
      row++
      if (line !== '') builder.add(row, splitRow(line), read)
    }
  } catch (cause) {
    if (cause instanceof CodedError) throw cause
    throw new CodedError('locate/read', `cannot read the address table ${path}: give the path of a CSV file`, { cause })
  } finally {
    lines.close()
  }
  return builder.finish()
}

function createRangeBuilder(path: string, width: number) {
  // Doubles hold IPv4 addresses; of IPv6 the upper 64 bits, which need a BigInt.
  let version: 4 | 6 = 4
  let starts: Float64Array | BigUint64Array = new Float64Array(1_024)
  let ends: Float64Array | BigUint64Array = new Float64Array(1_024)
  let values = new Float64Array(1_024 * width)
  let count = 0
  let lastStart: number | bigint | undefined

  function add(row: number, fields: readonly string[], read: RowReader): void {
    const start = addressOf(fields[0])
    const end = addressOf(fields[1])
    const wrong = (code: string, what: string) =>
      new CodedError(code, `${path}, row ${row}: ${what}: ${shorten(fields.slice(0, 3).join(','))}`)
    if (start === undefined || end === undefined || start.version !== end.version)
      throw wrong('locate/row', 'not a range of addresses')
    const value = read(fields)
    if (value === undefined) return
    if (count === 0 && start.version === 6) {
      version = 6
      starts = new BigUint64Array(1_024)
      ends = new BigUint64Array(1_024)
    }
    if (start.version !== version) throw wrong('locate/row', `not IPv${version} like the rows before`)
    if (count === LOCATE_ROWS_MAX) throw wrong('locate/row', `more than ${LOCATE_ROWS_MAX} rows`)
    if (start.value > end.value) throw wrong('locate/order', 'the range ends before it starts')
    if (lastStart !== undefined && start.value < lastStart)
      throw wrong('locate/order', 'rows must be sorted by their start')
    lastStart = start.value
    // Published tables sometimes overlap, and IPv6 ranges within one site always do: the first row wins.
    const from = count > 0 && start.value <= ends[count - 1]! ? next(ends[count - 1]!) : start.value
    if (from > end.value) return
    if (count === starts.length) {
      starts = doubled(starts)
      ends = doubled(ends)
      values = doubled(values) as Float64Array<ArrayBuffer>
    }
    starts[count] = from
    ends[count] = end.value
    values.set(value, count * width)
    count++
  }

  function finish(): RangeTable {
    const [from, to, found] = [starts.slice(0, count), ends.slice(0, count), values.slice(0, count * width)]
    return {
      version,
      find(address) {
        let low = 0
        let high = count
        while (low < high) {
          const middle = (low + high) >>> 1
          if (from[middle]! <= address) low = middle + 1
          else high = middle
        }
        const at = low - 1
        return at >= 0 && address <= to[at]! ? found.subarray(at * width, (at + 1) * width) : undefined
      },
    }
  }

  return { add, finish }
}

function next(address: number | bigint): number | bigint {
  return typeof address === 'bigint' ? address + 1n : address + 1
}

function addressOf(
  field: string | undefined,
): { version: 4; value: number } | { version: 6; value: bigint } | undefined {
  if (field === undefined) return undefined
  if (!/^\d{1,39}$/.test(field)) {
    const address = parseIp(field)
    if (address === undefined) return undefined
    return address.version === 4 ? address : { version: 6, value: address.high }
  }
  const value = BigInt(field)
  return value < 1n << 32n ? { version: 4, value: Number(value) } : { version: 6, value: value >> 64n }
}

function doubled<T extends Float64Array | BigUint64Array>(array: T): T {
  const out = array instanceof Float64Array ? new Float64Array(array.length * 2) : new BigUint64Array(array.length * 2)
  ;(out as { set(from: T): void }).set(array)
  return out as T
}

/** Fields of one row of CSV; a quoted field may hold commas, and quotes twice. */
function splitRow(line: string): string[] {
  const fields: string[] = []
  let at = 0
  while (at <= line.length) {
    if (line[at] === '"') {
      const match = /^"((?:[^"]|"")*)"/.exec(line.slice(at))
      if (match === null) return [...fields, line.slice(at)]
      fields.push(match[1]!.replaceAll('""', '"'))
      at += match[0].length + 1
    } else {
      const comma = line.indexOf(',', at)
      const end = comma < 0 ? line.length : comma
      fields.push(line.slice(at, end))
      at = end + 1
    }
  }
  return fields
}
