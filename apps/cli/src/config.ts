// A node's configuration: one YAML file, checked when the node starts; an error names the line. Environment variables
// TAN_<KEY>_<KEY> override it.
import { dirname, resolve } from 'node:path'
import { CodedError } from '@tan/primitives'
import { type Document, isMap, isScalar, LineCounter, parse, parseDocument } from 'yaml'
import { z } from 'zod'
import { readText } from './secrets.ts'

const port = z.number().int().min(0).max(65_535)
const peerAddress = z
  .string()
  .regex(
    /^\/(ip4|ip6|dns|dns4|dns6)\/[^/\s]+\/tcp\/\d{1,5}(\/\S*)?$/,
    'a peer address looks like /ip4/0.0.0.0/tcp/30303',
  )

export const nodeConfigSchema = z
  .strictObject({
    genesis: z.string().describe('path of the genesis file'),
    store: z.string().default('level:./store').describe('where to store the chain: level:FOLDER or memory:'),
    networkKey: z
      .string()
      .default('./network.key')
      .describe("file with this peer's network identity; created if missing"),
    signer: z
      .strictObject({
        address: z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'an address is 0x and 40 hexadecimal digits'),
        keyFile: z.string().describe('BLS key, an EIP-2335 keystore'),
        passwordFile: z.string().optional().describe('file with its password (default: ask)'),
      })
      .optional()
      .describe('makes the node a guardian, and a validator if its key is in the committee'),
    network: z
      .strictObject({
        listen: z.array(peerAddress).default(['/ip4/0.0.0.0/tcp/30303']),
        bootstrap: z.array(peerAddress).default([]),
      })
      .prefault({}),
    rpc: z
      .strictObject({
        enabled: z.boolean().default(true),
        host: z.string().default('127.0.0.1'),
        port: port.default(8545),
        allowedHosts: z.array(z.string()).default([]),
        allowedOrigins: z.array(z.string()).default([]),
      })
      .prefault({}),
    recoveryThreads: z
      .number()
      .int()
      .min(0)
      .max(64)
      .optional()
      .describe('threads that check signatures (default: by the number of cores)'),
    log: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  })
  .describe('configuration of `tan node`')

export type NodeConfig = z.infer<typeof nodeConfigSchema>

/** Paths are relative to the file. Throws `config/invalid` with file, line and key. */
export function loadNodeConfig(path: string, environment: NodeJS.ProcessEnv = process.env): NodeConfig {
  const lines = new LineCounter()
  const document = parseDocument(readText(path, 'configuration file'), { lineCounter: lines })
  const broken = document.errors[0]
  if (broken !== undefined)
    throw new CodedError(
      'config/invalid',
      `${path}, line ${broken.linePos?.[0].line ?? 1}: ${broken.message.split('\n')[0]}`,
    )
  let raw: unknown
  try {
    raw = document.toJS() ?? {}
  } catch (cause) {
    throw new CodedError('config/invalid', `${path}: ${(cause as Error).message}`, { cause })
  }
  const replaced = applyEnvironment(raw, environment)
  const result = nodeConfigSchema.safeParse(raw)
  if (!result.success) {
    const issue = result.error.issues[0]!
    const variable = replaced.get(issue.path.slice(0, 2).join('.')) ?? replaced.get(String(issue.path[0]))
    const key = issue.path.length === 0 ? '' : `${issue.path.join('.')}: `
    if (variable !== undefined) throw new CodedError('config/invalid', `${variable}: ${key}${issue.message}`)
    const offset = offsetOf(document, issue.path, issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined)
    throw new CodedError('config/invalid', `${path}, line ${lines.linePos(offset).line}: ${key}${issue.message}`)
  }
  const config = result.data
  const absolute = (file: string): string => resolve(dirname(path), file)
  const { signer } = config
  return {
    ...config,
    genesis: absolute(config.genesis),
    store: config.store.startsWith('level:') ? `level:${absolute(config.store.slice('level:'.length))}` : config.store,
    networkKey: absolute(config.networkKey),
    signer: signer && {
      ...signer,
      keyFile: absolute(signer.keyFile),
      passwordFile: signer.passwordFile && absolute(signer.passwordFile),
    },
  }
}

/** The offset of a key or, if the key is missing, of its parent. */
function offsetOf(document: Document, path: readonly PropertyKey[], unknownKey: string | undefined): number {
  const node = path.length === 0 ? document.contents : document.getIn(path, true)
  if (unknownKey !== undefined && isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === unknownKey)
    if (isScalar(pair?.key) && pair.key.range) return pair.key.range[0]
  }
  const range = (node as { range?: [number, number, number] } | null | undefined)?.range
  if (range !== undefined) return range[0]
  return path.length === 0 ? 0 : offsetOf(document, path.slice(0, -1), undefined)
}

/**
 * TAN_RPC_PORT=9545 sets rpc.port; values are YAML. Returns the variables that were applied, by the key that they set.
 */
function applyEnvironment(raw: unknown, environment: NodeJS.ProcessEnv): Map<string, string> {
  const keys: readonly (readonly string[])[] = [
    ['store'],
    ['log'],
    ['rpc', 'host'],
    ['rpc', 'port'],
    ['rpc', 'enabled'],
    ['network', 'listen'],
    ['network', 'bootstrap'],
  ]
  const replaced = new Map<string, string>()
  for (const path of keys) {
    const variable = `TAN_${path.join('_').toUpperCase()}`
    const value = environment[variable]
    if (value === undefined || value === '' || !isRecord(raw)) continue
    const [first = '', second] = path
    if (second !== undefined) raw[first] ??= {}
    const holder = second === undefined ? raw : raw[first]
    // The schema later refuses a value that stands here instead of keys, with its line.
    if (!isRecord(holder)) continue
    holder[second ?? first] = yamlValue(value)
    replaced.set(path.join('.'), variable)
  }
  return replaced
}

function yamlValue(text: string): unknown {
  try {
    return parse(text)
  } catch {
    return text
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** For editors: `tan node --config-schema`. */
export function nodeConfigJsonSchema(): unknown {
  return z.toJSONSchema(nodeConfigSchema, { io: 'input' })
}
