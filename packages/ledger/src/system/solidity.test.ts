// contracts/ against the ABI: the Solidity interfaces compile, say the same as the ABI to the last name, and document
// every function, event, error, parameter and result.
import { readdirSync, readFileSync } from 'node:fs'
import { PAYMENT_POOLS_ABI, STAKING_ABI, SYSTEM_ADDRESSES, TAN_TOKEN_ABI } from '@tan/protocol'
import solc from 'solc'
import { type Abi, parseAbi } from 'viem'
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

it('TanErc20 compiles to bytecode, and keeps to ERC-20', () => {
  const { abi } = output.contracts['TanErc20.sol']!.TanErc20!
  const erc20 = ['transfer', 'approve', 'transferFrom', 'balanceOf', 'allowance', 'totalSupply', 'Transfer', 'Approval']
  expect(abi.map(item => item.name)).toEqual(expect.arrayContaining(erc20))
})

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
