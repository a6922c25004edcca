// Small words about points, statements and rounds that the parts of finality share.
import type { FinalityStatement, JustifiedPoint } from '@tan/protocol'

/** Of two different points never the same: for maps. */
export function pointKey({ hash, round }: JustifiedPoint): string {
  return `${round}/${hash}`
}

/** The one of the higher round; the first, where they are of one round. */
export function laterPoint(a: JustifiedPoint, b: JustifiedPoint): JustifiedPoint {
  return b.round > a.round ? b : a
}

export function roundOfStatement(statement: FinalityStatement): number {
  return statement.type === 'prepare' ? statement.prepare.round : statement.commit.point.round
}
