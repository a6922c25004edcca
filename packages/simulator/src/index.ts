export type { ViolationKind } from './checkers/violation.ts'
export type { Outcome, SimulationOptions } from './outcome.ts'
export { KINDS, type Kind, kindOf, runSeed, runSeeds, type SeedRange, type Summary } from './seeds.ts'
