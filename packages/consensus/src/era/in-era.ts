// Everything that goes into consensus and comes out of it says which era it is about, by the hash of the era's start block: the
// name that all that is signed in the era carries too. An instance of finality has the same name, as its root is that block.
import type { Hash } from '@tan/primitives'

export type InEra<T> = T & { readonly era: Hash }

export function inEra<T extends object>(era: Hash, values: readonly T[]): InEra<T>[] {
  return values.map(value => ({ ...value, era }))
}
