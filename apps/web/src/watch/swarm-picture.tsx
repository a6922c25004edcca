// The live swarm: connected peers, each piece on its way to you, and its payment on the way back. Nodes and links are
// SVG, which assistive tools can read; a canvas draws what moves.
import { type ReactNode, useEffect, useRef } from 'react'
import { counted, formatBytes } from '../format.ts'
import { PEERS_DRAWN_MAX, PIECES_DRAWN_MAX } from '../limits.ts'
import { useColours } from '../ui/colours.ts'
import { useReducedMotion, useSize } from '../ui/hooks.ts'
import type { WatchSession } from './session.ts'
import { COLOUR_NAMES, colourName, colourOf, SourceName } from './sources.tsx'
import { bendOf, type Point, pointOnLink, type SwarmLayout, swarmLayout } from './swarm-layout.ts'
import type { PeerView, Source, WatchView } from './watch-log.ts'

const PIECE_MS = 900
const PAYMENT_MS = 700

interface Moving {
  readonly source: Source
  readonly kind: 'piece' | 'payment'
  readonly startMs: number
}

export function SwarmPicture({ session, view }: { session: WatchSession; view: WatchView }): ReactNode {
  const frame = useRef<HTMLDivElement>(null)
  const { width, height } = useSize(frame)
  const drawn = drawnPeers(view)
  const layout = swarmLayout(width, height, drawn.length)
  const connected = view.peers.filter(peer => peer.isConnected).length
  const total = view.originBytes + view.peerBytes
  const strength = (bytes: number): number => (total === 0 ? 1 : 1 + 5 * (bytes / total))
  const isAbove = (at: Point): boolean => at.y < layout.you.y - 40
  const text = `You, connected to ${counted(connected, 'peer')} and the origin. ${formatBytes(view.peerBytes)} came from peers, ${formatBytes(view.originBytes)} from the origin.`
  return (
    <div className="swarm" ref={frame}>
      {width > 0 && (
        <>
          <svg width={width} height={height} role="img" aria-label={text}>
            <Link from={layout.origin} to={layout.you} colour="var(--origin)" width={strength(view.originBytes)} />
            {drawn.map((peer, i) => (
              <Link
                key={peer.id}
                from={layout.peers[i]!}
                to={layout.you}
                colour={peer.isConnected ? colourOf(peer.id, view.peers) : 'var(--line)'}
                width={peer.isConnected ? strength(peer.bytes) : 1}
              />
            ))}
          </svg>
          <Movement session={session} layout={layout} drawn={drawn} width={width} height={height} />
          <svg width={width} height={height} aria-hidden="true">
            <Node
              at={layout.origin}
              radius={19}
              colour="var(--origin)"
              name="Origin"
              note={formatBytes(view.originBytes)}
            />
            {drawn.map((peer, i) => (
              <Node
                key={peer.id}
                at={layout.peers[i]!}
                radius={peer.kind === 'edge' ? 15 : 11}
                colour={peer.isConnected ? colourOf(peer.id, view.peers) : 'var(--line-strong)'}
                isFaded={!peer.isConnected}
                isNamedAbove={isAbove(layout.peers[i]!)}
                name={<SourceName source={peer.id} kind={peer.kind} />}
                note={noteOf(peer)}
              />
            ))}
            <g className="swarm-you">
              <circle cx={layout.you.x} cy={layout.you.y} r={25} />
              <text x={layout.you.x} y={layout.you.y + 5}>
                You
              </text>
            </g>
          </svg>
        </>
      )}
    </div>
  )
}

function noteOf(peer: PeerView): string {
  if (!peer.isConnected) return 'away'
  const bytes = formatBytes(peer.bytes)
  return peer.rttMs === undefined ? bytes : `${bytes}, ${Math.round(peer.rttMs)} ms`
}

/** The connected peers, in the order of their arrival; the remaining places go to peers that have left. */
function drawnPeers(view: WatchView): readonly PeerView[] {
  const here = view.peers.filter(peer => peer.isConnected)
  const gone = view.peers.filter(peer => !peer.isConnected && peer.bytes > 0)
  return [...here, ...gone].slice(0, PEERS_DRAWN_MAX).sort((a, b) => a.index - b.index)
}

