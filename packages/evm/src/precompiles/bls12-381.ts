import type { Precompile } from './table.ts'
export const bls12381: readonly Precompile[] = []
