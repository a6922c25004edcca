// Random worlds and transactions for the differential test of blocks: transfers, calls, creations, delegations, system calls,
// and much that is refused. Everything follows from the random numbers.
import {
  ABSENT,
  CONTRACTS,
  chance,
  DELEGATING,
  PLAIN,
  PRECOMPILES,
  pick,
  randomProgram,
  slotKey,
} from '@tan/evm/testing/program'
import {
  type Address,
  addressOfSecretKey,
  bigIntToBytes,
  bytesToBigInt,
  concatBytes,
  EMPTY_BYTES,
  encodeRlp,
  fromHex,
  type Hash,
  type Hex,
  keccak256,
  keccakHash,
  type Random,
  randomBelow,
  randomBytesFrom,
  signDigest,
  toHex,
  utf8ToBytes,
} from '@tan/primitives'
import {
  type Authorization,
  encodeTransaction,
  SYSTEM_ADDRESSES,
  SYSTEM_CODE,
  signTransaction,
  type UnsignedTransaction,
} from '@tan/protocol'
import { type AccountWrite, EMPTY_CODE_HASH, type StateWrites, type StorageWrites } from '@tan/storage'
import { BALANCE_OF, balanceSlot, TOTAL_SUPPLY, TRANSFER } from './oracle-token.ts'

export interface Actor {
  readonly secretKey: Uint8Array
  readonly address: Address
  /** of its next transaction, as far as all before are included */
  nonce: bigint
}

const TAN = SYSTEM_ADDRESSES.tanToken
/** They pass their call data on to TanToken: by CALL, STATICCALL, DELEGATECALL and CALLCODE. */
const PROXIES: readonly Address[] = [1, 2, 3, 4].map(i => `0x${'9a55'.padStart(39, '0')}${i}` as Address)

function actorOf(name: string, nonce: bigint): Actor {
  const secretKey = keccak256(utf8ToBytes(name))
  return { secretKey, address: addressOfSecretKey(secretKey), nonce }
}

export interface RandomWorld {
  readonly writes: StateWrites
  readonly actors: readonly Actor[]
  /** who may be the beneficiary of a block, or send and receive */
  readonly targets: readonly Address[]
}

export function randomWorld(random: Random): RandomWorld {
  const actors = ['one', 'two', 'three', 'four'].map(name => actorOf(name, BigInt(randomBelow(random, 3))))
  const accounts = new Map<Address, AccountWrite>()
  const storage = new Map<Address, StorageWrites>()
  const codes = new Map<Hash, Uint8Array>()
  const put = (
    address: Address,
    nonce: bigint,
    balance: bigint,
    code = EMPTY_BYTES,
    slots = new Map<Hash, bigint>(),
  ) => {
    const codeHash = code.length === 0 ? EMPTY_CODE_HASH : keccakHash(code)
    accounts.set(address, { nonce, balance, codeHash })
    if (code.length > 0) codes.set(codeHash, code)
    if (slots.size > 0) storage.set(address, { cleared: false, slots })
  }
  // the last has hardly anything, now and then
  for (const [i, { address, nonce }] of actors.entries())
    put(address, nonce, i === 3 && chance(random, 3) ? 10n ** 15n : 10n ** 20n)
  for (const address of CONTRACTS)
    put(
      address,
      chance(random, 12) ? 2n ** 64n - 1n - BigInt(randomBelow(random, 2)) : 1n,
      BigInt(randomBelow(random, 3)),
      randomProgram(random, { fork: 'osaka', nesting: 2, items: 14 }),
      randomStorage(random),
    )
  put(PLAIN, 0n, 1n)
  const delegate = pick(random, [...CONTRACTS, PLAIN, ABSENT, DELEGATING, TAN, ...PRECOMPILES.slice(1, 4)])
  put(DELEGATING, 1n, 2n, delegation(delegate), randomStorage(random))
  for (const [i, opcode] of ['f1', 'fa', 'f4', 'f2'].entries()) put(PROXIES[i]!, 1n, 5n, proxyCode(opcode))
  for (const address of Object.values(SYSTEM_ADDRESSES)) put(address, 1n, 0n, SYSTEM_CODE)
  const token = new Map<Hash, bigint>([[toHex(bigIntToBytes(2n, 32)), 10n ** 27n]])
  for (const owner of [...actors.map(({ address }) => address), ...PROXIES])
    token.set(toHex(balanceSlot(fromHex(owner))), BigInt(1 + randomBelow(random, 1_000)))
  storage.set(TAN, { cleared: false, slots: token })
  const targets = [...actors.map(({ address }) => address), ...CONTRACTS, ...PROXIES, PLAIN, ABSENT, DELEGATING]
  return { writes: { accounts, storage, codes }, actors, targets }
}

