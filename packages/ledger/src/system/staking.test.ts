import { type Address, bls, keccak256, toHex, utf8ToBytes } from '@tan/primitives'
import { possessionDigest, SYSTEM_ADDRESSES } from '@tan/protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { type Account, testAccount, testGenesis } from '../testing/chain.ts'
import { SystemWorld } from '../testing/world.ts'

const [alice, bob] = [testAccount('alice'), testAccount('bob')]
const genesis = testGenesis([alice, bob])
const { guardianStakeMinWei: least, guardianStakeMaxWei: most, validatorStakeMinWei: validator } = genesis.parameters

function keyOf(name: string) {
  const secretKey = bls.secretKey(keccak256(utf8ToBytes(`staking ${name}`)))
  const publicKey = bls.publicKey(secretKey)
  const proofFor = (address: Address, chainId = genesis.chainId) =>
    toHex(bls.sign(possessionDigest(chainId, address, publicKey), secretKey))
  return { publicKey: toHex(publicKey), proofFor }
}

describe('Staking', () => {
  let world: SystemWorld
  beforeEach(() => {
    world = new SystemWorld(genesis)
  })
  const register = (who: Account, key = keyOf(who.address)) =>
    world.call(who.address, 'staking', 'registerKey', [key.publicKey, key.proofFor(who.address)])
  const guardians = () => {
    const count = Number(world.read<bigint>('staking', 'guardianCount'))
    return Array.from({ length: count }, (_, i) =>
      world.read<string>('staking', 'guardianAt', [i]).toLowerCase(),
    ).sort()
  }
  const stakeOf = (who: Account) => {
    const [staked, unbonding, claimableHeight, candidate] = world.read<[bigint, bigint, bigint, boolean]>(
      'staking',
      'stakeOf',
      [who.address],
    )
    return { staked, unbonding, claimableHeight, candidate }
  }

  it('begins with the guardians of the genesis', () => {
    expect(guardians()).toEqual(genesis.guardians.map(({ address }) => address).sort())
    const staked = genesis.guardians.reduce((sum, guardian) => sum + guardian.stakeWei, 0n)
    expect(world.read('staking', 'totalStaked')).toBe(staked)
    expect(world.tan(SYSTEM_ADDRESSES.staking)).toBe(staked)
    for (const { address, blsPublicKey, stakeWei, isValidator } of genesis.guardians) {
      expect(world.read('staking', 'stakeOf', [address])).toEqual([stakeWei, 0n, 0n, isValidator])
      expect(world.read('staking', 'keyOf', [address])).toBe(blsPublicKey)
      expect(world.read<string>('staking', 'guardianOf', [blsPublicKey]).toLowerCase()).toBe(address)
    }
  })

  // spec L-KEY
  it('registers a key once, with a proof for this chain and this account', () => {
    const key = keyOf('alice')
    const call = (who: Account, publicKey: string, proof: string) =>
      world.call(who.address, 'staking', 'registerKey', [publicKey, proof]).error
    expect(call(alice, key.publicKey.slice(0, -2), key.proofFor(alice.address))).toBe('InvalidKey')
    expect(call(alice, `0xc0${'00'.repeat(47)}`, key.proofFor(alice.address))).toBe('InvalidKey')
    expect(call(alice, `0x${'00'.repeat(48)}`, key.proofFor(alice.address))).toBe('InvalidKey')
    expect(call(alice, key.publicKey, '0x')).toBe('InvalidProofOfPossession')
    expect(call(alice, key.publicKey, key.proofFor(bob.address))).toBe('InvalidProofOfPossession')
    expect(call(alice, key.publicKey, key.proofFor(alice.address, 1))).toBe('InvalidProofOfPossession')
    expect(world.read('staking', 'keyOf', [alice.address])).toBe('0x')
    expect(call(alice, key.publicKey, key.proofFor(alice.address))).toBeUndefined()
    expect(world.read('staking', 'keyOf', [alice.address])).toBe(key.publicKey)
    expect(call(alice, keyOf('other').publicKey, keyOf('other').proofFor(alice.address))).toBe('KeyAlreadyRegistered')
    expect(call(bob, key.publicKey, key.proofFor(bob.address))).toBe('KeyAlreadyRegistered')
  })

  // spec L-STAKE
  it('takes a deposit within the bounds of a stake, and TAN with it', () => {
    const deposit = (amount: bigint) => world.call(alice.address, 'staking', 'deposit', [amount])
    expect(deposit(least)).toMatchObject({ error: 'NoKey' })
    register(alice)
    expect(deposit(0n).error).toBe('ZeroAmount')
    expect(deposit(least - 1n)).toMatchObject({ error: 'BelowMinimumStake', errorArgs: [least - 1n, least] })
    expect(deposit(most + 1n)).toMatchObject({ error: 'AboveMaximumStake', errorArgs: [most + 1n, most] })
    const before = world.tan(alice.address)
    const first = deposit(least)
    expect(first.events.map(event => event.name)).toEqual(['Transfer', 'Deposited'])
    expect(deposit(1n).error).toBeUndefined()
    expect(world.tan(alice.address)).toBe(before - least - 1n)
    expect(stakeOf(alice)).toMatchObject({ staked: least + 1n, unbonding: 0n })
    expect(guardians()).toContain(alice.address)
  })

  it('does not take what its owner does not have', () => {
    const poor = testAccount('poor')
    register(poor)
    expect(world.call(poor.address, 'staking', 'deposit', [least])).toMatchObject({
      error: 'InsufficientBalance',
      errorArgs: [expect.anything(), 0n, least],
    })
  })

  // spec L-UNBOND
  it('gives back what was withdrawn after the unbonding period, and not before', () => {
    register(alice)
    world.call(alice.address, 'staking', 'deposit', [validator])
    const before = world.tan(alice.address)
    const withdraw = (amount: bigint) => world.call(alice.address, 'staking', 'withdraw', [amount])
    const claim = () => world.call(alice.address, 'staking', 'claim')
    expect(claim().error).toBe('NothingToClaim')
    expect(withdraw(0n).error).toBe('ZeroAmount')
    expect(withdraw(validator + 1n)).toMatchObject({
      error: 'InsufficientStake',
      errorArgs: [validator, validator + 1n],
    })
    expect(withdraw(validator - least + 1n).error).toBe('BelowMinimumStake')
    world.height = 10
    expect(withdraw(validator - least).error).toBeUndefined()
    world.height = 12
    expect(withdraw(least).error).toBeUndefined()
    expect(stakeOf(alice)).toEqual({ staked: 0n, unbonding: validator, claimableHeight: 16n, candidate: false })
    expect(guardians()).not.toContain(alice.address)
    world.height = 15
    expect(claim()).toMatchObject({ error: 'NothingToClaim', errorArgs: [16n] })
    expect(world.tan(alice.address)).toBe(before)
    world.height = 16
    expect(claim()).toMatchObject({ value: validator })
    expect(world.tan(alice.address)).toBe(before + validator)
    expect(claim().error).toBe('NothingToClaim')
    expect(world.call(alice.address, 'staking', 'deposit', [least]).error).toBeUndefined()
  })

  it('lets be a candidate who has the stake of a validator', () => {
    register(alice)
    const opt = (candidate: boolean) => world.call(alice.address, 'staking', 'setCandidate', [candidate]).error
    expect(opt(true)).toBe('BelowMinimumStake')
    world.call(alice.address, 'staking', 'deposit', [validator])
    expect(opt(true)).toBeUndefined()
    expect(stakeOf(alice).candidate).toBe(true)
    expect(opt(false)).toBeUndefined()
    opt(true)
    world.call(alice.address, 'staking', 'withdraw', [validator])
    expect(stakeOf(alice).candidate).toBe(false)
  })

  it('is no candidate any more who keeps less than a validator needs', () => {
    register(alice)
    world.call(alice.address, 'staking', 'deposit', [validator + 1n])
    world.call(alice.address, 'staking', 'setCandidate', [true])
    const withdraw = (amount: bigint) =>
      world.call(alice.address, 'staking', 'withdraw', [amount]).events.map(event => event.name)
    expect(withdraw(1n)).toEqual(['WithdrawalRequested'])
    expect(stakeOf(alice)).toMatchObject({ staked: validator, candidate: true })
    expect(withdraw(1n)).toEqual(['WithdrawalRequested', 'CandidateSet'])
    expect(stakeOf(alice)).toMatchObject({ staked: validator - 1n, candidate: false })
    expect(withdraw(1n)).toEqual(['WithdrawalRequested'])
    expect(guardians()).toContain(alice.address)
    world.call(alice.address, 'staking', 'deposit', [2n])
    expect(stakeOf(alice).candidate).toBe(false)
    world.call(alice.address, 'staking', 'setCandidate', [true])
    expect(withdraw(validator)).toEqual(['WithdrawalRequested', 'CandidateSet'])
    expect(stakeOf(alice)).toMatchObject({ staked: 0n, candidate: false })
  })

  it('keeps its list right whoever leaves', () => {
    const [first, second, third, fourth] = genesis.guardians.map(({ address }) => address) as [
      Address,
      Address,
      Address,
      Address,
    ]
    const leave = (who: Address) =>
      world.call(who, 'staking', 'withdraw', [world.read<[bigint]>('staking', 'stakeOf', [who])[0]])
    leave(first)
    expect(guardians()).toEqual([second, third, fourth].sort())
    leave(third)
    leave(fourth)
    expect(guardians()).toEqual([second])
    leave(second)
    expect(guardians()).toEqual([])
    expect(world.read('staking', 'totalStaked')).toBe(0n)
    expect(world.tan(SYSTEM_ADDRESSES.staking)).toBe(
      genesis.guardians.reduce((sum, { stakeWei }) => sum + stakeWei, 0n),
    )
  })
})
