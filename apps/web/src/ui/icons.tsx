// The icons, drawn with one stroke width on a grid of 24.
import type { ReactNode } from 'react'

const PATHS = {
  watch: 'M4 5h16v12H4zM9 21h6M10.5 8.5v5l4-2.5z',
  network: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c3 3 3.5 6 3.5 9s-.5 6-3.5 9c-3-3-3.5-6-3.5-9S9 6 12 3z',
  chain: 'M3 8.5 7.5 6 12 8.5v5L7.5 16 3 13.5zM12 10.5 16.5 8 21 10.5v5L16.5 18 12 15.5z',
  stake: 'M12 3 5 6v5c0 4.6 2.9 8 7 10 4.1-2 7-5.4 7-10V6zM9 12l2.2 2.2L15.3 10',
  publisher: 'M4 15v4h16v-4M12 15V4M8 8l4-4 4 4',
  wallet:
    'M4 7.5V18a1.5 1.5 0 0 0 1.5 1.5h13A1.5 1.5 0 0 0 20 18V9a1.5 1.5 0 0 0-1.5-1.5zM4 7.5C4 6 5 5 6.5 5H17M16 13.5h.5',
  settings: 'M4 7h9M17 7h3M15 5v4M4 12h3M11 12h9M9 10v4M4 17h9M17 17h3M15 15v4',
  search: 'M11 4.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM16 16l4.5 4.5',
  copy: 'M9 9h10v11H9zM15 9V5H5v11h4',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  again: 'M19 12a7 7 0 1 1-2-4.9M19 4v4h-4',
  sound: 'M5 10v4h3l4 3.5v-11L8 10zM15.5 9.5c1.3 1.4 1.3 3.6 0 5M18 7c2.7 2.8 2.7 7.2 0 10',
  origin: 'M5 5h14v5H5zM5 14h14v5H5zM8 7.5h.01M8 16.5h.01',
  cross: 'm6 6 12 12M18 6 6 18',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name }: { name: IconName }): ReactNode {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  )
}
