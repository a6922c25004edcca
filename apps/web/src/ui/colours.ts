// Colours of the style sheet for canvases, where CSS variables do not work.
import { useMemo } from 'react'
import { useDark } from './hooks.ts'

/** The current colours; the same object until the system switches between light and dark. */
export function useColours<const N extends string>(names: readonly N[]): Readonly<Record<N, string>> {
  const isDark = useDark()
  const key = names.join(' ')
  // biome-ignore lint/correctness/useExhaustiveDependencies: read again when the scheme changes
  return useMemo(() => readColours(key.split(' ') as N[]), [key, isDark])
}

function readColours<N extends string>(names: readonly N[]): Readonly<Record<N, string>> {
  const probe = document.createElement('span')
  document.body.append(probe)
  const colours = names.map(name => {
    probe.style.color = `var(--${name})`
    return [name, getComputedStyle(probe).color] as const
  })
  probe.remove()
  return Object.fromEntries(colours) as Record<N, string>
}
