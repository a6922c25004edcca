// `tan query`: asks a node about the chain.
import { CodedError, isHex } from '@tan/primitives'
import type { Command } from 'commander'
import { callTan, connect, type RpcOptions, withRpc } from '../chain-client.ts'
import { fields, print, table } from '../output.ts'

interface StatusJson {
  readonly epoch: number
  readonly leader: string
  readonly head: { height: number; hash: string }
  readonly settled: { height: number; hash: string }
  readonly finalized: { height: number; hash: string }
  readonly finality: Record<string, number>
  readonly peers: number
  readonly mempool: { transactions: number; bytes: number }
}

interface SignerJson {
  readonly address: string
  readonly power: number
  readonly isLeader?: boolean
  readonly isValidator?: boolean
}

/** In the form that the node accepts. */
function readBlock(text: string): string {
  if (/^\d{1,15}$/.test(text)) return `0x${Number(text).toString(16)}`
  if (isHex(text, 32) || ['earliest', 'latest', 'safe', 'finalized'].includes(text)) return text
  throw new CodedError(
    'cli/choice',
    `a block must be a height, a hash, earliest, latest, safe or finalized, not ${text}`,
  )
}

export function register(program: Command): void {
  const query = program.command('query').description('ask a node about the chain')

  withRpc(query.command('status').description('show head, settled and finalized block, epoch and peers')).action(
    async (options: RpcOptions) => {
      const status = await callTan<StatusJson>(await connect(options), 'tan_status')
      print(status, ({ epoch, leader, head, settled, finalized, peers, mempool }) =>
        fields({
          head: `${head.height}  ${head.hash}`,
          settled: `${settled.height}  ${settled.hash}`,
          finalized: `${finalized.height}  ${finalized.hash}`,
          epoch: `${epoch}, led by ${leader}`,
          peers,
          mempool: `${mempool.transactions} transactions, ${mempool.bytes} bytes`,
        }),
      )
    },
  )

  withRpc(query.command('chain').description("show the chain's id, name, genesis and parameters")).action(
    async (options: RpcOptions) => {
      const info = await callTan<Record<string, unknown>>(await connect(options), 'tan_chainInfo')
      print(info, ({ parameters, ...rest }) => fields({ ...rest, ...(parameters as object) }))
    },
  )

  withRpc(query.command('committee').description('list the validators')).action(async (options: RpcOptions) => {
    const signers = await callTan<SignerJson[]>(await connect(options), 'tan_committee')
    print(signers, rows =>
      table(
        ['validator', 'power', ''],
        rows.map(s => [s.address, String(s.power), s.isLeader ? 'leads' : '']),
      ),
    )
  })

  withRpc(query.command('guardians').description('list the guardians')).action(async (options: RpcOptions) => {
    const signers = await callTan<SignerJson[]>(await connect(options), 'tan_guardians')
    print(signers, rows =>
      table(
        ['guardian', 'power', ''],
        rows.map(s => [s.address, String(s.power), s.isValidator ? 'validator' : '']),
      ),
    )
  })

  withRpc(
    query.command('block <block>').description('show a block by height, hash, earliest, latest, safe or finalized'),
  ).action(async (block: string, options: RpcOptions) => {
    const tag = readBlock(block)
    const found = await callTan<Record<string, unknown> | null>(await connect(options), 'tan_block', [tag])
    if (found === null) throw new CodedError('query/unknown', `no block ${block} on this node`)
    print(found, value => JSON.stringify(value, null, 2))
  })

  withRpc(query.command('transaction <hash>').description('show a transaction and its receipt')).action(
    async (hash: string, options: RpcOptions) => {
      if (!isHex(hash, 32)) throw new CodedError('cli/hash', `not a transaction hash: ${hash}`)
      const client = await connect(options)
      const transaction = await callTan(client, 'eth_getTransactionByHash', [hash])
      if (transaction === null) throw new CodedError('query/unknown', `no transaction ${hash} on this node`)
      const receipt = await callTan(client, 'eth_getTransactionReceipt', [hash])
      print({ transaction, receipt }, value => JSON.stringify(value, null, 2))
    },
  )

  withRpc(query.command('rpc <method> [params...]').description('call any JSON-RPC method; params are JSON')).action(
    async (method: string, params: string[], options: RpcOptions) => {
      const values = params.map(text => {
        try {
          return JSON.parse(text)
        } catch {
          return text
        }
      })
      print(await callTan<unknown>(await connect(options), method, values), value => JSON.stringify(value, null, 2))
    },
  )
}
