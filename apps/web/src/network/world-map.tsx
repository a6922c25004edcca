// A world map with edges and viewers. Edges are coloured by load; viewers, whose positions are rounded, are dots that
// grow with their number. Only the Network page loads it, with its coastlines.
import { type GeoProjection, geoEqualEarth, geoGraticule10, geoPath } from 'd3-geo'
import { type ReactNode, useMemo, useRef } from 'react'
import { feature } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import land from 'world-atlas/land-110m.json' with { type: 'json' }
import { counted, formatShare } from '../format.ts'
import { useSize } from '../ui/hooks.ts'
import { loadStep } from './edge-status.ts'

export interface MapEdge {
  readonly id: string
  readonly name: string
  readonly latitude: number
  readonly longitude: number
  readonly load: number
  readonly isOnline: boolean
}

export interface MapViewer {
  readonly latitude: number
  readonly longitude: number
}

const LAND = feature(land as unknown as Topology, (land as unknown as Topology).objects.land as GeometryCollection)
const GRATICULE = geoGraticule10()
/** share of the width; the polar regions are cut off */
const ASPECT = 0.46
const LABEL_WIDTH_MIN = 520

export function WorldMap({ edges, viewers }: { edges: readonly MapEdge[]; viewers: readonly MapViewer[] }): ReactNode {
  const frame = useRef<HTMLDivElement>(null)
  const { width } = useSize(frame)
  const height = Math.round(width * ASPECT)
  const text = `Map: ${counted(edges.length, 'edge')} and ${counted(viewers.length, 'viewer')}. ${edges
    .map(({ name, load, isOnline }) => `${name} ${isOnline ? `at ${formatShare(load)} load` : 'offline'}`)
    .join(', ')}`
  return (
    <div ref={frame} className="map" style={{ aspectRatio: `1 / ${ASPECT}` }}>
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-label={text}>
          <Places edges={edges} viewers={viewers} width={width} height={height} />
        </svg>
      )}
    </div>
  )
}

function Places({
  edges,
  viewers,
  width,
  height,
}: {
  edges: readonly MapEdge[]
  viewers: readonly MapViewer[]
  width: number
  height: number
}): ReactNode {
  const { projection, landPath, gridPath } = useMemo(() => {
    const projection = geoEqualEarth()
      .fitWidth(width, { type: 'Sphere' })
      .translate([width / 2, height * 0.56])
    const path = geoPath(projection)
    return { projection, landPath: path(LAND) ?? '', gridPath: path(GRATICULE) ?? '' }
  }, [width, height])
  const hasLabels = width >= LABEL_WIDTH_MIN
  return (
    <>
      <path className="map-grid" d={gridPath} />
      <path className="map-land" d={landPath} />
      {grouped(viewers).map(({ latitude, longitude, count }) => {
        const at = placeOf(projection, longitude, latitude)
        return at === undefined ? null : (
          <circle
            key={`${latitude} ${longitude}`}
            className="map-viewer"
            cx={at[0]}
            cy={at[1]}
            r={2.5 + Math.min(9, Math.sqrt(count) * 1.2)}
          >
            <title>{counted(count, 'viewer')}</title>
          </circle>
        )
      })}
      {edges.map(edge => {
        const at = placeOf(projection, edge.longitude, edge.latitude)
        if (at === undefined) return null
        const radius = hasLabels ? 9 : 6.5
        return (
          <g key={edge.id} className={`map-edge ${edge.isOnline ? `is-${loadStep(edge.load)}` : 'is-offline'}`}>
            <circle cx={at[0]} cy={at[1]} r={radius}>
              <title>{`${edge.name}: ${edge.isOnline ? `${formatShare(edge.load)} load` : 'offline'}`}</title>
            </circle>
            {hasLabels && (
              <text x={at[0]} y={at[1] - radius - 6}>
                {edge.name}
              </text>
            )}
          </g>
        )
      })}
    </>
  )
}

function placeOf(
  projection: GeoProjection,
  longitude: number,
  latitude: number,
): readonly [number, number] | undefined {
  return projection([longitude, latitude]) ?? undefined
}

function grouped(viewers: readonly MapViewer[]): readonly (MapViewer & { readonly count: number })[] {
  const groups = new Map<string, MapViewer & { count: number }>()
  for (const { latitude, longitude } of viewers) {
    const key = `${latitude} ${longitude}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { latitude, longitude, count: 1 })
    else group.count++
  }
  return [...groups.values()]
}
