// A small chain for tests: a genesis with guardians, all keys known, and nodes of it in this process.
import { addressOfSecretKey, bls, createSeededRandom, randomBytesFrom, toHex } from '@tan/primitives'
import {
  DEFAULT_PARAMETERS,
  type Genesis,
  possessionDigest,
  TAN_SUPPLY_WEI,
  TANGAM_GENESIS_SUPPLY_WEI,
} from '@tan/protocol'
import { initChain, Node, type NodeOptions } from '../node.ts'

export interface TestKeys {
  readonly account: Uint8Array
  readonly bls: Uint8Array
  readonly network: Uint8Array
}

export interface TestChain {
  readonly genesis: Genesis
  readonly guardians: readonly TestKeys[]
  /** holds all that is not at stake */
  readonly rich: Uint8Array
}

export function createTestChain(
  validators: number,
  others = 0,
  parameters: Partial<Genesis['parameters']> = {},
): TestChain {
  const random = createSeededRandom(validators * 100 + others)
  const rich = randomBytesFrom(random, 32)
  const chainId = 7_001
  const stakeWei = 1_000_000n * 10n ** 18n
  const guardians = Array.from({ length: validators + others }, (): TestKeys => {
    const account = randomBytesFrom(random, 32)
    return { account, bls: bls.secretKey(randomBytesFrom(random, 32)), network: randomBytesFrom(random, 32) }
  })
  const genesis: Genesis = {
    chainId,
    name: 'test',
    timestampS: 1_700_000_000,
    isDevnet: true,
    parameters: {
      ...DEFAULT_PARAMETERS,
      checkpointInterval: 5,
      blockIntervalMs: 100,
      redeemGraceBlocks: 20,
      ...parameters,
    },
    balances: [
      {
        address: addressOfSecretKey(rich),
        tanWei: TAN_SUPPLY_WEI - stakeWei * BigInt(guardians.length),
        tangamWei: TANGAM_GENESIS_SUPPLY_WEI,
      },
    ],
    guardians: guardians.map((keys, i) => {
      const address = addressOfSecretKey(keys.account)
      const publicKey = bls.publicKey(keys.bls)
      const proof = bls.sign(possessionDigest(chainId, address, publicKey), keys.bls)
      return {
        address,
        blsPublicKey: toHex(publicKey),
        proofOfPossession: toHex(proof),
        stakeWei,
        isValidator: i < validators,
      }
    }),
  }
  return { genesis, guardians, rich }
}

/** Node `i` of the chain, initialised if its store is new. Not started. */
export async function createTestNode(
  { genesis, guardians }: TestChain,
  i: number,
  options: {
    readonly storeUrl: string
    readonly bootstrap?: readonly string[]
    readonly rpc?: boolean
  } & Partial<Omit<NodeOptions, 'rpc'>>,
): Promise<Node> {
  const keys = guardians[i]!
  const { storeUrl, bootstrap = [], rpc = false, ...rest } = options
  await initChain(storeUrl, genesis, bls.publicKey(keys.bls)).catch(error => {
    if (error.code !== 'chain/exists') throw error
  })
  return Node.create({
    genesis,
    storeUrl,
    signer: { address: addressOfSecretKey(keys.account), secretKey: keys.bls },
    network: { key: keys.network, listen: ['/ip4/127.0.0.1/tcp/0'], bootstrap },
    recoveryThreads: 0,
    ...(rpc ? { rpc: { host: '127.0.0.1', port: 0, allowedHosts: [], allowedOrigins: [] } } : {}),
    ...rest,
  })
}

/** Waits for a condition, looking often; throws with the words given when `timeoutMs` is over. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > deadlineMs) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
