// Polls status pages (JSON over HTTP) while the page is open and visible.
import { CodedError } from '@tan/primitives'
import { useEffect, useState } from 'react'
import { STATUS_MAX_CHARS, STATUS_POLL_MS, STATUS_TIMEOUT_MS } from '../limits.ts'

export interface Polled<T> {
  /** the newest answer; stays when a later poll fails */
  readonly value: T | undefined
  /** the previous answer and its time, for rates */
  readonly before: { readonly value: T; readonly atMs: number } | undefined
  readonly atMs: number
  /** why the last poll failed; undefined if it did not */
  readonly error: unknown
}

export async function fetchStatus<T>(url: string, validate: (json: unknown) => T): Promise<T> {
  let response: Response
  try {
    response = await fetch(url, { cache: 'no-store', signal: AbortSignal.timeout(STATUS_TIMEOUT_MS) })
  } catch (cause) {
    throw new CodedError('status/unreachable', `${url} does not answer`, { cause })
  }
  if (!response.ok) throw new CodedError('status/refused', `${url} answers with status ${response.status}`)
  const source = await response.text()
  if (source.length > STATUS_MAX_CHARS)
    throw new CodedError(
      'status/size',
      `${url} answers with ${source.length} characters; the maximum is ${STATUS_MAX_CHARS}`,
    )
  let json: unknown
  try {
    json = JSON.parse(source)
  } catch (cause) {
    throw new CodedError('status/json', `${url} does not answer with JSON`, { cause })
  }
  return validate(json)
}

/** The status of each address, in order. `validate` must be the same function each time. */
export function usePolledAll<T>(urls: readonly string[], validate: (json: unknown) => T): readonly Polled<T>[] {
  const [polled, setPolled] = useState<ReadonlyMap<string, Polled<T>>>(new Map())
  const key = urls.join('\n')
  useEffect(() => {
    const all = key === '' ? [] : key.split('\n')
    let isOpen = true
    let timer: ReturnType<typeof setTimeout>
    const look = async (): Promise<void> => {
      if (!document.hidden)
        await Promise.all(
          all.map(async url => {
            const outcome = await outcomeOf(() => fetchStatus(url, validate))
            if (isOpen) setPolled(before => new Map([...before, [url, after(before.get(url), outcome)]]))
          }),
        )
      if (isOpen) timer = setTimeout(look, STATUS_POLL_MS)
    }
    void look()
    return () => {
      isOpen = false
      clearTimeout(timer)
    }
  }, [key, validate])
  return urls.map(url => polled.get(url) ?? NOT_YET)
}

export function usePolled<T>(url: string | undefined, validate: (json: unknown) => T): Polled<T> {
  return usePolledAll(url === undefined ? [] : [url], validate)[0] ?? NOT_YET
}

const NOT_YET: Polled<never> = { value: undefined, before: undefined, atMs: 0, error: undefined }

type Outcome<T> = { readonly value: T } | { readonly error: unknown }

async function outcomeOf<T>(get: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await get() }
  } catch (error) {
    return { error }
  }
}

function after<T>(last: Polled<T> | undefined, outcome: Outcome<T>): Polled<T> {
  if ('error' in outcome) return { ...(last ?? NOT_YET), error: outcome.error }
  const before = last?.value === undefined ? undefined : { value: last.value, atMs: last.atMs }
  return { value: outcome.value, before, atMs: Date.now(), error: undefined }
}
