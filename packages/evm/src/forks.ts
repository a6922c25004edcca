// The hardforks that the engine knows, oldest first; later ones contain the earlier ones.

export const FORKS = ['berlin', 'london', 'paris', 'shanghai', 'cancun', 'prague', 'osaka'] as const

export type Fork = (typeof FORKS)[number]

export function isFrom(fork: Fork, earliest: Fork): boolean {
  return FORKS.indexOf(fork) >= FORKS.indexOf(earliest)
}
