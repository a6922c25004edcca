// The next checkpoint: a ring that first grows with blocks, and then fills with guardians' power, prepare and commit.
import type { ReactNode } from 'react'
import { formatCount, formatShare } from '../format.ts'
import { hrefOf } from '../shell/route.ts'
import type { CheckpointProgress } from './blocks.ts'

const OUTER = 84
const INNER = 68
const BLOCKS = 54
const QUORUM = 2 / 3

const STEPS: Readonly<Record<CheckpointProgress['step'], string>> = {
  growing: 'growing',
  preparing: 'preparing',
  committing: 'committing',
}

export function Checkpoint({
  progress,
  finalizedHeight,
}: {
  progress: CheckpointProgress
  finalizedHeight: number
}): ReactNode {
  const { height, blocks, interval, prepared, committed, step, ballot } = progress
  const text = `Checkpoint ${height}: ${blocks} of ${interval} blocks, ${formatShare(prepared)} of the guardians' power prepared, ${formatShare(committed)} committed`
  return (
    <div className="checkpoint">
      <svg className="ring" viewBox="0 0 196 196" role="img" aria-label={text}>
        <Arc radius={OUTER} share={committed} name="committed" />
        <Arc radius={INNER} share={prepared} name="prepared" />
        <Arc radius={BLOCKS} share={blocks / interval} name="blocks" />
        <line className="ring-quorum" {...tick(QUORUM, INNER - 8, OUTER + 8)} />
        <text x="98" y="100">
          {formatCount(height)}
        </text>
        <text className="ring-label" x="98" y="120">
          {STEPS[step]}
        </text>
      </svg>
      <ul className="checkpoint-legend">
        <Legend colour="var(--accent)" name="Committed" value={formatShare(committed)} />
        <Legend colour="var(--accent-line)" name="Prepared" value={formatShare(prepared)} />
        <Legend colour="var(--line-strong)" name="Blocks so far" value={`${blocks} / ${interval}`} />
        <Legend
          colour="transparent"
          name="Last finalized"
          value={<a href={hrefOf({ page: 'block', id: finalizedHeight })}>{formatCount(finalizedHeight)}</a>}
        />
      </ul>
      <p className="panel-note">
        Final once more than two thirds of the guardians&rsquo; stake (the mark) has prepared and committed it.
        {ballot > 0 && ` This is retry ${formatCount(ballot)}.`}
      </p>
    </div>
  )
}

function Legend({ colour, name, value }: { colour: string; name: string; value: ReactNode }): ReactNode {
  return (
    <li>
      <span className="swatch" style={{ background: colour }} />
      {name}
      <b>{value}</b>
    </li>
  )
}

function Arc({ radius, share, name }: { radius: number; share: number; name: string }): ReactNode {
  const length = 2 * Math.PI * radius
  return (
    <g transform="rotate(-90 98 98)">
      <circle
        className={name === 'blocks' ? 'ring-track ring-blocks-track' : 'ring-track'}
        cx="98"
        cy="98"
        r={radius}
      />
      <circle
        className={`ring-fill ring-${name}`}
        cx="98"
        cy="98"
        r={radius}
        strokeDasharray={length}
        strokeDashoffset={length * (1 - Math.min(1, share))}
      />
    </g>
  )
}

function tick(share: number, from: number, to: number): { x1: number; y1: number; x2: number; y2: number } {
  const angle = (share - 0.25) * 2 * Math.PI
  const at = (radius: number) => [98 + radius * Math.cos(angle), 98 + radius * Math.sin(angle)] as const
  const [x1, y1] = at(from)
  const [x2, y2] = at(to)
  return { x1, y1, x2, y2 }
}
