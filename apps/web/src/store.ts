// A value that changes outside React, and a hook for components that follow it.
import { useSyncExternalStore } from 'react'

export interface Readable<T> {
  get(): T
  /** calls `listener` after each change; returns a function that stops it */
  subscribe(listener: () => void): () => void
}

export interface Store<T> extends Readable<T> {
  /** Notifies listeners only if the value changes. */
  set(value: T): void
  update(change: (value: T) => T): void
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial
  const listeners = new Set<() => void>()
  const set = (next: T): void => {
    if (Object.is(value, next)) return
    value = next
    for (const listener of [...listeners]) listener()
  }
  return {
    get: () => value,
    set,
    update: change => set(change(value)),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

export function useStore<T>(store: Readable<T>): T {
  return useSyncExternalStore(store.subscribe, store.get)
}
