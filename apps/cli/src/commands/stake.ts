// `tan stake`: keys and stakes of guardians and validators.
import { existsSync } from 'node:fs'
import { bls, CodedError, secureRandomBytes, toHex } from '@tan/primitives'
import { possessionDigest } from '@tan/protocol'
import type { Command } from 'commander'
import { readAccount, readAmount, tan } from '../amounts.ts'
import { readYesOrNo } from '../arguments.ts'
import {
  connect,
  openSender,
  type RpcOptions,
  type SenderOptions,
  staking,
  withRpc,
  withSender,
} from '../chain-client.ts'
import { fields, print } from '../output.ts'
import { findAccount, loadBlsKey, readPassword, saveBlsKey } from '../secrets.ts'

export function register(program: Command): void {
  const stake = program.command('stake').description('stake TAN as a guardian or validator')
  const home = (): string => program.opts<{ home: string }>().home
  const sender = (options: Omit<SenderOptions, 'home'>) => openSender({ ...options, home: home() })

  stake
    .command('new-key <file>')
    .description('create an encrypted BLS key for a guardian (EIP-2335)')
    .option('--password-file <file>', 'file with its password (default: ask)')
    .action(async (file: string, { passwordFile }: { passwordFile?: string }) => {
      if (existsSync(file)) throw new CodedError('cli/exists', `${file} already exists: choose another name`)
      const password = await readPassword(passwordFile, 'New password: ')
      const publicKey = saveBlsKey(file, bls.secretKey(secureRandomBytes(32)), password)
      print({ file, publicKey: toHex(publicKey) }, fields)
    })

  withSender(
    stake
      .command('register <file>')
      .description("register a guardian's BLS key, with its proof of possession")
      .option('--bls-password-file <file>', 'file with the password of the BLS key (default: ask)'),
  ).action(async (file: string, options: Omit<SenderOptions, 'home'> & { blsPasswordFile?: string }) => {
    const secret = loadBlsKey(file, await readPassword(options.blsPasswordFile, 'Password of the BLS key: '))
    const from = await sender(options)
    const publicKey = bls.publicKey(secret)
    const chainId = await from.client.getChainId()
    const proof = bls.sign(possessionDigest(chainId, from.address, publicKey), secret)
    const args = [toHex(publicKey), toHex(proof)] as const
    const { transactionHash } = await from.call({ contract: staking, name: 'registerKey', args })
    print({ guardian: from.address, publicKey: toHex(publicKey), hash: transactionHash }, fields)
  })

  const withAmount = (name: 'deposit' | 'withdraw', what: string): void => {
    withSender(stake.command(`${name} <amount>`).description(what)).action(
      async (amount: string, options: Omit<SenderOptions, 'home'>) => {
        const wei = readAmount(amount)
        const from = await sender(options)
        const { transactionHash } = await from.call({ contract: staking, name, args: [wei] })
        print({ guardian: from.address, amountWei: wei, hash: transactionHash }, () => `${name}: ${tan(wei)}`)
      },
    )
  }
  withAmount('deposit', 'stake TAN')
  withAmount('withdraw', 'unstake TAN; you can claim it after the unbonding period')

  withSender(stake.command('claim').description('claim the TAN that has unbonded')).action(
    async (options: Omit<SenderOptions, 'home'>) => {
      const from = await sender(options)
      const { transactionHash } = await from.call({ contract: staking, name: 'claim', args: [] })
      print({ guardian: from.address, hash: transactionHash }, fields)
    },
  )

  withSender(
    stake.command('candidate <yes-or-no>').description('become a candidate for validator, or cease to be one'),
  ).action(async (answer: string, options: Omit<SenderOptions, 'home'>) => {
    const isCandidate = readYesOrNo(answer)
    const from = await sender(options)
    const { transactionHash } = await from.call({ contract: staking, name: 'setCandidate', args: [isCandidate] })
    print({ guardian: from.address, candidate: isCandidate, hash: transactionHash }, fields)
  })

  withRpc(stake.command('show <guardian>').description('show the stake of a guardian, by name or address')).action(
    async (guardian: string, options: RpcOptions) => {
      const address = guardian.startsWith('0x') ? readAccount(guardian) : findAccount(home(), guardian).address
      const client = await connect(options)
      const [staked, unbonding, claimableHeight, candidate] = await client.readContract({
        ...staking,
        functionName: 'stakeOf',
        args: [address],
      })
      const key = await client.readContract({ ...staking, functionName: 'keyOf', args: [address] })
      print(
        { address, stakedWei: staked, unbondingWei: unbonding, claimableHeight, candidate, blsPublicKey: key },
        () =>
          fields({
            address,
            staked: tan(staked),
            unbonding: tan(unbonding),
            'claimable from block': claimableHeight,
            candidate: candidate ? 'yes' : 'no',
            'BLS key': key,
          }),
      )
    },
  )
}
