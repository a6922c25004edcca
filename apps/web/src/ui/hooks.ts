// Shared hooks: a clock, the size of an element, reduced motion, and fetched values.
import { type RefObject, useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { createStore } from '../store.ts'

const clock = createStore(Date.now())
let clockUsers = 0
let clockTimer: ReturnType<typeof setInterval> | undefined

/** The time, updated every second by one timer for the whole app. */
export function useNow(): number {
  return useSyncExternalStore(subscribeToClock, clock.get)
}

function subscribeToClock(listener: () => void): () => void {
  const end = clock.subscribe(listener)
  if (clockUsers++ === 0) {
    clock.set(Date.now())
    clockTimer = setInterval(() => clock.set(Date.now()), 1000)
  }
  return () => {
    end()
    if (--clockUsers === 0) clearInterval(clockTimer)
  }
}

/** Width and height of an element in CSS pixels; 0 before it is laid out. */
export function useSize(ref: RefObject<Element | null>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 })
  useEffect(() => {
    const element = ref.current
    if (element === null) return
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect
      setSize(before => (before.width === width && before.height === height ? before : { width, height }))
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [ref])
  return size
}

function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const media = matchMedia(query)
      media.addEventListener('change', listener)
      return () => media.removeEventListener('change', listener)
    },
    [query],
  )
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches)
}

export function useReducedMotion(): boolean {
  return useMedia('(prefers-reduced-motion: reduce)')
}

export function useDark(): boolean {
  return useMedia('(prefers-color-scheme: dark)')
}

export type Fetched<T> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown; readonly retry: () => void }

/**
 * The result of `fetcher`, fetched again when `key` changes. The old value stays while a newer one of the same
 * `subject` loads; a new subject shows nothing until it has loaded.
 */
export function useFetched<T>(fetcher: () => Promise<T>, subject: string, key: unknown = undefined): Fetched<T> {
  const [state, setState] = useState<{ subject: string; fetched: Fetched<T> }>({
    subject,
    fetched: { kind: 'loading' },
  })
  const [attempt, setAttempt] = useState(0)
  const latest = useRef(fetcher)
  latest.current = fetcher
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again exactly when these change
  useEffect(() => {
    let isCurrent = true
    latest.current().then(
      value => {
        if (isCurrent) setState({ subject, fetched: { kind: 'ready', value } })
      },
      (error: unknown) => {
        if (!isCurrent) return
        const retry = (): void => {
          setState({ subject, fetched: { kind: 'loading' } })
          setAttempt(count => count + 1)
        }
        setState(before =>
          before.subject === subject && before.fetched.kind === 'ready'
            ? before
            : { subject, fetched: { kind: 'failed', error, retry } },
        )
      },
    )
    return () => {
      isCurrent = false
    }
  }, [subject, key, attempt])
  return state.subject === subject ? state.fetched : { kind: 'loading' }
}
