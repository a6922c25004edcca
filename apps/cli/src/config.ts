// A node's configuration: one YAML file, checked when the node starts, with the line of what is wrong. Environment
// variables TAN_<KEY>_<KEY> and flags go above it.
import { dirname, resolve } from 'node:path'
import { CodedError } from '@tan/primitives'
import { LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { readText } from './secrets.ts'

const port = z.number().int().min(0).max(65_535)

export const nodeConfigSchema = z
  .strictObject({
    genesis: z.string().describe('path of the genesis file'),
    store: z.string().default('level:./store').describe('where the chain is kept: level:FOLDER or memory:'),
    networkKey: z
      .string()
      .default('./network.key')
      .describe("file with this peer's network identity; made when missing"),
    signer: z
      .strictObject({
        address: z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'an address is 0x and 40 hexadecimal digits'),
        keyFile: z.string().describe('BLS key as EIP-2335 keystore'),
        passwordFile: z.string().optional().describe('asked for when missing'),
      })
      .optional()
      .describe('makes the node a guardian, and a validator if the committee holds the key'),
    network: z
      .strictObject({
        listen: z.array(z.string()).default(['/ip4/0.0.0.0/tcp/30303']),
        bootstrap: z.array(z.string()).default([]),
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
      .describe('threads that check signatures; by the number of cores'),
    log: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  })
  .describe('configuration of `tan node`')

export type NodeConfig = z.infer<typeof nodeConfigSchema>

/** Paths in it are relative to the file. Throws `config/invalid` with file, line and key. */
export function loadNodeConfig(path: string, environment: NodeJS.ProcessEnv = process.env): NodeConfig {
  const lines = new LineCounter()
  const document = parseDocument(readText(path, 'configuration file'), { lineCounter: lines })
  const broken = document.errors[0]
  if (broken !== undefined)
    throw new CodedError(
      'config/invalid',
      `${path}, line ${broken.linePos?.[0].line ?? 1}: ${broken.message.split('\n')[0]}`,
    )
  const raw = (document.toJS() ?? {}) as Record<string, unknown>
  applyEnvironment(raw, environment)
  const result = nodeConfigSchema.safeParse(raw)
  if (!result.success) {
    const issue = result.error.issues[0]!
    const node = document.getIn(issue.path, true) as { range?: [number, number, number] } | undefined
    const line = node?.range === undefined ? '' : `, line ${lines.linePos(node.range[0]).line}`
    const key = issue.path.length === 0 ? '' : `${issue.path.join('.')}: `
    throw new CodedError('config/invalid', `${path}${line}: ${key}${issue.message}`)
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

/** TAN_RPC_PORT=9545 sets rpc.port; values are read as YAML. Only keys that the schema knows. */
function applyEnvironment(raw: Record<string, unknown>, environment: NodeJS.ProcessEnv): void {
  const keys: readonly (readonly string[])[] = [
    ['store'],
    ['log'],
    ['rpc', 'host'],
    ['rpc', 'port'],
    ['rpc', 'enabled'],
    ['network', 'listen'],
    ['network', 'bootstrap'],
  ]
  for (const path of keys) {
    const value = environment[`TAN_${path.join('_').toUpperCase()}`]
    if (value === undefined) continue
    const last = path.at(-1)!
    if (path.length > 1 && raw[path[0]!] === undefined) raw[path[0]!] = {}
    const holder = path.length === 1 ? raw : (raw[path[0]!] as Record<string, unknown>)
    holder[last] = parseDocument(value).toJS()
  }
}

/** For editors: `tan node --config-schema`. */
export function nodeConfigJsonSchema(): unknown {
  return z.toJSONSchema(nodeConfigSchema, { io: 'input' })
}
