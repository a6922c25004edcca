// The folders and ports of a devnet: all folders under one, all ports in one range. Process names are stable, so that a
// second start finds the data of the first.
import { join } from 'node:path'

export interface DevnetSize {
  readonly validators: number
  /** validators included */
  readonly guardians: number
  readonly edges: number
}

export const DEFAULT_SIZE: DevnetSize = { validators: 4, guardians: 8, edges: 3 }
export const DEFAULT_PORT = 7700
/** number of ports that one devnet uses */
export const PORTS = 100

export interface DevnetLayout {
  readonly size: DevnetSize
  readonly folder: string
  readonly passwordFile: string
  readonly genesisFile: string
  readonly logFolder: string
  readonly videoFolder: string
  /** all must be free; otherwise the start fails and names the one in use */
  readonly ports: {
    readonly web: number
    readonly tracker: number
    readonly origin: number
    readonly rpc: readonly number[]
    readonly peer: readonly number[]
    readonly edgeStatus: readonly number[]
  }
}

export function layOut(folder: string, port: number, size: DevnetSize): DevnetLayout {
  const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => port + from + i)
  return {
    size,
    folder,
    passwordFile: join(folder, 'password'),
    genesisFile: join(folder, 'genesis.json'),
    logFolder: join(folder, 'logs'),
    videoFolder: join(folder, 'video'),
    ports: {
      web: port,
      tracker: port + 1,
      origin: port + 2,
      rpc: range(10, size.guardians),
      peer: range(40, size.guardians),
      edgeStatus: range(70, size.edges),
    },
  }
}

export function nodeName({ size }: Pick<DevnetLayout, 'size'>, i: number): string {
  return i < size.validators ? `validator-${i + 1}` : `guardian-${i + 1}`
}

export function nodeFolder(layout: DevnetLayout, i: number): string {
  return join(layout.folder, 'nodes', nodeName(layout, i))
}

export function nodeNames(layout: DevnetLayout): string[] {
  return Array.from({ length: layout.size.guardians }, (_, i) => nodeName(layout, i))
}

export function edgeName(i: number): string {
  return `edge-${i + 1}`
}

export function edgeFolder(layout: DevnetLayout, i: number): string {
  return join(layout.folder, 'edges', edgeName(i))
}

/** The node that pages and edges use: the first that is not a validator, if there is one. */
export function rpcNode({ size }: Pick<DevnetLayout, 'size'>): number {
  return size.guardians > size.validators ? size.validators : 0
}

export function rpcUrl(layout: DevnetLayout): string {
  return `http://127.0.0.1:${layout.ports.rpc[rpcNode(layout)]}`
}

/** Names of keys in the devnet's folder (`tan --home`). */
export const FAUCET_KEY = 'faucet'
export const PUBLISHER_KEY = 'publisher'
