// Names and colours of the sources of video: the origin is grey, and each peer has its own colour.
import type { Address } from '@tan/primitives'
import type { ReactNode } from 'react'
import { nameOf, useName } from '../chain/names.ts'
import { shortHex } from '../format.ts'
import type { PeerView, Source } from './watch-log.ts'

const PEER_COLOURS = 8
export const COLOUR_NAMES = ['origin', ...Array.from({ length: PEER_COLOURS }, (_, i) => `peer-${i}`)]

/** Name of its colour in the style sheet. */
export function colourName(source: Source, peers: readonly Pick<PeerView, 'id' | 'index'>[]): string {
  if (source === 'origin') return 'origin'
  const index = peers.find(peer => peer.id === source)?.index ?? 0
  return `peer-${index % PEER_COLOURS}`
}

export function colourOf(source: Source, peers: readonly Pick<PeerView, 'id' | 'index'>[]): string {
  return `var(--${colourName(source, peers)})`
}

export function sourceName(source: Source, kind: PeerView['kind'] = 'edge'): string {
  if (source === 'origin') return 'Origin'
  return nameOf(source) ?? unnamed(source, kind)
}

export function SourceName({ source, kind }: { source: Address; kind: PeerView['kind'] }): ReactNode {
  return useName(source) ?? unnamed(source, kind)
}

function unnamed(source: Address, kind: PeerView['kind']): string {
  return `${kind === 'edge' ? 'Edge' : 'Viewer'} ${shortHex(source, 3)}`
}
