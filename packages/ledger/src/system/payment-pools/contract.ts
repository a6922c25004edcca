// PaymentPools: deposits that pay any number of payees by vouchers off chain (spec/payments.md). Its interface; the rules
// are in terms.ts and redeem.ts.
import type { Address, Hash } from '@tan/primitives'
import { type PoolReserve, poolNumberSlot } from '@tan/protocol'
import { address, array, bytes, bytes32, struct, uint8, uint64, uint256 } from '../../abi/types.ts'
import { type SystemContract, systemContract, systemFunction, type Touched } from '../contract.ts'
import {
  Errors,
  Events,
  FIELDS,
  loadPool,
  loadTarget,
  POOLS,
  poolTouched,
  statusNumber,
  targetTouched,
} from './pool.ts'
import { proveOverspend, type Redemption, type RedemptionResult, redeem } from './redeem.ts'
import { close, createPool, release, reserve, topUp } from './terms.ts'

const reserveType = struct<PoolReserve>({ target: address, amount: uint256 })
const redemptionType = struct<Redemption>({
  poolId: bytes32,
  target: address,
  amount: uint256,
  targetSettlementSequence: uint256,
  chainAnchor: bytes32,
  chainLength: uint256,
  unit: uint256,
  signature: bytes,
  preimage: bytes32,
  index: uint256,
})
const resultType = struct<RedemptionResult>({ code: uint8, shown: uint256, paid: uint256 })

const numberSlot = (payer: Address) => ({ contract: POOLS, slot: poolNumberSlot(payer) })

function redemptionsTouched(redemptions: readonly Redemption[]): Touched {
  const pools = new Set<Hash>(redemptions.map(redemption => redemption.poolId))
  return {
    accounts: redemptions.map(redemption => redemption.target),
    slots: [
      ...[...pools].flatMap(id => poolTouched(id, FIELDS.redeem)),
      ...redemptions.map(({ poolId, target }) => targetTouched(poolId, target)),
    ],
  }
}

const functions = [
  systemFunction({
    name: 'createPool',
    inputs: [bytes32, uint256, uint256, uint64, address, address, array(reserveType)],
    outputs: [bytes32],
    mutability: 'payable',
    run: createPool,
    touched: caller => ({ slots: [numberSlot(caller)] }),
  }),
  systemFunction({
    name: 'topUp',
    inputs: [bytes32, uint256, uint256, uint64],
    outputs: [],
    mutability: 'payable',
    run: topUp,
    touched: (_, id) => ({ slots: poolTouched(id, FIELDS.amounts) }),
  }),
  systemFunction({
    name: 'reserve',
    inputs: [bytes32, address, uint256, uint64, bytes],
    outputs: [],
    mutability: 'nonpayable',
    run: reserve,
    touched: (_, id, target) => ({ slots: [...poolTouched(id, FIELDS.reserve), targetTouched(id, target)] }),
  }),
  systemFunction({
    name: 'release',
    inputs: [bytes32],
    outputs: [],
    mutability: 'nonpayable',
    run: release,
    touched: (caller, id) => ({ slots: [...poolTouched(id, FIELDS.amounts), targetTouched(id, caller)] }),
  }),
  systemFunction({
    name: 'redeem',
    inputs: [array(redemptionType)],
    outputs: [array(resultType)],
    mutability: 'nonpayable',
    run: redeem,
    touched: (_, redemptions) => redemptionsTouched(redemptions),
  }),
  systemFunction({
    name: 'proveOverspend',
    inputs: [bytes32, array(redemptionType)],
    outputs: [],
    mutability: 'nonpayable',
    run: proveOverspend,
    touched: (_, id, redemptions) => redemptionsTouched(redemptions.filter(({ poolId }) => poolId === id)),
  }),
  systemFunction({
    name: 'close',
    inputs: [bytes32],
    outputs: [],
    mutability: 'nonpayable',
    run: close,
    touched: (_, id) => ({ slots: poolTouched(id) }),
  }),
  systemFunction({
    name: 'pool',
    inputs: [bytes32],
    outputs: [address, address, address, bytes32, uint256, uint256, uint256, uint256, uint64, uint8],
    mutability: 'view',
    run(call, id) {
      const { state } = loadPool(call, id, FIELDS.all)
      const { payer, signer, reserver, resourceCommitment, deposit, collateral, paid, claims, expiryHeight } = state
      return [
        payer,
        signer,
        reserver,
        resourceCommitment,
        deposit,
        collateral,
        paid,
        claims,
        BigInt(expiryHeight),
        statusNumber(state),
      ] as const
    },
    touched: (_, id) => ({ slots: poolTouched(id) }),
  }),
  systemFunction({
    name: 'target',
    inputs: [bytes32, address],
    outputs: [uint256, uint256, uint64],
    mutability: 'view',
    run(call, id, target) {
      const { paid, reserved, nonce } = loadTarget(call, id, target)
      return [paid, reserved, nonce] as const
    },
    touched: (_, id, target) => ({ slots: [targetTouched(id, target)] }),
  }),
  systemFunction({
    name: 'poolCount',
    inputs: [address],
    outputs: [uint256],
    mutability: 'view',
    run: (call, payer) => call.load(POOLS, poolNumberSlot(payer)),
    touched: (_, payer) => ({ slots: [numberSlot(payer)] }),
  }),
]

export const paymentPools: SystemContract = systemContract(
  POOLS,
  functions,
  Object.values(Events),
  Object.values(Errors),
)
