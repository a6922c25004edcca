// Positions in the picture of the swarm: you in the middle, the origin at the left, peers around.
import { PEERS_DRAWN_MAX } from '../limits.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

export interface SwarmLayout {
  readonly you: Point
  readonly origin: Point
  /** positions of the first peers, up to the number drawn individually */
  readonly peers: readonly Point[]
}

/** how far around the right side peers may be placed, in turns from straight right */
const SPREAD_TURNS = 0.36

export function swarmLayout(width: number, height: number, peerCount: number): SwarmLayout {
  const you = { x: width * 0.46, y: height * 0.5 }
  const count = Math.min(peerCount, PEERS_DRAWN_MAX)
  const radiusX = width * 0.4
  const radiusY = height * 0.36
  const peers = Array.from({ length: count }, (_, i) => {
    const turn = count === 1 ? 0 : (i / (count - 1) - 0.5) * 2 * SPREAD_TURNS * Math.min(1, 0.35 + count / 14)
    const angle = turn * 2 * Math.PI
    // In a crowd, every other peer is placed a little closer, so that names do not touch.
    const near = count > 6 && i % 2 === 1 ? 0.72 : 1
    return { x: you.x + radiusX * near * Math.cos(angle), y: you.y + radiusY * near * Math.sin(angle) }
  })
  return { you, origin: { x: width * 0.1, y: height * 0.5 }, peers }
}

/** The bend of a link: a point beside its middle. */
export function bendOf(from: Point, to: Point): Point {
  const x = (from.x + to.x) / 2
  const y = (from.y + to.y) / 2
  return { x: x + (from.y - to.y) * 0.08, y: y - (from.x - to.x) * 0.08 }
}

/** A point of the quadratic curve from `from` over `bend` to `to`, at `t` of 0 to 1. */
export function pointOnLink(from: Point, bend: Point, to: Point, t: number): Point {
  const u = 1 - t
  return {
    x: u * u * from.x + 2 * u * t * bend.x + t * t * to.x,
    y: u * u * from.y + 2 * u * t * bend.y + t * t * to.y,
  }
}
