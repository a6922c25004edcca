// Where an era is to be had: by the height of a block, or by the start that everything signed names.
import { assert, type Hash } from '@tan/primitives'
import type { EraCommittee } from './committee.ts'
import type { Era } from './era.ts'

export interface Eras<E extends EraCommittee = Era> {
  /** The era that the block of this height belongs to (genesis to the first). Undefined above all that are known. */
  at(height: number): E | undefined
  /** The era that starts with this block. */
  of(start: Hash): E | undefined
}

/** Of these, oldest first; the newest one's end is `lastHeight`, if it has one. */
export function createEras<E extends EraCommittee & { readonly lastHeight?: number | undefined }>(
  eras: readonly E[],
): Eras<E> {
  const [first] = eras
  assert(first !== undefined, 'a chain without an era')
  eras.forEach((era, i) => {
    const next = eras[i + 1]
    assert(next === undefined || next.start.height === era.lastHeight, `no era ends at height ${next?.start.height}`)
  })
  return {
    at(height) {
      const era = eras.findLast(({ start }) => start.height < height) ?? first
      return era.lastHeight !== undefined && height > era.lastHeight ? undefined : era
    },
    of: start => eras.find(era => era.start.hash === start),
  }
}
