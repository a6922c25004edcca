// The newest blocks, from the left: each slides to the right, and its colour deepens as the block becomes certain.
import { type ReactNode, useRef } from 'react'
import { counted, formatCount } from '../format.ts'
import type { ChainStatus, TanBlock } from '../rpc/tan.ts'
import { hrefOf } from '../shell/route.ts'
import { useSize } from '../ui/hooks.ts'
import { certaintyOf } from './blocks.ts'
import { CERTAINTIES, CERTAINTY_MEANINGS, CERTAINTY_NAMES } from './certainty.tsx'

interface Cell {
  readonly width: number
  readonly height: number
  readonly gap: number
  readonly rowsMin: number
  readonly rows: number
  /** so small that only its colour shows */
  readonly isSmall: boolean
}

/** We use the largest size that shows all blocks that are not final yet. */
const CELLS: readonly Cell[] = [
  { width: 60, height: 48, gap: 6, rowsMin: 3, rows: 4, isSmall: false },
  { width: 45, height: 42, gap: 5, rowsMin: 3, rows: 4, isSmall: false },
  { width: 22, height: 22, gap: 4, rowsMin: 6, rows: 8, isSmall: true },
]
/** minimum number of finalized blocks to show beside those that are not final yet */
const FINALIZED_SEEN = 4
const LOAD_DOTS_MAX = 7

export function Ribbon({
  blocks,
  status,
  checkpointInterval,
}: {
  blocks: readonly TanBlock[]
  status: ChainStatus
  checkpointInterval: number
}): ReactNode {
  const frame = useRef<HTMLDivElement>(null)
  const { width } = useSize(frame)
  const wanted = status.head.height - status.finalized.height + FINALIZED_SEEN
  const cell = CELLS.find(({ rows, ...size }) => columnsOf(width, size) * rows >= wanted) ?? CELLS.at(-1)!
  const columns = columnsOf(width, cell)
  const rows = Math.max(cell.rowsMin, Math.min(cell.rows, Math.ceil(wanted / columns)))
  const shown = blocks.slice(0, columns * rows)
  return (
    <div ref={frame}>
      <ol
        className="ribbon"
        aria-label="Latest blocks, newest first"
        style={{ height: rows * (cell.height + cell.gap) - cell.gap }}
      >
        {shown.map(block => {
          const place = (blocks[0]?.height ?? 0) - block.height
          if (place >= columns * rows) return null
          return (
            <RibbonBlock
              // A block that wraps into the next row appears there; it would cross the others on its way.
              key={`${block.hash} ${Math.floor(place / columns)}`}
              block={block}
              status={status}
              isCheckpoint={block.height % checkpointInterval === 0}
              cell={cell}
              x={(place % columns) * (cell.width + cell.gap)}
              y={Math.floor(place / columns) * (cell.height + cell.gap)}
            />
          )
        })}
      </ol>
      <div className="bands">
        {CERTAINTIES.map(certainty => (
          <div key={certainty} className="band">
            <div className="band-name">
              <span className={`swatch is-${certainty}`} />
              {CERTAINTY_NAMES[certainty]}
            </div>
            <div className="band-height">{formatCount(status[certainty].height)}</div>
            <p>{CERTAINTY_MEANINGS[certainty]}</p>
          </div>
        ))}
      </div>
    </div>
  )
}

function RibbonBlock({
  block,
  status,
  isCheckpoint,
  cell,
  x,
  y,
}: {
  block: TanBlock
  status: ChainStatus
  isCheckpoint: boolean
  cell: Cell
  x: number
  y: number
}): ReactNode {
  const certainty = certaintyOf(block.height, status)
  const what = `Block ${formatCount(block.height)}, ${CERTAINTY_NAMES[certainty].toLowerCase()}, ${counted(block.transactions, 'transaction')}${isCheckpoint ? ', checkpoint' : ''}`
  return (
    <li>
      <a
        className={`ribbon-block is-${certainty} ${cell.isSmall ? 'is-small' : ''} ${isCheckpoint ? 'is-checkpoint' : ''}`}
        style={{ width: cell.width, height: cell.height, transform: `translate(${x}px, ${y}px)` }}
        href={hrefOf({ page: 'block', id: block.hash })}
        aria-label={what}
        title={what}
      >
        {!cell.isSmall && (
          <>
            <span>{lastDigits(block.height)}</span>
            <span className="ribbon-load">
              {Array.from({ length: Math.min(LOAD_DOTS_MAX, block.transactions) }, (_, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: dots without identity
                <i key={i} />
              ))}
            </span>
          </>
        )}
      </a>
    </li>
  )
}

function columnsOf(width: number, cell: Pick<Cell, 'width' | 'gap'>): number {
  return Math.max(1, Math.floor((width + cell.gap) / (cell.width + cell.gap)))
}

/** The height, or its last four digits. */
function lastDigits(height: number): string {
  return height < 10_000 ? String(height) : `…${String(height % 10_000).padStart(4, '0')}`
}
