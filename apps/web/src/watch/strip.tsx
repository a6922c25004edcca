// Where each second of the video came from: a column of the strip for each, coloured by source.
import { type PointerEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { formatBytes, formatShare, formatTimecode } from '../format.ts'
import { useColours } from '../ui/colours.ts'
import { useSize } from '../ui/hooks.ts'
import { COLOUR_NAMES, colourName, colourOf, sourceName } from './sources.tsx'
import { countSeconds, type Source, type StripColumn, stripColumns, type WatchView } from './watch-log.ts'

const HEIGHT = 48
const COLUMN_MIN = 5
const GAP = 1

export function Strip({
  view,
  durationS,
  playheadS,
}: {
  view: WatchView
  durationS: number
  playheadS: number
}): ReactNode {
  const frame = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const { width } = useSize(frame)
  const colours = useColours([...COLOUR_NAMES, 'sunken', 'text'])
  const columns = useMemo(
    () => stripColumns(view.seconds, durationS, Math.floor(width / COLUMN_MIN)),
    [view.seconds, durationS, width],
  )
  const totalS = columns.at(-1)?.toSecond ?? 0
  const [pointed, setPointed] = useState<number | undefined>(undefined)
  const column = pointed === undefined ? undefined : columns[Math.floor((pointed / width) * columns.length)]

  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (context == null || width === 0) return
    const scale = devicePixelRatio
    context.canvas.width = Math.round(width * scale)
    context.canvas.height = Math.round(HEIGHT * scale)
    context.scale(scale, scale)
    columns.forEach(({ parts }, i) => {
      // Edges on whole pixels, so that the gaps are even.
      const left = Math.round((i * width) / columns.length)
      const right = Math.round(((i + 1) * width) / columns.length) - GAP
      context.fillStyle = colours.sunken!
      context.fillRect(left, 0, right - left, HEIGHT)
      let bottom = HEIGHT
      for (const { source, share } of inOrder(parts, view.peers)) {
        const height = share * HEIGHT
        context.fillStyle = colours[colourName(source, view.peers)]!
        context.fillRect(left, bottom - height, right - left, height)
        bottom -= height
      }
    })
    if (totalS > 0) {
      const x = Math.round((playheadS / totalS) * width)
      context.fillStyle = colours.text!
      context.fillRect(Math.min(width - 2, Math.max(0, x - 1)), 0, 2, HEIGHT)
    }
  }, [columns, colours, width, playheadS, totalS, view.peers])

  const counts = countSeconds(view.seconds, durationS)
  const point = (event: PointerEvent): void => {
    setPointed(Math.min(width - 1, Math.max(0, event.nativeEvent.offsetX)))
  }
  return (
    <div className="strip" ref={frame} onPointerMove={point} onPointerLeave={() => setPointed(undefined)}>
      <canvas
        ref={canvas}
        role="img"
        aria-label={`Where each second of the video came from: ${counts.peers} seconds mostly from peers, ${counts.origin} mostly from the origin, ${counts.missing} not loaded yet`}
      />
      {column !== undefined && <StripTip column={column} view={view} x={pointed! / width} />}
    </div>
  )
}

/** Peers in the order of their arrival, the origin above them, so that each colour keeps its height. */
function inOrder(parts: StripColumn['parts'], peers: WatchView['peers']): StripColumn['parts'] {
  const orderOf = (source: Source): number =>
    source === 'origin' ? Number.POSITIVE_INFINITY : (peers.find(peer => peer.id === source)?.index ?? 0)
  return [...parts].sort((a, b) => orderOf(a.source) - orderOf(b.source))
}

function StripTip({ column, view, x }: { column: StripColumn; view: WatchView; x: number }): ReactNode {
  return (
    <div className="strip-tip" style={x < 0.5 ? { left: `${x * 100}%` } : { right: `${(1 - x) * 100}%` }}>
      <strong>{formatTimecode(column.fromSecond)}</strong>
      {column.parts.length === 0 && <span className="muted">not loaded yet</span>}
      {column.parts.map(({ source, share }) => (
        <span key={source} className="legend-item">
          <span className="swatch" style={{ background: colourOf(source, view.peers) }} />
          {nameIn(view, source)} {formatShare(share)}
        </span>
      ))}
    </div>
  )
}

/** What the colours mean, and how much came from each source, most first. */
export function StripLegend({ view }: { view: WatchView }): ReactNode {
  const total = view.originBytes + view.peerBytes
  const sources = [
    ...view.peers.filter(peer => peer.bytes > 0).map(peer => ({ source: peer.id, bytes: peer.bytes })),
    ...(view.originBytes > 0 ? [{ source: 'origin' as const, bytes: view.originBytes }] : []),
  ].sort((a, b) => b.bytes - a.bytes)
  if (sources.length === 0) return <p className="legend muted">Nothing has arrived yet.</p>
  return (
    <ul className="legend">
      {sources.map(({ source, bytes }) => (
        <li key={source} className="legend-item">
          <span className="swatch" style={{ background: colourOf(source, view.peers) }} />
          {nameIn(view, source)}
          <b>{formatShare(bytes / total)}</b>
          <span className="muted">{formatBytes(bytes)}</span>
        </li>
      ))}
    </ul>
  )
}

function nameIn(view: WatchView, source: Source): string {
  return sourceName(source, view.peers.find(peer => peer.id === source)?.kind)
}
