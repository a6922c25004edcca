// What somebody wants of a resource: whole segments by a time, or some pieces of one.

/** A segment that is wanted, and by when it must be whole. Infinity: there is no hurry. */
export interface Wanted {
  readonly rendition: number
  readonly segment: number
  readonly deadlineMs: number
}

/** Some pieces of a segment, one after the other. */
export interface PieceRange {
  readonly rendition: number
  readonly segment: number
  readonly firstPiece: number
  readonly pieceCount: number
}
