import { bls, fromHex, keccak256, toHex, utf8ToBytes } from '@tan/primitives'
import { describe, expect, it } from 'vitest'
import { possessionDigest } from '../signers.ts'
import {
  DEFAULT_PARAMETERS,
  type Genesis,
  genesisCommittee,
  genesisPool,
  genesisToJson,
  parseGenesis,
  TAN_SUPPLY_WEI,
  TANGAM_GENESIS_SUPPLY_WEI,
  validateGenesis,
} from './genesis.ts'

const addressOf = (i: number) => toHex(keccak256(Uint8Array.of(i)).subarray(12))
const guardians = [1, 2].map(i => {
  const secretKey = bls.secretKey(keccak256(utf8ToBytes(`genesis ${i}`)))
  const publicKey = bls.publicKey(secretKey)
  const address = addressOf(i)
  return {
    address,
    blsPublicKey: toHex(publicKey),
    proofOfPossession: toHex(bls.sign(possessionDigest(9, address, publicKey), secretKey)),
    stakeWei: DEFAULT_PARAMETERS.validatorStakeMinWei,
    isValidator: i === 1,
  }
})
const staked = 2n * DEFAULT_PARAMETERS.validatorStakeMinWei
const genesis: Genesis = {
  chainId: 9,
  name: 'test',
  timestampS: 1_800_000_000,
  isDevnet: true,
  parameters: { ...DEFAULT_PARAMETERS, checkpointInterval: 10 },
  balances: [
    { address: addressOf(3), tanWei: TAN_SUPPLY_WEI - staked, tangamWei: TANGAM_GENESIS_SUPPLY_WEI - 5n },
    { address: addressOf(1), tanWei: 0n, tangamWei: 5n },
  ],
  guardians,
}

describe('a genesis file', () => {
  it('comes back from its JSON, whatever the case of its addresses', () => {
    expect(parseGenesis(genesisToJson(genesis))).toEqual(genesis)
    const shouting = genesisToJson(genesis).replaceAll(/"0x[0-9a-f]+"/g, hex => `"0x${hex.slice(3).toUpperCase()}`)
    expect(parseGenesis(shouting)).toEqual(genesis)
  })

  it('takes the standard for parameters that it does not name', () => {
    const { parameters, ...rest } = JSON.parse(genesisToJson(genesis))
    expect(parameters.unbondingBlocks).toBeDefined()
    expect(parseGenesis(JSON.stringify({ ...rest, parameters: {} })).parameters).toEqual(DEFAULT_PARAMETERS)
  })

  it('names the members of the first committee and pool', () => {
    expect(genesisCommittee(genesis).signers).toEqual([
      { address: addressOf(1), blsPublicKey: fromHex(guardians[0]!.blsPublicKey), power: 500_000 },
    ])
    expect(genesisPool(genesis).totalPower).toBe(1_000_000)
  })

  it('is refused with the path of what is wrong', () => {
    const json = () => JSON.parse(genesisToJson(genesis))
    const cases: [path: RegExp, change: (g: ReturnType<typeof json>) => void][] = [
      [/chainId/, g => (g.chainId = 0)],
      [/chainId/, g => (g.chainId = '9')],
      [/name/, g => (g.name = 'x'.repeat(257))],
      [/timestampS/, g => (g.timestampS = -1)],
      [/isDevnet/, g => delete g.isDevnet],
      [/parameters/, g => (g.parameters = null)],
      [/parameters\.checkpointInterval/, g => (g.parameters.checkpointInterval = 1.5)],
      [/parameters\.baseFeeMinWei/, g => (g.parameters.baseFeeMinWei = 5)],
      [/parameters\.colour/, g => (g.parameters.colour = 1)],
      [/parameters\.collateralMinPercent/, g => (g.parameters.collateralMinPercent = 109)],
      [/balances:/, g => (g.balances = {})],
      [/balances\[1\]\.address/, g => (g.balances[1].address = '0x12')],
      [/balances\[1\]\.tangamWei/, g => (g.balances[1].tangamWei = '-5')],
      [/balances\[1\]\.address.*twice/, g => (g.balances[1].address = addressOf(3))],
      [/balances.*TAN adds up/, g => (g.balances[0].tanWei = '1')],
      [/balances.*TANGam adds up/, g => (g.balances[1].tangamWei = '6')],
      [/guardians\[0\]\.blsPublicKey/, g => (g.guardians[0].blsPublicKey = '0x00')],
      [/guardians\[0\]\.isValidator/, g => (g.guardians[0].isValidator = 1)],
      [/guardians\[1\]/, g => (g.guardians[1] = [])],
    ]
    for (const [path, change] of cases) {
      const broken = json()
      change(broken)
      let error: unknown
      try {
        parseGenesis(JSON.stringify(broken))
      } catch (caught) {
        error = caught
      }
      expect(error, String(path)).toMatchObject({ code: 'genesis/invalid', message: expect.stringMatching(path) })
    }
    expect(() => parseGenesis('{')).toThrow(/not JSON/)
    expect(() => parseGenesis('7')).toThrow(/must be an object/)
  })

  // spec L-GENESIS
  it('needs stakes within their bounds', () => {
    const small = { ...guardians[0]!, stakeWei: 1n }
    const balances = [{ ...genesis.balances[0]!, tanWei: TAN_SUPPLY_WEI - 1n }, genesis.balances[1]!]
    expect(() => validateGenesis({ ...genesis, guardians: [small], balances })).toThrow(/stakeWei: 1 is not within/)
  })
})
