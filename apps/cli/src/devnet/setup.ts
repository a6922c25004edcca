// The first start of a devnet: keys, a genesis file that funds all of them, and a data folder for each node. The
// password that encrypts the keys is stored next to them: they are worthless on any other chain or machine.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { peerIdOfKey } from '@tan/network'
import { initChain } from '@tan/node'
import { type Address, bls, CodedError, fromHex, secureRandomBytes, toHex } from '@tan/primitives'
import {
  DEFAULT_PARAMETERS,
  type Genesis,
  type GenesisGuardian,
  genesisToJson,
  possessionDigest,
  TAN_SUPPLY_WEI,
  TANGAM_GENESIS_SUPPLY_WEI,
} from '@tan/protocol'
import { stringify } from 'yaml'
import { findAccount, listAccounts, readSecretFile, saveAccount, saveBlsKey, writeSecretFile } from '../secrets.ts'
import { type DevnetLayout, edgeName, FAUCET_KEY, nodeFolder, nodeName, nodeNames, PUBLISHER_KEY } from './layout.ts'

export const DEVNET_CHAIN_ID = 7_700
const TOKEN = 10n ** 18n
const STAKE_WEI = 1_000_000n * TOKEN
/** TANGam for each account that sends transactions */
const ALLOWANCE_WEI = 1_000n * TOKEN

/** Creates what is missing. `log` names each step. */
export async function setUp(layout: DevnetLayout, log: (line: string) => void): Promise<void> {
  if (existsSync(layout.genesisFile)) return
  mkdirSync(layout.logFolder, { recursive: true })
  mkdirSync(layout.folder, { recursive: true, mode: 0o700 })
  if (!existsSync(layout.passwordFile))
    writeSecretFile(layout.passwordFile, `${toHex(secureRandomBytes(16)).slice(2)}\n`)
  const password = readSecretFile(layout.passwordFile, 'password file').trim()
  log('creating keys')
  const account = (name: string): Address => {
    const known = listAccounts(layout.folder).find(stored => stored.name === name)
    return (known ?? saveAccount(layout.folder, name, secureRandomBytes(32), password, 'light')).address
  }
  const guardians = nodeNames(layout).map((name, i): GenesisGuardian => {
    const address = account(name)
    const secret = bls.secretKey(secureRandomBytes(32))
    const publicKey = saveBlsKey(blsKeyFile(layout, i), secret, password, 'light')
    const proof = bls.sign(possessionDigest(DEVNET_CHAIN_ID, address, publicKey), secret)
    return {
      address,
      blsPublicKey: toHex(publicKey),
      proofOfPossession: toHex(proof),
      stakeWei: STAKE_WEI,
      isValidator: i < layout.size.validators,
    }
  })
  const others = [PUBLISHER_KEY, ...Array.from({ length: layout.size.edges }, (_, i) => edgeName(i))].map(account)
  const genesis = devnetGenesis(guardians, others, account(FAUCET_KEY))
  log('creating the genesis block')
  for (let i = 0; i < layout.size.guardians; i++) {
    const publicKey = fromHex(guardians[i]!.blsPublicKey)
    mkdirSync(nodeFolder(layout, i), { recursive: true, mode: 0o700 })
    await initChain(`level:${join(nodeFolder(layout, i), 'store')}`, genesis, publicKey)
    writeSecretFile(networkKeyFile(layout, i), `${toHex(secureRandomBytes(32))}\n`)
  }
  // Written last: its presence means that everything else is complete.
  writeFileSync(layout.genesisFile, genesisToJson(genesis))
}

function devnetGenesis(guardians: readonly GenesisGuardian[], others: readonly Address[], faucet: Address): Genesis {
  const poor = [...guardians.map(guardian => guardian.address), ...others]
  return {
    chainId: DEVNET_CHAIN_ID,
    name: 'devnet',
    timestampS: Math.floor(Date.now() / 1000),
    isDevnet: true,
    parameters: {
      ...DEFAULT_PARAMETERS,
      checkpointInterval: 10,
      redeemGraceBlocks: 240,
      unbondingBlocks: 1_200,
    },
    balances: [
      ...poor.map(address => ({ address, tanWei: 0n, tangamWei: ALLOWANCE_WEI })),
      {
        address: faucet,
        tanWei: TAN_SUPPLY_WEI - STAKE_WEI * BigInt(guardians.length),
        tangamWei: TANGAM_GENESIS_SUPPLY_WEI - ALLOWANCE_WEI * BigInt(poor.length),
      },
    ],
    guardians,
  }
}

/** Writes the configuration at each start, because ports may have changed. Returns its path. */
export async function writeNodeConfig(layout: DevnetLayout, i: number): Promise<string> {
  const path = join(nodeFolder(layout, i), 'tan.yaml')
  const web = `http://127.0.0.1:${layout.ports.web}`
  const others = nodeNames(layout).flatMap((_, other) => (other === i ? [] : [other]))
  const bootstrap = await Promise.all(others.map(other => peerAddress(layout, other)))
  const config = {
    genesis: layout.genesisFile,
    store: 'level:./store',
    networkKey: './network.key',
    signer: {
      address: findAccount(layout.folder, nodeName(layout, i)).address,
      keyFile: blsKeyFile(layout, i),
      passwordFile: layout.passwordFile,
    },
    network: { listen: [`/ip4/127.0.0.1/tcp/${layout.ports.peer[i]}`], bootstrap },
    rpc: {
      host: '127.0.0.1',
      port: layout.ports.rpc[i],
      allowedOrigins: [web, web.replace('127.0.0.1', 'localhost')],
    },
    recoveryThreads: 1,
    log: 'info',
  }
  writeFileSync(path, stringify(config))
  return path
}

async function peerAddress(layout: DevnetLayout, i: number): Promise<string> {
  const key = fromHex(readSecretFile(networkKeyFile(layout, i), 'network key').trim())
  return `/ip4/127.0.0.1/tcp/${layout.ports.peer[i]}/p2p/${await peerIdOfKey(key)}`
}

function networkKeyFile(layout: DevnetLayout, i: number): string {
  return join(nodeFolder(layout, i), 'network.key')
}

function blsKeyFile(layout: DevnetLayout, i: number): string {
  return join(nodeFolder(layout, i), 'bls.json')
}

/** The data fits only the size with which it was created. */
export function assertSameSize(layout: DevnetLayout, genesis: Genesis): void {
  const { validators, guardians } = layout.size
  const made = genesis.guardians.filter(guardian => guardian.isValidator).length
  if (made === validators && genesis.guardians.length === guardians) return
  throw new CodedError(
    'devnet/size',
    `${layout.folder} holds a devnet of ${made} validators and ${genesis.guardians.length} guardians: use --fresh to start another one`,
  )
}
