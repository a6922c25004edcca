// Building blocks of pages: panels, figures, lists of facts, switches, folds, and the three states of fetched data
// (loading, empty, failed), each of which says what to do.
import type { ReactNode } from 'react'
import type { Quantity } from '../format.ts'
import { Icon } from './icons.tsx'

export function Panel({
  title,
  note,
  actions,
  className = '',
  children,
}: {
  title?: ReactNode
  note?: ReactNode
  actions?: ReactNode
  className?: string
  children: ReactNode
}): ReactNode {
  return (
    <section className={`panel ${className}`}>
      {(title !== undefined || actions !== undefined) && (
        <div className="panel-head">
          <div>
            {title !== undefined && <h2>{title}</h2>}
            {note !== undefined && <p className="panel-note">{note}</p>}
          </div>
          {actions}
        </div>
      )}
      {children}
    </section>
  )
}

export function Figure({
  label,
  value,
  note,
  title,
  isLarge = false,
}: {
  label: ReactNode
  value: Quantity | string
  note?: ReactNode
  /** all digits, shown on hover */
  title?: string
  isLarge?: boolean
}): ReactNode {
  const { value: digits, unit } = typeof value === 'string' ? { value, unit: '' } : value
  return (
    <div className={`figure ${isLarge ? 'is-large' : ''}`} title={title}>
      <div className="figure-label">{label}</div>
      <div className="figure-value">
        {digits}
        {unit !== '' && <span className="figure-unit">{unit}</span>}
      </div>
      {note !== undefined && <div className="figure-note">{note}</div>}
    </div>
  )
}

/** Rows of names and values; an undefined value has no row. */
export function Facts({ rows }: { rows: Readonly<Record<string, ReactNode>> }): ReactNode {
  return (
    <dl className="facts">
      {Object.entries(rows)
        .filter(([, value]) => value !== undefined)
        .map(([label, value]) => (
          <div key={label} style={{ display: 'contents' }}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}

export interface MeterPart {
  readonly share: number
  readonly colour: string
}

/** A bar that shows parts of a whole. `text` says the same in words. */
export function Meter({ parts, text }: { parts: readonly MeterPart[]; text: string }): ReactNode {
  return (
    <div className="meter" role="img" aria-label={text} title={text}>
      {parts
        .filter(({ share }) => share > 0)
        .map(({ share, colour }) => (
          <span key={colour} style={{ width: `${Math.min(1, share) * 100}%`, background: colour }} />
        ))}
    </div>
  )
}

export function Switch({
  label,
  isOn,
  onChange,
}: {
  label: string
  isOn: boolean
  onChange: (isOn: boolean) => void
}): ReactNode {
  return (
    <button type="button" className="switch" role="switch" aria-checked={isOn} onClick={() => onChange(!isOn)}>
      <span className="switch-track" />
      {label}
    </button>
  )
}

export function Fold({ summary, children }: { summary: ReactNode; children: ReactNode }): ReactNode {
  return (
    <details className="fold">
      <summary>{summary}</summary>
      {children}
    </details>
  )
}

export function Loading({ what, rows = 3 }: { what: string; rows?: number }): ReactNode {
  return (
    <div className="skeleton" role="status">
      <p className="visually-hidden">Loading {what}</p>
      {Array.from({ length: rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows without identity
        <span key={i} style={{ width: `${92 - ((i * 23) % 40)}%` }} />
      ))}
    </div>
  )
}

export function Empty({ title, children }: { title: string; children?: ReactNode }): ReactNode {
  return (
    <div className="state">
      <strong>{title}</strong>
      {children !== undefined && <div>{children}</div>}
    </div>
  )
}

export function Failed({ title, error, retry }: { title: string; error: unknown; retry?: () => void }): ReactNode {
  return (
    <div className="state is-failed" role="alert">
      <strong>{title}</strong>
      <span>{messageOf(error)}</span>
      {retry !== undefined && (
        <button type="button" className="button is-small" onClick={retry}>
          <Icon name="again" /> Try again
        </button>
      )}
    </div>
  )
}

export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message
  const message = (error as { message?: unknown } | undefined)?.message
  return typeof message === 'string' ? message : String(error)
}
