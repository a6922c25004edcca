// How many seconds of video are loaded ahead, over the last minutes. Zero means that playback has stopped.
import { type ReactNode, useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useColours } from '../ui/colours.ts'
import { useSize } from '../ui/hooks.ts'
import { Empty } from '../ui/parts.tsx'
import type { BufferSample } from './watch-log.ts'

const HEIGHT = 196
const SPAN_MIN_S = 60

export function BufferChart({ samples }: { samples: readonly BufferSample[] }): ReactNode {
  const frame = useRef<HTMLDivElement>(null)
  const { width } = useSize(frame)
  const colours = useColours(['accent', 'accent-soft', 'muted', 'line'])
  const chart = useRef<uPlot | undefined>(undefined)

  useEffect(() => {
    if (frame.current === null || width === 0) return
    const axis = {
      stroke: colours.muted,
      font: `12px ${getComputedStyle(frame.current).fontFamily}`,
      ticks: { show: false },
    }
    const made = new uPlot(
      {
        width,
        height: HEIGHT,
        padding: [8, 16, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false }, y: { range: (_, __, most) => [0, Math.max(10, Math.ceil(most / 5) * 5)] } },
        axes: [
          { ...axis, size: 26, space: 70, grid: { show: false }, values: (_, ages) => ages.map(age => ageLabel(age)) },
          {
            ...axis,
            size: 38,
            space: 36,
            grid: { stroke: colours.line, width: 1 },
            values: (_, seconds) => seconds.map(second => `${second} s`),
          },
        ],
        series: [{}, { stroke: colours.accent, fill: colours['accent-soft'], width: 2, points: { show: false } }],
      },
      [[], []],
      frame.current,
    )
    chart.current = made
    return () => {
      chart.current = undefined
      made.destroy()
    }
  }, [width, colours])

  // A new chart, after `colours` or `width` changed, has no data yet.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useEffect(() => {
    if (chart.current !== undefined && samples.length > 0) show(chart.current, samples)
  }, [samples, colours, width])

  const now = samples.at(-1)?.bufferS
  return (
    <>
      {now === undefined && <Empty title="Nothing is loaded yet" />}
      <div
        ref={frame}
        className="buffer-chart"
        role="img"
        aria-label={now === undefined ? 'No buffer yet' : `${now.toFixed(0)} seconds of video are loaded ahead`}
      />
    </>
  )
}

function show(chart: uPlot, samples: readonly BufferSample[]): void {
  const nowMs = samples.at(-1)!.atMs
  const ages = samples.map(({ atMs }) => (atMs - nowMs) / 1000)
  const seconds = samples.map(({ bufferS }) => bufferS)
  chart.batch(() => {
    chart.setData([ages, seconds], false)
    chart.setScale('x', { min: Math.min(-SPAN_MIN_S, ages[0]!), max: 0 })
    chart.setScale('y', { min: 0, max: Math.max(...seconds) })
  })
}

function ageLabel(seconds: number): string {
  if (seconds === 0) return 'now'
  return seconds % 60 === 0 ? `${-seconds / 60} min` : `${-seconds} s`
}
