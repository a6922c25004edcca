// `tan pool`: manual payment pools. Players open their own.
import { CodedError, secureRandomBytes, toHex } from '@tan/primitives'
import { resourceCommitment } from '@tan/protocol'
import type { Command } from 'commander'
import { parseEventLogs } from 'viem'
import { readAccount, readAmount, readHash32, tangam } from '../amounts.ts'
import { readInteger } from '../arguments.ts'
import {
  callTan,
  connect,
  openSender,
  paymentPools,
  type RpcOptions,
  type SenderOptions,
  withRpc,
  withSender,
} from '../chain-client.ts'
import { fields, print, table } from '../output.ts'

interface PoolJson {
  readonly poolId: string
  readonly payer: string
  readonly status: string
  readonly deposit: string
  readonly collateral: string
  readonly paid: string
  readonly claims: string
  readonly expiryHeight: number
}

export function register(program: Command): void {
  const pool = program.command('pool').description('open, close and show payment pools')
  const home = (): string => program.opts<{ home: string }>().home

  withSender(
    pool
      .command('create <deposit>')
      .description('lock TANGam to pay peers for one resource')
      .requiredOption('--resource <id>', 'resource id, as `npx tan publish` prints it')
      .option(
        '--collateral <amount>',
        'TANGam that burns if you overspend; 0 makes a strict pool, which pays only reserved amounts',
        '0',
      )
      .option('--duration <blocks>', 'how long the pool can pay', '7200')
      .option('--signer <address>', 'address of the key that signs vouchers (default: yours)')
      .option('--reserver <address>', 'address of the key that signs reservations (default: yours)')
      .option('--reserve <target=amount...>', 'amounts to reserve for payees from the start'),
  ).action(async (deposit: string, options: Omit<SenderOptions, 'home'> & CreateOptions) => {
    const depositWei = readAmount(deposit)
    const collateralWei = readAmount(options.collateral)
    const durationBlocks = readInteger(options.duration, '--duration', 1, Number.MAX_SAFE_INTEGER)
    const resourceId = readHash32(options.resource, 'resource id')
    const signer = options.signer === undefined ? undefined : readAccount(options.signer)
    const reserver = options.reserver === undefined ? undefined : readAccount(options.reserver)
    const reserves = (options.reserve ?? []).map(text => {
      const [target = '', amount = ''] = text.split('=')
      return { target: readAccount(target), amount: readAmount(amount) }
    })
    const sender = await openSender({ ...options, home: home() })
    const salt = toHex(secureRandomBytes(32))
    const receipt = await sender.call({
      contract: paymentPools,
      name: 'createPool',
      args: [
        resourceCommitment(resourceId, salt),
        depositWei,
        collateralWei,
        BigInt(durationBlocks),
        signer ?? sender.address,
        reserver ?? sender.address,
        reserves,
      ],
      value: depositWei + collateralWei,
    })
    const [created] = parseEventLogs({ abi: paymentPools.abi, logs: receipt.logs, eventName: 'PoolCreated' })
    print(
      {
        poolId: created!.args.poolId,
        salt,
        expiryHeight: Number(created!.args.expiryHeight),
        hash: receipt.transactionHash,
      },
      fields,
    )
  })

  withSender(pool.command('close <pool>').description('take back the rest of a pool, after expiry and grace')).action(
    async (id: string, options: Omit<SenderOptions, 'home'>) => {
      const poolId = readHash32(id, 'pool id')
      const sender = await openSender({ ...options, home: home() })
      const receipt = await sender.call({ contract: paymentPools, name: 'close', args: [poolId] })
      const [closed] = parseEventLogs({ abi: paymentPools.abi, logs: receipt.logs, eventName: 'PoolClosed' })
      const returnedWei = closed!.args.returned
      print({ poolId: id, returnedWei, hash: receipt.transactionHash }, () => `${tangam(returnedWei)} returned`)
    },
  )

  withRpc(pool.command('show <pool>').description('show one pool, in the settled state')).action(
    async (id: string, options: RpcOptions) => {
      const poolId = readHash32(id, 'pool id')
      const found = await callTan<PoolJson | null>(await connect(options), 'tan_pool', [poolId])
      if (found === null) throw new CodedError('query/unknown', `no pool ${id} on this node`)
      print(found, result => fields({ ...result, ...amounts(result) }))
    },
  )

  withRpc(
    pool.command('list').description('list the newest pools').option('--limit <n>', 'number of pools', '20'),
  ).action(async (options: RpcOptions & { limit: string }) => {
    const limit = readInteger(options.limit, '--limit', 1, 1_000)
    const found = await callTan<PoolJson[]>(await connect(options), 'tan_pools', [{ limit }])
    const head = ['pool', 'payer', 'status', 'deposit', 'paid', 'expires']
    print(found, pools =>
      table(
        head,
        pools.map(p => [p.poolId, p.payer, p.status, amounts(p).deposit, amounts(p).paid, String(p.expiryHeight)]),
      ),
    )
  })
}

interface CreateOptions {
  readonly resource: string
  readonly collateral: string
  readonly duration: string
  readonly signer?: string
  readonly reserver?: string
  readonly reserve?: string[]
}

function amounts({ deposit, collateral, paid, claims }: PoolJson) {
  return {
    deposit: tangam(BigInt(deposit)),
    collateral: tangam(BigInt(collateral)),
    paid: tangam(BigInt(paid)),
    claims: tangam(BigInt(claims)),
  }
}
