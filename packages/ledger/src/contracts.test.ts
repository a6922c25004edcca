// Contracts in blocks: what Solidity makes of a source runs through the ledger's own door, built by one ledger and executed by
// another.
import { readFileSync } from 'node:fs'
import { type Address, fromHex, type Hash, type Hex, toHex } from '@tan/primitives'
import { createdAddress, hashHeader, SYSTEM_ADDRESSES } from '@tan/protocol'
import { type KeyValueStore, MemoryStore, MissingStateError, StateStore } from '@tan/storage'
import solc from 'solc'
import { type Abi, decodeFunctionResult, encodeDeployData, encodeFunctionData } from 'viem'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bloomMayHold } from './block/receipts.ts'
import { type BuiltBlock, Ledger } from './ledger.ts'
import { signed, TestChain, TOKEN, testAccount, testGenesis } from './testing/chain.ts'
import { CONTRACTS, encodeCall } from './testing/world.ts'

const SOURCE = `
pragma solidity ^0.8.0;
import {ITanToken} from "ITanToken.sol";

contract Desk {
    ITanToken constant TAN = ITanToken(${literal(SYSTEM_ADDRESSES.tanToken)});
    event Paid(address indexed to, uint256 amount);
    error Refused(uint256 why);
    uint256[200] public cells;

    function pay(address to, uint256 amount) external returns (bool) {
        bool done = TAN.transfer(to, amount);
        emit Paid(to, amount);
        return done;
    }
    function tryPay(address to, uint256 amount) external returns (bool) {
        try TAN.transfer(to, amount) returns (bool done) { return done; } catch { return false; }
    }
    function held() external view returns (uint256) { return TAN.balanceOf(address(this)); }
    function refuse(uint256 why) external pure { revert Refused(why); }
    function spin() external pure { while (true) {} }
    function fill(uint256 from, uint256 count) external { for (uint256 i = from; i < from + count; i++) cells[i] = i + 1; }
    function sum() external view returns (uint256 total) { for (uint256 i = 0; i < 200; i++) total += cells[i]; }
    function look() external view returns (bytes32, bytes32, bytes32, uint256, address, uint256) {
        return (blockhash(block.number - 1), blockhash(0), blockhash(block.number), block.prevrandao, block.coinbase, block.chainid);
    }
    function relay(uint256 from, uint256 count) external { this.fill(from, count); }
    function spawn() external payable returns (address) { return address(new Mayfly{value: msg.value}()); }
    receive() external payable {}
}

contract Mayfly {
    constructor() payable { selfdestruct(payable(address(this))); }
}
`

/** As Solidity takes an address without its checksum. */
function literal(address: Address): string {
  return `address(uint160(${BigInt(address)}))`
}

const [alice, bob, carol] = [testAccount('alice'), testAccount('bob'), testAccount('carol')]
const genesis = testGenesis([alice, bob])
let abi: Abi
let bytecode: Hex

beforeAll(() => {
  const source = readFileSync(new URL('../../../contracts/ITanToken.sol', import.meta.url), 'utf8')
  const input = {
    language: 'Solidity',
    sources: { 'Desk.sol': { content: SOURCE }, 'ITanToken.sol': { content: source } },
    settings: { outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } },
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input)))
  const errors = (output.errors ?? []).filter(({ severity }: { severity: string }) => severity === 'error')
  expect(errors.map(({ formattedMessage }: { formattedMessage: string }) => formattedMessage)).toEqual([])
  const desk = output.contracts['Desk.sol'].Desk
  abi = desk.abi
  bytecode = `0x${desk.evm.bytecode.object}`
})

const encode = (functionName: string, args: readonly unknown[] = []) =>
  fromHex(encodeFunctionData({ abi, functionName, args }))

