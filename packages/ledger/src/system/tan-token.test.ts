import { fromHex, toHex, ZERO_ADDRESS } from '@tan/primitives'
import { mappingSlot, SYSTEM_ADDRESSES, slotAt, TAN_SUPPLY_WEI } from '@tan/protocol'
import { hashTypedData } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { beforeEach, describe, expect, it } from 'vitest'
import { TOKEN, testAccount, testGenesis } from '../testing/chain.ts'
import { SystemWorld } from '../testing/world.ts'
import { tanBalanceSlot } from './tan-token.ts'

const [alice, bob, carol] = [testAccount('alice'), testAccount('bob'), testAccount('carol')]
const genesis = testGenesis([alice, bob])
const UNLIMITED = 2n ** 256n - 1n

// spec L-TAN
describe('TAN', () => {
  let world: SystemWorld
  beforeEach(() => {
    world = new SystemWorld(genesis)
  })

  it('says who it is', () => {
    expect(world.read('tan', 'name')).toBe('TAN')
    expect(world.read('tan', 'symbol')).toBe('TAN')
    expect(world.read('tan', 'decimals')).toBe(18)
    expect(world.read('tan', 'totalSupply')).toBe(TAN_SUPPLY_WEI)
  })

  it('moves by transfer, with the event that indexers read', () => {
    const before = world.tan(alice.address)
    const { value, events } = world.call(alice.address, 'tan', 'transfer', [carol.address, 3n * TOKEN])
    expect(value).toBe(true)
    expect(events).toMatchObject([{ name: 'Transfer', args: { amount: 3n * TOKEN } }])
    expect(world.tan(carol.address)).toBe(3n * TOKEN)
    expect(world.tan(alice.address)).toBe(before - 3n * TOKEN)
  })

  it('to oneself changes nothing', () => {
    const before = world.tan(alice.address)
    expect(world.call(alice.address, 'tan', 'transfer', [alice.address, before]).value).toBe(true)
    expect(world.tan(alice.address)).toBe(before)
  })

  it('stands in storage where common tools look for it', () => {
    const slot = mappingSlot(alice.address, slotAt(0n))
    expect(tanBalanceSlot(alice.address)).toBe(slot)
    expect(world.slot(SYSTEM_ADDRESSES.tanToken, slot)).toBe(world.tan(alice.address))
    expect(world.slot(SYSTEM_ADDRESSES.tanToken, slotAt(2n))).toBe(TAN_SUPPLY_WEI)
  })

  it('cannot be sent without having it, nor to where it would be lost', () => {
    const short = world.call(carol.address, 'tan', 'transfer', [bob.address, 1n])
    expect(short).toMatchObject({ error: 'InsufficientBalance', errorArgs: [expect.anything(), 0n, 1n], events: [] })
    const { treasury, ...others } = SYSTEM_ADDRESSES
    for (const to of [ZERO_ADDRESS, ...Object.values(others)])
      expect(world.call(alice.address, 'tan', 'transfer', [to, 1n]).error).toBe('InvalidReceiver')
    expect(world.call(alice.address, 'tan', 'transfer', [treasury, 1n]).value).toBe(true)
  })

  it('is spent by others within their allowance', () => {
    const spend = (amount: bigint) =>
      world.call(bob.address, 'tan', 'transferFrom', [alice.address, carol.address, amount])
    expect(spend(1n).error).toBe('InsufficientAllowance')
    const approved = world.call(alice.address, 'tan', 'approve', [bob.address, 10n])
    expect(approved.events).toMatchObject([{ name: 'Approval', args: { amount: 10n } }])
    expect(spend(4n).value).toBe(true)
    expect(world.read('tan', 'allowance', [alice.address, bob.address])).toBe(6n)
    expect(spend(7n)).toMatchObject({ error: 'InsufficientAllowance', errorArgs: [expect.anything(), 6n, 7n] })
    world.call(alice.address, 'tan', 'approve', [bob.address, UNLIMITED])
    expect(spend(100n).value).toBe(true)
    expect(world.read('tan', 'allowance', [alice.address, bob.address])).toBe(UNLIMITED)
    expect(world.tan(carol.address)).toBe(104n)
  })

  it('is permitted by a signature as wallets make it, once', async () => {
    const account = privateKeyToAccount(toHex(alice.secretKey))
    const domain = { name: 'TAN', version: '1', chainId: genesis.chainId, verifyingContract: SYSTEM_ADDRESSES.tanToken }
    const types = {
      Permit: [
        { name: 'owner', type: 'address' },
        { name: 'spender', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'nonce', type: 'uint256' },
        { name: 'deadline', type: 'uint256' },
      ],
    } as const
    const deadline = BigInt(world.timestampS)
    const permit = async (nonce: bigint, value: bigint) => {
      const message = { owner: alice.address, spender: bob.address, value, nonce, deadline }
      expect(fromHex(hashTypedData({ domain, types, primaryType: 'Permit', message })).length).toBe(32)
      const signature = await account.signTypedData({ domain, types, primaryType: 'Permit', message })
      const [r, s, v] = [signature.slice(0, 66), `0x${signature.slice(66, 130)}`, Number(`0x${signature.slice(130)}`)]
      return [alice.address, bob.address, value, deadline, v, r, s]
    }
    const args = await permit(0n, 55n)
    const forged = args.with(2, 56n)
    expect(world.call(carol.address, 'tan', 'permit', forged).error).toBe('InvalidSignature')
    const first = world.call(carol.address, 'tan', 'permit', args)
    expect(first).toMatchObject({ error: undefined, events: [{ name: 'Approval' }] })
    expect(world.read('tan', 'allowance', [alice.address, bob.address])).toBe(55n)
    expect(world.read('tan', 'nonces', [alice.address])).toBe(1n)
    expect(world.call(carol.address, 'tan', 'permit', args).error).toBe('InvalidSignature')

    const second = await permit(1n, 7n)
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
    const highS = `0x${(order - BigInt(second[6] as string)).toString(16).padStart(64, '0')}`
    const malleable = second.with(6, highS).with(4, second[4] === 27 ? 28 : 27)
    expect(world.call(carol.address, 'tan', 'permit', malleable).error).toBe('InvalidSignature')
    world.timestampS++
    expect(world.call(carol.address, 'tan', 'permit', second).error).toBe('PermitExpired')
    world.timestampS--
    expect(world.call(carol.address, 'tan', 'permit', second).error).toBeUndefined()
  })

  it('takes no TANGam, and answers no function that it does not have', () => {
    const free = world.call(alice.address, 'tan', 'transfer', [bob.address, 1n], { valueWei: 1n })
    expect(free.error).toBe('')
    expect(world.balance(SYSTEM_ADDRESSES.tanToken)).toBe(0n)
  })

  // spec L-PRICE
  it('costs what its slots, event and signature cost', () => {
    const toNew = world.call(alice.address, 'tan', 'transfer', [carol.address, 1n]).gasUsed
    const toOld = world.call(alice.address, 'tan', 'transfer', [carol.address, 1n]).gasUsed
    // two cold slots, one set or changed, one changed; the event; three words in and one out
    expect(toOld).toBe(2 * (2_100 + 2_900) + 375 + 3 * 375 + 8 * 32 + 16 * (3 + 1))
    expect(toNew - toOld).toBe(20_000 - 2_900)
    const halted = world.call(alice.address, 'tan', 'transfer', [carol.address, 1n], { gas: toOld - 1 })
    expect(halted).toMatchObject({ error: '', gasUsed: toOld - 1, events: [] })
    expect(world.tan(carol.address)).toBe(2n)
    expect(world.call(alice.address, 'tan', 'transfer', [carol.address, 1n], { gas: toOld }).value).toBe(true)
  })
})
