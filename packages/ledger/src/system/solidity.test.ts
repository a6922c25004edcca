// contracts/: the Solidity interfaces compile, say the same as the ABI to the last name, and document every function,
// event, error, parameter and result; the ERC-20 that is swapped runs.
import { readdirSync, readFileSync } from 'node:fs'
import { createEvm, type Environment, type ExecutionResult, type Host, type HostAccount } from '@tan/evm'
import { type Address, fromHex, type Hash, type Hex, toHex, ZERO_ADDRESS, ZERO_HASH } from '@tan/primitives'
import { PAYMENT_POOLS_ABI, STAKING_ABI, SYSTEM_ADDRESSES, TAN_TOKEN_ABI } from '@tan/protocol'
import solc from 'solc'
import { type Abi, decodeErrorResult, decodeFunctionResult, encodeDeployData, encodeFunctionData, parseAbi } from 'viem'
import { beforeAll, describe, expect, it } from 'vitest'

const FOLDER = new URL('../../../../contracts/', import.meta.url)

interface Parameter {
  readonly name?: string
  readonly type: string
  readonly indexed?: boolean
  readonly components?: readonly Parameter[]
}

interface Item {
  readonly type: string
  readonly name?: string
  readonly inputs?: readonly Parameter[]
  readonly outputs?: readonly Parameter[]
  readonly stateMutability?: string
}

interface Documented {
  readonly params?: Readonly<Record<string, string>>
  readonly returns?: Readonly<Record<string, string>>
}

interface Compiled {
  readonly abi: readonly Item[]
  readonly evm: { readonly bytecode: { readonly object: string } }
  readonly userdoc: Readonly<Record<string, Readonly<Record<string, unknown>> | string>>
  readonly devdoc: {
    readonly methods?: Readonly<Record<string, Documented>>
    readonly events?: Readonly<Record<string, Documented>>
    readonly errors?: Readonly<Record<string, readonly Documented[]>>
  }
}

let output: { readonly contracts: Readonly<Record<string, Readonly<Record<string, Compiled>>>> }
let sources: Record<string, { content: string }>

beforeAll(() => {
  const files = readdirSync(FOLDER).filter(name => name.endsWith('.sol'))
  sources = Object.fromEntries(files.map(name => [name, { content: readFileSync(new URL(name, FOLDER), 'utf8') }]))
  const outputSelection = { '*': { '*': ['abi', 'userdoc', 'devdoc', 'evm.bytecode.object'] } }
  const input = { language: 'Solidity', sources, settings: { outputSelection } }
  const result = JSON.parse(solc.compile(JSON.stringify(input)))
  const errors = (result.errors ?? []).filter((error: { severity: string }) => error.severity === 'error')
  expect(errors.map((error: { formattedMessage: string }) => error.formattedMessage)).toEqual([])
  output = result
})

describe.each([
  ['ITanToken', TAN_TOKEN_ABI, SYSTEM_ADDRESSES.tanToken],
  ['IStaking', STAKING_ABI, SYSTEM_ADDRESSES.staking],
  ['IPaymentPools', PAYMENT_POOLS_ABI, SYSTEM_ADDRESSES.paymentPools],
] as const)('%s', (name, abi, address) => {
  const compiled = () => output.contracts[`${name}.sol`]![name]!

  it('says the same as the ABI', () => {
    expect(normalised(compiled().abi)).toEqual(normalised(parseAbi(abi as readonly string[]) as Abi))
  })

  it('is documented to the last parameter', () => {
    const { userdoc, devdoc } = compiled()
    for (const { type, name: itemName, inputs = [], outputs = [] } of compiled().abi) {
      const signature = `${itemName}(${inputs.map(canonical).join(',')})`
      const group = type === 'function' ? 'methods' : type === 'event' ? 'events' : 'errors'
      expect(Object.keys(userdoc[group] ?? {}), `a notice for ${signature}`).toContain(signature)
      const entry = devdoc[group]?.[signature]
      const { params = {}, returns = {} } = (Array.isArray(entry) ? entry[0] : entry) ?? {}
      expect(Object.keys(params).sort(), signature).toEqual(inputs.map(input => input.name ?? '').sort())
      expect(Object.keys(returns).length, signature).toBe(outputs.length)
    }
  })

  it('stands where its documentation and the library say', () => {
    expect(sources[`${name}.sol`]!.content.toLowerCase()).toContain(`lives at ${address}`)
    expect(sources['TanSystem.sol']!.content.toLowerCase()).toContain(`${name.toLowerCase()}(${address})`)
  })
})

