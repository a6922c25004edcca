// Hashes and addresses for people: short, with a name if known, a mark to recognise them, a link to their page, and a
// button that copies the full value.
import type { Address, Hash, Hex } from '@tan/primitives'
import { type ReactNode, useState } from 'react'
import { useName } from '../chain/names.ts'
import { shortHex } from '../format.ts'
import { hrefOf, type Route } from '../shell/route.ts'
import { Icon } from './icons.tsx'

export function AddressLink({
  address,
  isWhole = false,
  isPlain = false,
}: {
  address: Address
  isWhole?: boolean
  /** text only: inside another link */
  isPlain?: boolean
}): ReactNode {
  const name = useName(address)
  const text = isWhole ? address : (name ?? shortHex(address))
  const content = (
    <>
      <span className="identity-mark" style={{ background: markOf(address) }} />
      <span className={`identity-text ${name === undefined || isWhole ? 'mono' : ''}`}>{text}</span>
    </>
  )
  const className = `identity ${isWhole ? 'is-whole' : ''}`
  return isPlain ? (
    <span className={className} title={address}>
      {content}
    </span>
  ) : (
    <a className={className} href={hrefOf({ page: 'address', address })} title={address}>
      {content}
    </a>
  )
}

export function HashLink({ hash, to, isWhole = false }: { hash: Hash; to?: Route; isWhole?: boolean }): ReactNode {
  const text = <span className="identity-text mono">{isWhole ? hash : shortHex(hash, 6)}</span>
  const className = `identity ${isWhole ? 'is-whole' : ''}`
  return to === undefined ? (
    <span className={className} title={hash}>
      {text}
    </span>
  ) : (
    <a className={className} href={hrefOf(to)} title={hash}>
      {text}
    </a>
  )
}

export function Copy({ value, what }: { value: string; what: string }): ReactNode {
  const [isCopied, setCopied] = useState(false)
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(value)
      setCopied(true)
      setTimeout(() => setCopied(false), 1500)
    } catch {
      // Pages on insecure origins may not write to the clipboard; people can still select the full value.
    }
  }
  return (
    <button type="button" className="copy" onClick={copy} title={`Copy ${what}`} aria-label={`Copy ${what}`}>
      <Icon name={isCopied ? 'check' : 'copy'} />
      <span className="visually-hidden" role="status">
        {isCopied ? 'Copied' : ''}
      </span>
    </button>
  )
}

/** Two hues derived from the identity: the same everywhere, and rarely alike for two that appear side by side. */
export function markOf(hex: Hex): string {
  const hue = (at: number): number => (Number.parseInt(hex.slice(at, at + 4), 16) / 65_536) * 360
  return `linear-gradient(135deg, oklch(0.68 0.12 ${hue(2).toFixed(0)}) 50%, oklch(0.5 0.1 ${hue(-4 + hex.length).toFixed(0)}) 50%)`
}
