// `tan session`: shows what a viewer's session (`tan watch --data`) holds, and withdraws it.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { createNodeWorld, openNodeSession } from '@tan/edge'
import {
  createPoolChain,
  createRpc,
  fetchTrustAnchor,
  type PoolChain,
  PoolKeeper,
  prepareTransaction,
  type Rpc,
  type Session,
  secureRandom,
} from '@tan/peer'
import { CodedError, EMPTY_BYTES } from '@tan/primitives'
import type { Command } from 'commander'
import { readAccount, tangam } from '../amounts.ts'
import { type RpcOptions, withRpc } from '../chain-client.ts'
import { fields, print, say, table } from '../output.ts'
import { assertFolder } from '../secrets.ts'

interface SessionOptions extends RpcOptions {
  readonly data: string
}

/** gas of a transfer, with a margin for a rising base fee; this much stays in the account */
const TRANSFER_GAS = 60_000n

export function register(program: Command): void {
  const session = program.command('session').description("show and withdraw what a viewer's session holds")

  withData(session.command('show').description('show its account and its pools')).action((options: SessionOptions) =>
    withSession(options, show),
  )

  withData(
    session
      .command('withdraw')
      .description('close its expired pools, and send the balance of its account')
      .requiredOption('--to <address>', 'account to send it to'),
  ).action((options: SessionOptions & { readonly to: string }) => {
    const to = readAccount(options.to)
    return withSession(options, async opened => withdraw(opened, to))
  })
}

function withData(command: Command): Command {
  return withRpc(command).requiredOption('--data <folder>', 'folder of the session (`npx tan watch --data`)')
}

interface Opened {
  readonly session: Session
  readonly rpc: Rpc
  readonly chain: PoolChain
}

/** Throws `session/missing`, and `storage/locked` while another process uses the session. */
async function withSession(options: SessionOptions, work: (opened: Opened) => Promise<void>): Promise<void> {
  const folder = resolve(options.data)
  if (!existsSync(folder)) throw new CodedError('session/missing', `no session in ${folder}`)
  assertFolder(folder)
  const rpc = createRpc(options.rpc)
  const { chainId } = await fetchTrustAnchor(rpc)
  const session = await openNodeSession(`level:${folder}`)
  try {
    await work({ session, rpc, chain: createPoolChain(rpc, chainId, createNodeWorld().timers) })
  } finally {
    await session.close()
  }
}

async function poolsOf({ session, chain }: Opened) {
  const records = await session.records.pools()
  return Promise.all(
    records.map(async ({ poolId }) => {
      const state = await chain.pool(poolId)
      const locked =
        state === undefined || state.status === 'closed' ? 0n : state.deposit + state.collateral - state.paid
      return { poolId, status: state?.status ?? 'none', lockedWei: locked, expiryHeight: state?.expiryHeight ?? 0 }
    }),
  )
}

async function show(opened: Opened): Promise<void> {
  const { session, chain } = opened
  const balanceWei = await chain.balanceWei(session.address)
  print({ address: session.address, balanceWei, pools: await poolsOf(opened) }, result =>
    [
      fields({ address: result.address, balance: tangam(result.balanceWei) }),
      table(
        ['pool', 'status', 'locked', 'expires'],
        result.pools.map(p => [p.poolId, p.status, tangam(p.lockedWei), String(p.expiryHeight)]),
      ),
    ].join('\n'),
  )
}

async function withdraw(opened: Opened, to: ReturnType<typeof readAccount>): Promise<void> {
  const { session, rpc, chain } = opened
  const { records, secretKey, address } = session
  await new PoolKeeper({ chain, records, secretKey, random: secureRandom }).takeBack()
  const keptWei = TRANSFER_GAS * (await chain.baseFeeWei())
  const sentWei = (await chain.balanceWei(address)) - keptWei
  if (sentWei <= 0n)
    throw new CodedError('session/empty', `the balance of ${address} does not cover the gas to send it`)
  const transaction = await prepareTransaction(rpc, chain.chainId, secretKey, {
    to,
    valueWei: sentWei,
    data: EMPTY_BYTES,
  })
  say(`sent ${transaction.hash}`)
  await chain.settle(transaction)
  const pools = (await poolsOf(opened)).filter(({ lockedWei }) => lockedWei > 0n)
  print({ to, sentWei, hash: transaction.hash, pools }, () =>
    [
      `${tangam(sentWei)} sent to ${to}`,
      ...pools.map(p => `${tangam(p.lockedWei)} still in pool ${p.poolId}, which expires at block ${p.expiryHeight}`),
    ].join('\n'),
  )
}
