import { toHex } from '@tan/primitives'
import { genesisToJson, parseGenesis, TAN_SUPPLY_WEI, TANGAM_GENESIS_SUPPLY_WEI } from '@tan/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TOKEN, testAccount, testGenesis } from '../testing/chain.ts'
import { type Holder, parseHolders, swapHolders } from './holders.ts'

const [alice, bob, vault] = [testAccount('alice').address, testAccount('bob').address, testAccount('vault').address]
const { balances: _, guardians, ...chain } = testGenesis([testAccount('alice')])
const guardian = guardians[0]!

// spec L-SWAP
describe('a list of holders', () => {
  it('is read from CSV, as explorers write it', () => {
    const text = `\uFEFF"HolderAddress","Balance","PendingBalanceUpdate"\r\n"${alice.toUpperCase().replace('0X', '0x')}","1,234.5","No"\r\n\r\n"${bob}","0.000000000000000001","No"\r\n`
    expect(parseHolders(text, 'csv')).toEqual([
      { address: alice, tanWei: 12_345n * 10n ** 17n, isContract: false, line: 2 },
      { address: bob, tanWei: 1n, isContract: false, line: 4 },
    ])
    const inWei = `contract,wei,address\ntrue,77,${vault}`
    expect(parseHolders(inWei, 'csv')).toEqual([{ address: vault, tanWei: 77n, isContract: true, line: 2 }])
  })

  it('is read from JSON', () => {
    const text = JSON.stringify([
      { address: alice, balance: '2.5' },
      { address: vault, wei: '9', contract: true },
    ])
    expect(parseHolders(text, 'json')).toEqual([
      { address: alice, tanWei: 25n * 10n ** 17n, isContract: false, line: 1 },
      { address: vault, tanWei: 9n, isContract: true, line: 2 },
    ])
  })

  it('is refused with the lines of all that is malformed', () => {
    const text = [
      'address,balance',
      `${alice},1e9`,
      `${alice.slice(0, -1)},1`,
      `${bob},-1`,
      `${bob},1,2`,
      `${bob}`,
      `"${bob},1`,
      `${bob},1.0000000000000000001`,
      `${bob},1`,
    ].join('\n')
    const lines = (run: () => unknown): string[] => {
      try {
        run()
      } catch (error) {
        expect(error).toMatchObject({ code: 'genesis/holders' })
        return [...(error as Error).message.matchAll(/line (\d+):/g)].map(match => match[1]!)
      }
      return []
    }
    expect(lines(() => parseHolders(text, 'csv'))).toEqual(['2', '3', '4', '5', '6', '7', '8'])
    const json = [
      { address: alice, balance: 5 },
      null,
      7,
      { address: bob, balance: '1', wei: '1' },
      { address: bob, wei: '1' },
    ]
    expect(lines(() => parseHolders(JSON.stringify(json), 'json'))).toEqual(['1', '2', '3', '4'])
    expect(() => parseHolders('{}', 'json')).toThrow(/array/)
    expect(() => parseHolders('[', 'json')).toThrow(/not JSON/)
    expect(() => parseHolders(`address,balance,contract\n${alice},1,maybe`, 'csv')).toThrow(/true or false/)
  })

  it('gives no error without a code, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.constantFrom('csv' as const, 'json' as const), (text, format) => {
        try {
          parseHolders(text, format)
        } catch (error) {
          expect(error).toMatchObject({ code: 'genesis/holders' })
        }
      }),
    )
  })
})

describe('the swap', () => {
  const holder = (address: Holder['address'], tanWei: bigint, line: number, isContract = false): Holder => ({
    address,
    tanWei,
    isContract,
    line,
  })
  const stake = guardian.stakeWei
  const rest = TAN_SUPPLY_WEI - stake - 12n * TOKEN
  const holders = [
    holder(alice, 5n * TOKEN, 1),
    holder(guardian.address, stake + 7n * TOKEN, 2),
    holder(vault, rest, 3, true),
  ]
  const swap = (list: readonly Holder[], owners: [Holder['address'], Holder['address']][] = [[vault, alice]]) =>
    swapHolders({ ...chain, holders: list, contractOwners: new Map(owners), guardians: [guardian] })

  it('gives each TAN and five TANGam for it, and contracts’ shares to their owners', () => {
    const { genesis, totals } = swap(holders)
    expect(genesis.balances).toEqual([
      { address: alice, tanWei: 5n * TOKEN + rest, tangamWei: 5n * (5n * TOKEN + rest) },
      { address: guardian.address, tanWei: 7n * TOKEN, tangamWei: 5n * (stake + 7n * TOKEN) },
    ])
    expect(totals).toEqual({
      holders: 3,
      accounts: 2,
      mappedContracts: 1,
      tanWei: TAN_SUPPLY_WEI,
      stakedWei: stake,
      tangamWei: TANGAM_GENESIS_SUPPLY_WEI,
    })
    expect(parseGenesis(genesisToJson(genesis))).toEqual(genesis)
  })

  it('stops where something is missing or double', () => {
    expect(() => swap(holders, [])).toThrow(/line 3: .* is a contract/)
    expect(() =>
      swap(holders, [
        [vault, alice],
        [bob, alice],
      ]),
    ).toThrow(/holds nothing/)
    expect(() => swap([...holders, holder(alice, 0n, 4)])).toThrow(/line 4: .* stands in line 1 already/)
    expect(() => swap([...holders, holder(bob, 1n, 4)])).toThrow(/must be 10+ /)
    const poor = [holder(alice, TAN_SUPPLY_WEI - rest, 1), holder(vault, rest, 2, true)]
    expect(() => swap(poor)).toThrow(/stakes .* and holds 0/)
  })

  it('shows the first problems of many', () => {
    const many = Array.from({ length: 50 }, (_, i) => holder(toHex(new Uint8Array(20).fill(i + 1)), 1n, i + 1, true))
    expect(() => swap(many, [])).toThrow(/and 3[0-9] more$/)
  })
})