// spec L-TRANSITION
describe('a contract', () => {
  let chain: TestChain
  let desk: Address
  let nonce: bigint

  beforeEach(async () => {
    chain = await TestChain.open(genesis)
    desk = createdAddress(alice.address, 0n)
    nonce = 1n
    const data = fromHex(encodeDeployData({ abi, bytecode }))
    const built = await chain.grow([signed(genesis, alice, { data, gasLimit: 3_000_000n })])
    expect(built.receipts).toMatchObject([{ succeeded: true }])
  })

  const send = async (data: Uint8Array, { gasLimit = 500_000n, value = 0n, to = desk } = {}): Promise<BuiltBlock> => {
    const built = await chain.grow([signed(genesis, alice, { nonce, to, data, gasLimit, value })])
    expect(built.skipped).toEqual([])
    nonce++
    return built
  }
  const ask = <T>(functionName: string, args: readonly unknown[] = []): T => {
    const result = chain.builder.call(chain.head, { to: desk, data: encode(functionName, args) })
    if (!result.ok) throw new Error(result.rejection.message)
    return decodeFunctionResult({ abi, functionName, data: toHex(result.value.output) }) as T
  }
  const give = async (amount: bigint) => {
    await send(encodeCall('tan', 'transfer', [desk, amount]), { to: CONTRACTS.tan.address })
  }

  it('is created, and its code is in the state', () => {
    const { state } = chain.head
    const account = state.account(desk)!
    expect(account.nonce).toBe(1n)
    expect(state.code(account.codeHash).length).toBeGreaterThan(500)
  })

  // spec L-REENTRY
  it('calls system contracts, which call nobody back, and both log', async () => {
    await give(TOKEN)
    expect(ask('held')).toBe(TOKEN)
    const { receipts, state, header } = await send(encode('pay', [carol.address, 5n]))
    expect(receipts[0]).toMatchObject({
      succeeded: true,
      logs: [{ address: CONTRACTS.tan.address }, { address: desk }],
    })
    expect(bloomMayHold(header.logsBloom, desk)).toBe(true)
    expect(bloomMayHold(header.logsBloom, carol.address)).toBe(false)
    expect(ask('held')).toBe(TOKEN - 5n)
    expect(state.account(carol.address)).toBeUndefined()
  })

  it('that a system contract refuses reverts with its error, or goes on', async () => {
    const failed = await send(encode('pay', [carol.address, 5n]))
    expect(failed.receipts[0]).toMatchObject({ succeeded: false, logs: [] })
    const result = chain.builder.call(chain.head, { to: desk, data: encode('pay', [carol.address, 5n]) })
    const refusal = chain.builder.call(chain.head, {
      from: desk,
      to: CONTRACTS.tan.address,
      data: encodeCall('tan', 'transfer', [carol.address, 5n]),
    })
    expect(result.ok && toHex(result.value.output)).toBe(refusal.ok && toHex(refusal.value.output))
    expect((await send(encode('tryPay', [carol.address, 5n]))).receipts[0]).toMatchObject({ succeeded: true, logs: [] })
  })

  it('that reverts pays for what it used, and one that runs out of gas for all', async () => {
    const reverted = await send(encode('refuse', [7n]))
    expect(reverted.receipts[0]!.succeeded).toBe(false)
    expect(reverted.header.gasUsed).toBeLessThan(30_000)
    const halted = await send(encode('spin'), { gasLimit: 200_000n })
    expect(halted.header.gasUsed).toBe(200_000)
    const call = chain.builder.call(chain.head, { to: desk, data: encode('spin'), gasLimit: 100_000 })
    expect(call).toMatchObject({ ok: true, value: { succeeded: false, haltReason: 'out of gas' } })
  })

  // spec L-BURN
  it('that destroys itself burns what it has', async () => {
    const before = chain.head.state.account(alice.address)!.balance
    const { burnedWei, header, state } = await send(encode('spawn'), { value: 7n })
    const fees = BigInt(header.gasUsed) * header.baseFeePerGas
    expect(burnedWei).toBe(fees + 7n)
    expect(before - state.account(alice.address)!.balance).toBe(burnedWei)
    expect(state.account(createdAddress(desk, 1n))).toBeUndefined()
  })

  it('sees the block that it is in, and the hashes of those before it', async () => {
    const first = hashHeader(chain.verified.header)
    await chain.grow([])
    const { header } = chain.head
    const [parent, start, own, random, coinbase, chainId] = ask<[Hash, Hash, Hash, bigint, string, bigint]>('look')
    expect(parent).toBe(first)
    expect(parent).toBe(header.parentHash)
    expect(start).toBe(chain.head.ancestors[0])
    expect(own).toBe(`0x${'00'.repeat(32)}`)
    expect(random).toBe(BigInt(header.mix))
    expect(coinbase.toLowerCase()).toBe(header.beneficiary)
    expect(chainId).toBe(BigInt(genesis.chainId))
  })

  it('sees no more than 256 hashes, and each of them', async () => {
    for (let i = 0; i < 260; i++) await chain.grow([])
    expect(chain.head.ancestors.length).toBe(256)
    const [parent, start] = ask<[Hash, Hash]>('look')
    expect([parent, start]).toEqual([chain.head.header.parentHash, `0x${'00'.repeat(32)}`])
    expect(chain.verified.ancestors).toEqual(chain.head.ancestors)
  })

  it('is estimated with gas that is enough, and not one more, where a call keeps some back', async () => {
    for (const data of [encode('fill', [0n, 3n]), encode('relay', [0n, 40n]), encode('tryPay', [carol.address, 5n])]) {
      const estimate = chain.builder.estimateGas(chain.head, { from: alice.address, to: desk, data })
      if (!estimate.ok) throw new Error(estimate.rejection.message)
      const succeedsWith = (gas: number) => {
        const run = chain.build([signed(genesis, alice, { nonce, to: desk, data, gasLimit: BigInt(gas) })])
        return run.receipts[0]!.succeeded
      }
      expect([succeedsWith(estimate.gas), succeedsWith(estimate.gas - 1)]).toEqual([true, false])
    }
    // EIP-150: the relay needs more than it spends
    const spent = (await send(encode('relay', [0n, 40n]), { gasLimit: 3_000_000n })).header.gasUsed
    await chain.grow([])
    const data = encode('relay', [40n, 40n])
    const estimate = chain.builder.estimateGas(chain.head, { from: alice.address, to: desk, data })
    expect(estimate.ok && estimate.gas).toBeGreaterThan(spent)
    expect(chain.builder.estimateGas(chain.head, { to: desk, data: encode('spin') })).toMatchObject({
      rejection: { code: 'call/halted' },
    })
    const refused = chain.builder.estimateGas(chain.head, { to: desk, data: encode('refuse', [7n]) })
    expect(refused).toMatchObject({ rejection: { code: 'call/reverted' } })
    expect(!refused.ok && toHex(refused.output)).toMatch(/07$/)
  })

  it('runs the same over a store that answers later', async () => {
    await give(TOKEN)
    const filled = await send(encode('fill', [0n, 100n]), { gasLimit: 3_000_000n })
    const parts = [
      signed(genesis, alice, { nonce, to: desk, data: encode('fill', [50n, 100n]), gasLimit: 3_000_000n }),
      signed(genesis, alice, {
        nonce: nonce + 1n,
        to: desk,
        data: encode('pay', [bob.address, 3n]),
        gasLimit: 300_000n,
      }),
      signed(genesis, alice, { nonce: nonce + 2n, to: desk, data: encode('sum'), gasLimit: 1_000_000n }),
    ]
    const two = await chain.grow(parts)
    expect(two.receipts.map(({ succeeded }) => succeeded)).toEqual([true, true, true])

    // the same chain on a disk that has cached nothing
    const disk = new MemoryStore()
    const store = await StateStore.open(withoutSync(disk))
    const ledger = new Ledger({ genesis, store })
    let head = await store.run(() => ledger.createGenesis())
    await store.settle(head.state)
    for (const { block } of chain.blocks.slice(0, -1)) {
      const result = await store.run(() => ledger.execute(head, block))
      if (!result.ok) throw new Error(result.rejection.message)
      head = result.value
      await store.settle(head.state)
    }
    expect(head.header).toEqual(filled.header)
    const cold = await StateStore.open(withoutSync(disk))
    const parent = { header: head.header, state: cold.settled, ancestors: head.ancestors }
    const slow = new Ledger({ genesis, store: cold })
    expect(() => slow.execute(parent, two.block)).toThrow(MissingStateError)
    const result = await cold.run(() => slow.execute(parent, two.block))
    if (!result.ok) throw new Error(result.rejection.message)
    expect(result.value.receipts).toEqual(two.receipts)
    expect(result.value.state.root).toBe(two.state.root)
    const asked = await cold.run(() => slow.call(result.value, { to: desk, data: encode('sum') }))
    expect(asked.ok && BigInt(toHex(asked.value.output))).toBe((150n * 151n) / 2n)
  })
})

function withoutSync(store: MemoryStore): KeyValueStore {
  return {
    get: key => store.get(key),
    getMany: keys => store.getMany(keys),
    write: (operations, options) => store.write(operations, options),
    iterate: range => store.iterate(range),
    close: () => store.close(),
  }
}
