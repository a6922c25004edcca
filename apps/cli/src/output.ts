// Output of commands, for people or as JSON. Results go to standard output, progress to standard error.

let wantsJson = false

export function setOutput({ json }: { readonly json: boolean }): void {
  wantsJson = json
}

export function isJsonWanted(): boolean {
  return wantsJson
}

/** Prints one result: as JSON, or as the text that `human` returns. */
export function print<T>(result: T, human: (result: T) => string): void {
  const text = wantsJson ? JSON.stringify(result, bigIntAsText, 2) : human(result)
  process.stdout.write(`${text}\n`)
}

/** A line of progress, for people only. */
export function say(line: string): void {
  if (!wantsJson) process.stderr.write(`${line}\n`)
}

/** Columns as wide as their content; numbers align right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map(row => row[i]!.length)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (/^[\d.,%-]+$/.test(cell) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd()
  return [line(head), line(widths.map(width => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

/** `name  value` lines. */
export function fields(values: Readonly<Record<string, unknown>>): string {
  const width = Math.max(...Object.keys(values).map(name => name.length))
  return Object.entries(values)
    .map(([name, value]) => `${name.padEnd(width)}  ${String(value)}`)
    .join('\n')
}

function bigIntAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