function Link({ from, to, colour, width }: { from: Point; to: Point; colour: string; width: number }): ReactNode {
  const bend = bendOf(from, to)
  return (
    <path
      className="swarm-link"
      d={`M${from.x} ${from.y}Q${bend.x} ${bend.y} ${to.x} ${to.y}`}
      stroke={colour}
      strokeWidth={width}
    />
  )
}

function Node({
  at,
  radius,
  colour,
  name,
  note,
  isFaded = false,
  isNamedAbove = false,
}: {
  at: Point
  radius: number
  colour: string
  name: ReactNode
  note: string
  isFaded?: boolean
  /** puts the name away from the link that would cross it */
  isNamedAbove?: boolean
}): ReactNode {
  const nameY = isNamedAbove ? at.y - radius - 21 : at.y + radius + 15
  return (
    <g className={`swarm-node ${isFaded ? 'is-faded' : ''}`}>
      <circle cx={at.x} cy={at.y} r={radius} fill={colour} />
      <text x={at.x} y={nameY}>
        {name}
      </text>
      <text className="swarm-note" x={at.x} y={nameY + 14}>
        {note}
      </text>
    </g>
  )
}

/** Draws only while something moves, and nothing if the person prefers reduced motion. */
function Movement({
  session,
  layout,
  drawn,
  width,
  height,
}: {
  session: WatchSession
  layout: SwarmLayout
  drawn: readonly PeerView[]
  width: number
  height: number
}): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null)
  const colours = useColours([...COLOUR_NAMES, 'surface'])
  const isStill = useReducedMotion()
  const scene = useRef({ layout, drawn, colours, width, height })
  scene.current = { layout, drawn, colours, width, height }

  useEffect(() => {
    if (isStill) return
    let moving: Moving[] = []
    let frameId = 0

    const draw = (nowMs: number): void => {
      moving = moving.filter(({ kind, startMs }) => nowMs - startMs < durationOf(kind))
      const context = canvas.current?.getContext('2d')
      if (context != null) drawMoving(context, moving, nowMs, scene.current)
      frameId = moving.length > 0 ? requestAnimationFrame(draw) : 0
    }
    const add = (kind: Moving['kind'], source: Source): void => {
      if (moving.length >= PIECES_DRAWN_MAX || document.hidden) return
      moving.push({ kind, source, startMs: performance.now() })
      if (frameId === 0) frameId = requestAnimationFrame(draw)
    }
    const ends = [session.onPiece(({ from }) => add('piece', from)), session.onPayment(peer => add('payment', peer))]
    return () => {
      cancelAnimationFrame(frameId)
      for (const end of ends) end()
    }
  }, [session, isStill])

  return (
    <div className="swarm-movement" aria-hidden="true">
      <canvas ref={canvas} />
    </div>
  )
}

function durationOf(kind: Moving['kind']): number {
  return kind === 'piece' ? PIECE_MS : PAYMENT_MS
}

function drawMoving(
  context: CanvasRenderingContext2D,
  moving: readonly Moving[],
  nowMs: number,
  scene: {
    layout: SwarmLayout
    drawn: readonly PeerView[]
    colours: Readonly<Record<string, string>>
    width: number
    height: number
  },
): void {
  const { layout, drawn, colours, width, height } = scene
  const scale = devicePixelRatio
  const size = { width: Math.round(width * scale), height: Math.round(height * scale) }
  if (context.canvas.width !== size.width || context.canvas.height !== size.height) Object.assign(context.canvas, size)
  context.setTransform(scale, 0, 0, scale, 0, 0)
  context.clearRect(0, 0, width, height)
  for (const { kind, source, startMs } of moving) {
    const from = source === 'origin' ? layout.origin : layout.peers[drawn.findIndex(peer => peer.id === source)]
    if (from === undefined) continue
    const progress = (nowMs - startMs) / durationOf(kind)
    const eased = progress * progress * (3 - 2 * progress)
    const at = pointOnLink(from, bendOf(from, layout.you), layout.you, kind === 'piece' ? eased : 1 - eased)
    const colour = colours[colourName(source, drawn)]!
    context.beginPath()
    context.arc(at.x, at.y, kind === 'piece' ? 4.5 : 3, 0, 2 * Math.PI)
    context.fillStyle = kind === 'piece' ? colour : colours.surface!
    context.fill()
    context.lineWidth = kind === 'piece' ? 1.5 : 1.8
    context.strokeStyle = kind === 'piece' ? colours.surface! : colour
    context.stroke()
  }
}