function randomStorage(random: Random): Map<Hash, bigint> {
  const slots = new Map<Hash, bigint>()
  for (let i = randomBelow(random, 4); i > 0; i--) slots.set(slotKey(random), BigInt(1 + randomBelow(random, 2)))
  return slots
}

function delegation(to: Address): Uint8Array {
  return concatBytes(fromHex('0xef0100'), fromHex(to))
}

/** Calls TanToken with its own call data, stores whether that succeeded, and returns what it returned. */
function proxyCode(opcode: string): Uint8Array {
  const value = opcode === 'f1' || opcode === 'f2' ? '5f' : ''
  const hex: Hex = `0x365f5f375f5f365f${value}73${TAN.slice(2)}5a${opcode}5f553d5f5f3e3d5ff3`
  return fromHex(hex)
}

// -------------------------------------------------------------------------------------------------- transactions

export interface Deed {
  readonly kind: string
  readonly encoded: Uint8Array
  readonly from: Actor
}

export interface DeedContext {
  readonly chainId: bigint
  readonly baseFee: bigint
  readonly world: RandomWorld
}

interface Draft {
  readonly kind: string
  readonly to: Address | undefined
  readonly data: Uint8Array
  readonly value: bigint
  readonly gasLimit: bigint
}

/** The nonce is counted up by whoever includes it. */
export function randomDeed(random: Random, context: DeedContext): Deed {
  const { world, chainId, baseFee } = context
  const from = pick(random, world.actors)
  const draft = randomDraft(random, world)
  const slips = chance(random, 14) ? slip(random, from, baseFee) : {}
  const accessList = chance(random, 4)
    ? [{ address: pick(random, [...world.targets, TAN]), slots: [slotKey(random)] }]
    : []
  const { kind, ...rest } = draft
  const maxFeePerGas = baseFee + BigInt(randomBelow(random, 20))
  const common = { ...rest, nonce: from.nonce, chainId, ...slips }
  const type = kind === 'delegate' ? 'eip7702' : pick(random, ['legacy', 'eip2930', 'eip1559', 'eip1559'] as const)
  const priced = { gasPrice: maxFeePerGas, ...common }
  const dynamic = {
    ...common,
    accessList,
    maxFeePerGas,
    maxPriorityFeePerGas: BigInt(randomBelow(random, 10)) % (maxFeePerGas + 1n),
    ...(slips.gasPrice === undefined ? {} : { maxFeePerGas: slips.gasPrice, maxPriorityFeePerGas: 0n }),
  }
  const unsigned = {
    legacy: { type: 'legacy', ...priced },
    eip2930: { type: 'eip2930', ...priced, accessList },
    eip1559: { type: 'eip1559', ...dynamic },
    eip7702: { type: 'eip7702', ...dynamic, authorizations: randomAuthorizations(random, context) },
  }[type] as UnsignedTransaction
  return { kind, encoded: encodeTransaction(signTransaction(unsigned, from.secretKey)), from }
}

/** What makes it invalid: a nonce, more than it has, too little gas, a fee below the base fee. */
function slip(random: Random, { nonce }: Actor, baseFee: bigint) {
  const slips: readonly { nonce?: bigint; value?: bigint; gasLimit?: bigint; gasPrice?: bigint }[] = [
    { nonce: nonce + 1n },
    { nonce: nonce === 0n ? 5n : nonce - 1n },
    { value: 10n ** 24n },
    { gasLimit: 20_999n },
    { gasLimit: 2n ** 24n + 1n },
    { gasPrice: baseFee - 1n },
  ]
  return pick(random, slips)
}