describe('TanErc20', () => {
  const [treasury, holder, spender] = ['a1', 'b2', 'c3'].map(byte => `0x${byte.repeat(20)}` as Address)
  const supply = 10n ** 27n
  let call: (from: Address, name: string, ...args: unknown[]) => { status: string; value: unknown; error?: string }

  beforeAll(() => {
    const { abi, evm } = output.contracts['TanErc20.sol']!.TanErc20!
    const bytecode = `0x${evm.bytecode.object}` as const
    const world = createWorld()
    const data = encodeDeployData({ abi: abi as Abi, bytecode, args: [treasury] })
    const { created } = world.run(treasury!, undefined, data)
    call = (from, functionName, ...args) => {
      const result = world.run(from, created!, encodeFunctionData({ abi: abi as Abi, functionName, args }))
      const returned = toHex(result.returnData)
      if (result.status !== 'success')
        return {
          status: result.status,
          value: undefined,
          error: decodeErrorResult({ abi: abi as Abi, data: returned }).errorName,
        }
      return {
        status: result.status,
        value: decodeFunctionResult({ abi: abi as Abi, functionName, data: returned }),
      }
    }
  })

  it('has the whole supply at the treasury, and moves it', () => {
    expect(call(holder!, 'totalSupply').value).toBe(supply)
    expect(call(holder!, 'balanceOf', treasury).value).toBe(supply)
    expect(call(treasury!, 'transfer', holder, 70n).value).toBe(true)
    expect(call(holder!, 'transfer', holder, 70n).value).toBe(true)
    expect(call(holder!, 'balanceOf', holder).value).toBe(70n)
    expect(call(holder!, 'transfer', treasury, 71n).error).toBe('InsufficientBalance')
    expect(call(holder!, 'transfer', `0x${'00'.repeat(20)}`, 1n).error).toBe('InvalidReceiver')
  })

  it('is spent within its allowance', () => {
    expect(call(holder!, 'approve', spender, 50n).value).toBe(true)
    expect(call(spender!, 'transferFrom', holder, spender, 30n).value).toBe(true)
    expect(call(spender!, 'transferFrom', holder, spender, 21n).error).toBe('InsufficientAllowance')
    expect(call(holder!, 'allowance', holder, spender).value).toBe(20n)
    call(holder!, 'approve', spender, 2n ** 256n - 1n)
    expect(call(spender!, 'transferFrom', holder, treasury, 40n).value).toBe(true)
    expect(call(holder!, 'allowance', holder, spender).value).toBe(2n ** 256n - 1n)
    const balances = [treasury, holder, spender].map(owner => call(holder!, 'balanceOf', owner).value as bigint)
    expect(balances).toEqual([supply - 30n, 0n, 30n])
  })
})

/** A few accounts in memory, and the engine over them. */
function createWorld() {
  const evm = createEvm()
  const accounts = new Map<Address, HostAccount>()
  const slots = new Map<string, bigint>()
  const codes = new Map<Hash, Uint8Array>()
  const host: Host = {
    account: address => accounts.get(address),
    slot: (address, key) => slots.get(address + key) ?? 0n,
    code: hash => codes.get(hash) ?? new Uint8Array(),
    blockHash: () => ZERO_HASH,
  }
  const environment: Environment = {
    fork: 'osaka',
    chainId: 1n,
    number: 1n,
    timestamp: 1n,
    coinbase: ZERO_ADDRESS,
    gasLimit: 30_000_000n,
    baseFee: 0n,
    prevRandao: ZERO_HASH,
    blobBaseFee: 1n,
  }
  return {
    run(caller: Address, to: Address | undefined, data: Hex): ExecutionResult {
      const message = { caller, to, value: 0n, input: fromHex(data), gas: 5_000_000n, gasPrice: 0n }
      const result = evm.execute(message, environment, host)
      for (const { address, code, ...account } of result.changes.accounts) {
        accounts.set(address, { ...account, hasStorage: false })
        if (code !== undefined) codes.set(account.codeHash, code)
      }
      for (const { address, key, value } of result.changes.slots) slots.set(address + key, value)
      return result
    },
  }
}

function normalised(abi: readonly Item[] | Abi): unknown[] {
  const items = (abi as readonly Item[]).map(({ type, name, inputs = [], outputs, stateMutability }) => ({
    type,
    name,
    inputs: inputs.map(plain),
    ...(type === 'function' ? { outputs: (outputs ?? []).map(plain), stateMutability } : {}),
  }))
  return items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

function plain({ name, type, indexed, components }: Parameter): unknown {
  return { name: name ?? '', type, indexed: indexed ?? false, components: components?.map(plain) }
}

function canonical({ type, components }: Parameter): string {
  return components === undefined ? type : type.replace('tuple', `(${components.map(canonical).join(',')})`)
}
