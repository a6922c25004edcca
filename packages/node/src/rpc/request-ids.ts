// The ids of requests as they were written. A number is answered digit by digit, and JSON.parse rounds what is above 2^53:
// only for requests with such an id the text is looked through once more.

/** Whether `JSON.stringify` could write another number than the client sent. */
export function isInexact(id: unknown): boolean {
  return typeof id === 'number' && !Number.isSafeInteger(id)
}

/**
 * What the member `id` of each request is in the text, where it is a number: of a batch by position, of a single request
 * as the first. The text must be JSON; later members of one name count, as for JSON.parse.
 */
export function numericIds(text: string, isBatch: boolean): readonly (string | undefined)[] {
  const ids: (string | undefined)[] = []
  const requestDepth = isBatch ? 2 : 1
  let [depth, request, isKey] = [0, 0, false]
  for (let i = 0; i < text.length; ) {
    const char = text[i]!
    if (char === '"') {
      const end = endOfString(text, i)
      if (isKey && depth === requestDepth && JSON.parse(text.slice(i, end)) === 'id')
        ids[request] = numberAfter(text, end)
      isKey = false
      i = end
      continue
    }
    if (char === '{' || char === '[') {
      depth++
      // an array as an element of a batch is no request
      isKey = char === '{'
    } else if (char === '}' || char === ']') depth--
    else if (char === ',') {
      isKey = true
      if (isBatch && depth === 1) request++
    }
    i++
  }
  return ids
}

function endOfString(text: string, start: number): number {
  for (let i = start + 1; ; i++) {
    const char = text[i]
    if (char === '"') return i + 1
    if (char === '\\') i++
  }
}

const NUMBER_AFTER_COLON = /\s*:\s*(-?[0-9][0-9.eE+-]*)?/y

function numberAfter(text: string, at: number): string | undefined {
  NUMBER_AFTER_COLON.lastIndex = at
  return NUMBER_AFTER_COLON.exec(text)?.[1]
}