function randomDraft(random: Random, world: RandomWorld): Draft {
  const gasLimit = pick(random, [400_000n, 400_000n, 1_000_000n, 60_000n + BigInt(randomBelow(random, 60_000))])
  const value = chance(random, 3) ? BigInt(randomBelow(random, 3)) : 0n
  const draft = { gasLimit, value, data: EMPTY_BYTES }
  switch (randomBelow(random, 12)) {
    case 0:
    case 1: {
      const to = pick(random, [...world.targets, ...PRECOMPILES, TAN, SYSTEM_ADDRESSES.treasury])
      const amount = chance(random, 4) ? 10n ** 18n : BigInt(randomBelow(random, 1_000))
      return { ...draft, kind: 'transfer', to, value: amount, gasLimit: chance(random, 2) ? 21_000n : gasLimit }
    }
    case 2: {
      const code = randomProgram(random, { fork: 'osaka', nesting: 2, items: 14 })
      return { ...draft, kind: 'create', to: undefined, data: chance(random, 2) ? code : deploying(code) }
    }
    case 3:
      return { ...draft, kind: 'token', to: TAN, data: tokenCall(random, world) }
    case 4:
    case 5:
      return { ...draft, kind: 'token by bytecode', to: pick(random, PROXIES), data: tokenCall(random, world) }
    case 6: {
      const data = randomBytesFrom(random, pick(random, [0, 32, 64, 96, 128, 192, 213, 256]))
      return { ...draft, kind: 'precompile', to: pick(random, PRECOMPILES), data }
    }
    case 7:
      return { ...draft, kind: 'delegate', to: pick(random, world.targets), data: randomBytesFrom(random, 36) }
    case 8:
      return { ...draft, kind: 'call of an actor', to: pick(random, world.actors).address, data: EMPTY_BYTES }
    default: {
      const data = randomBytesFrom(random, pick(random, [0, 4, 36, 68, 100, 600]))
      return { ...draft, kind: 'call', to: pick(random, [...CONTRACTS, DELEGATING]), data }
    }
  }
}

/** Init code that returns the code. */
function deploying(code: Uint8Array): Uint8Array {
  const size = code.length.toString(16).padStart(4, '0')
  return concatBytes(fromHex(`0x61${size}600e60003961${size}6000f3`), code)
}

function tokenCall(random: Random, world: RandomWorld): Uint8Array {
  const owner = pick(random, [...world.targets, TAN, `0x${'00'.repeat(20)}` as Address])
  const amount = chance(random, 5) ? 2n ** 255n : BigInt(randomBelow(random, 400))
  const argument = bigIntToBytes(bytesToBigInt(fromHex(owner)), 32)
  const data = pick(random, [
    fromHex(TOTAL_SUPPLY as Hex),
    concatBytes(fromHex(BALANCE_OF as Hex), argument),
    concatBytes(fromHex(TRANSFER as Hex), argument, bigIntToBytes(amount, 32)),
    concatBytes(fromHex(TRANSFER as Hex), argument, bigIntToBytes(amount, 32)),
    randomBytesFrom(random, 4),
  ])
  if (!chance(random, 8)) return data
  return chance(random, 2) ? data.subarray(0, randomBelow(random, data.length)) : concatBytes(data, new Uint8Array(40))
}

function randomAuthorizations(random: Random, { chainId, world }: DeedContext): Authorization[] {
  return Array.from({ length: 1 + randomBelow(random, 3) }, () => {
    const authority = chance(random, 3)
      ? actorOf(`authority ${randomBelow(random, 3)}`, 0n)
      : pick(random, world.actors)
    const zero: Address = `0x${'00'.repeat(20)}`
    const address = pick(random, [...CONTRACTS, ...PROXIES, DELEGATING, TAN, ABSENT, zero, ...PRECOMPILES.slice(0, 2)])
    const fields = {
      chainId: pick(random, [0n, chainId, chainId, chainId + 1n]),
      address,
      nonce: chance(random, 20) ? 2n ** 64n - 1n : authority.nonce + BigInt(randomBelow(random, 2)),
    }
    const signed = { ...fields, ...signatureOf(fields, authority.secretKey) }
    if (!chance(random, 6)) return signed
    return {
      ...signed,
      ...pick(random, [{ yParity: 27 }, { r: 0n }, { s: 2n ** 256n - 1n }, { yParity: 1 - signed.yParity }]),
    }
  })
}

function signatureOf(
  { chainId, address, nonce }: Pick<Authorization, 'chainId' | 'address' | 'nonce'>,
  key: Uint8Array,
) {
  const minimal = (value: bigint) =>
    value === 0n ? EMPTY_BYTES : fromHex(`0x${value.toString(16).replace(/^(..)*.$/, '0$&')}`)
  const digest = keccak256(
    concatBytes(Uint8Array.of(5), encodeRlp([minimal(chainId), fromHex(address), minimal(nonce)])),
  )
  const { compact, recovery } = signDigest(digest, key)
  return {
    yParity: recovery,
    r: bytesToBigInt(compact.subarray(0, 32)),
    s: bytesToBigInt(compact.subarray(32)),
  }
}
