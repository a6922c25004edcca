// TAN's own methods: consensus, finality, committee and pool, payment pools and the proofs that light clients check.
// Unlike Ethereum's, their numbers are JSON numbers; amounts are decimal strings of wei.
import type { ConsensusReader } from '@tan/consensus'
import { assert, encode, type Hash, toHex } from '@tan/primitives'
import {
  bitmapIndices,
  checkpointHeight,
  checkpointIndexOf,
  type Era,
  type Eras,
  type FinalityCertificate,
  finalityCertificateCodec,
  finalizedPoint,
  type Genesis,
  headerCodec,
  poolSlots,
  poolTargetSlot,
  type SignerSet,
  SYSTEM_ADDRESSES,
  settlementProofCodec,
  unpackPool,
  unpackTarget,
} from '@tan/protocol'
import { RPC_POOLS_MAX } from '../limits.ts'
import type { Mempool } from '../mempool/mempool.ts'
import { RESOURCE_UNAVAILABLE, RpcError } from './errors.ts'
import type { Methods } from './eth.ts'
import { formatHeader } from './format.ts'
import { readAddress, readBlockTag, readHash, readNumber, readObject } from './params.ts'
import type { ChainReader } from './reader.ts'

export interface TanParts {
  readonly reader: ChainReader
  readonly mempool: Mempool
  readonly genesis: Genesis
  readonly genesisHash: Hash
  readonly eras: Eras
  readonly consensus: ConsensusReader
  readonly peerCount: () => number
}

export function tanMethods(parts: TanParts): Methods {
  const { reader, genesis, genesisHash, eras, consensus } = parts
  const { chain } = reader

  const poolAt = async (poolId: Hash) => {
    const { state } = chain.settled
    const words = await chain.states.run(() =>
      poolSlots(poolId).map(slot => state.storage(SYSTEM_ADDRESSES.paymentPools, slot)),
    )
    return unpackPool(words)
  }

  const formatPool = async (poolId: Hash) => {
    const found = await poolAt(poolId)
    if (found === undefined) return null
    const { deposit, collateral, paid, claims, ...rest } = found
    return {
      poolId,
      ...rest,
      deposit: deposit.toString(),
      collateral: collateral.toString(),
      paid: paid.toString(),
      claims: claims.toString(),
    }
  }

  return {
    tan_chainInfo: () => {
      const { chainId, name, isDevnet, parameters } = genesis
      const numbers = Object.entries(parameters).map(([key, value]) => [
        key,
        typeof value === 'bigint' ? value.toString() : value,
      ])
      return { chainId, name, genesisHash, isDevnet, parameters: Object.fromEntries(numbers) }
    },
    tan_status: () => tanStatus(parts),
    tan_committee: () => {
      const { leader } = consensus.settlementStatus()
      return consensus.era.committee.signers.map(({ address, blsPublicKey, power }, i) => {
        return { address, blsPublicKey: toHex(blsPublicKey), power, isLeader: i === leader }
      })
    },
    tan_guardians: () => {
      const { committee, pool } = consensus.era
      const validators = new Set(committee.signers.map(({ address }) => address))
      return pool.signers.map(({ address, blsPublicKey, power }) => {
        return { address, blsPublicKey: toHex(blsPublicKey), power, isValidator: validators.has(address) }
      })
    },
    tan_block: async ([tag]) => {
      const found = await reader.find(readBlockTag(tag))
      if (found === undefined) return null
      const { header, record, transactions } = found.block
      const { finality } = record
      const height = header.height
      const isSettled = height <= chain.settled.header.height
      const status = height <= chain.finalized.height ? 'finalized' : isSettled ? 'settled' : 'head'
      const child = await reader.find({ type: 'height', height: height + 1 })
      const justify = child?.block.record.justify
      return {
        header: { ...formatHeader(header, found.hash), height },
        record: {
          epoch: record.epoch,
          justifyEpoch: record.justify.epoch,
          hasEpochChange: record.epochChange !== undefined,
          leader: header.beneficiary,
          ...(finality === undefined ? {} : { finality: formatFinality(eraAt(height), finality) }),
        },
        status,
        transactions: transactions.length,
        ...(justify?.blockHash === found.hash
          ? {
              certificate: {
                epoch: justify.epoch,
                signers: bitmapIndices(justify.signers).length,
                of: eraAt(height).committee.signers.length,
              },
            }
          : {}),
      }
    },
    tan_pool: ([poolId]) => formatPool(readHash(poolId, 'pool id')),
    tan_poolTarget: async ([poolId, target]) => {
      const slot = poolTargetSlot(readHash(poolId, 'pool id'), readAddress(target, 'target'))
      const { state } = chain.settled
      const word = await chain.states.run(() => state.storage(SYSTEM_ADDRESSES.paymentPools, slot))
      const { paid, reserved, nonce } = unpackTarget(word)
      return { paid: paid.toString(), reserved: reserved.toString(), nonce: nonce.toString() }
    },
    tan_pools: async ([options]) => {
      const limit =
        options === undefined ? 50 : readNumber(readObject(options, 'options').limit ?? 50, 'limit', RPC_POOLS_MAX)
      const pools = []
      for (const poolId of await chain.store.newestPools(limit)) pools.push(await formatPool(poolId))
      return pools.filter(found => found !== null)
    },
    tan_poolProof: async ([id, target]) => {
      const poolId = readHash(id, 'pool id')
      const { settled, settledProof } = chain
      if (settledProof === undefined)
        throw new RpcError(RESOURCE_UNAVAILABLE, 'nothing is settled on this chain yet: try again soon')
      const slots = [...poolSlots(poolId), poolTargetSlot(poolId, readAddress(target, 'target'))]
      const proof = await chain.states.run(() => settled.state.prove(SYSTEM_ADDRESSES.paymentPools, slots))
      return {
        poolId,
        header: toHex(encode(headerCodec, settled.header)),
        settlement: toHex(encode(settlementProofCodec, settledProof)),
        accountProof: proof.accountProof.map(toHex),
        slotProofs: proof.storageProof.map(({ proof: nodes }) => nodes.map(toHex)),
      }
    },
    tan_settlementProof: () => {
      const { settled, settledProof } = chain
      if (settledProof === undefined) return null
      return {
        height: settled.header.height,
        hash: settled.hash,
        header: toHex(encode(headerCodec, settled.header)),
        settlement: toHex(encode(settlementProofCodec, settledProof)),
      }
    },
    tan_finalityCertificate: async ([height]) => {
      const isNewest = height === undefined || height === null
      const at = isNewest ? chain.finalized.height : readNumber(height, 'height')
      const certificate = isNewest ? chain.store.certificate : await chain.store.certificateAt(at)
      if (certificate === undefined) return null
      return {
        ...formatFinality(eraAt(at), certificate),
        encoded: toHex(encode(finalityCertificateCodec, certificate)),
      }
    },
    tan_anchor: () => {
      const { committee, pool } = consensus.era
      return {
        chainId: genesis.chainId,
        genesisHash,
        checkpointInterval: genesis.parameters.checkpointInterval,
        committee: committee.signers.map(formatSigner),
        pool: pool.signers.map(formatSigner),
      }
    },
  }

  /** Of a block that this node has. */
  function eraAt(height: number): Era {
    const era = eras.at(height)
    assert(era !== undefined, `a block at height ${height} of an era that is not known`)
    return era
  }

  function formatFinality({ start, pool }: Era, certificate: FinalityCertificate) {
    const { round, hash } = finalizedPoint(certificate)
    const height = checkpointHeight(start, genesis.parameters.checkpointInterval, checkpointIndexOf(round))
    return { height, hash, round, signers: bitmapIndices(certificate.commit.signers).length, of: pool.signers.length }
  }
}

export type TanStatus = ReturnType<typeof tanStatus>

/** What status pages show, and what the `tanStatus` subscription pushes. */
export function tanStatus({ reader: { chain }, consensus, mempool, peerCount }: TanParts) {
  const { epoch, leader, hasGivenUpEpoch } = consensus.settlementStatus()
  const { height, ballot, preparePower, commitPower, totalPower } = consensus.finalityProgress()
  return {
    epoch,
    hasGivenUpEpoch,
    leader: consensus.era.committee.signers[leader]!.address,
    head: { height: chain.head.header.height, hash: chain.head.hash },
    settled: { height: chain.settled.header.height, hash: chain.settled.hash },
    finalized: { height: chain.finalized.height, hash: chain.finalized.hash },
    finality: { height, ballot, preparePower, commitPower, totalPower },
    peers: peerCount(),
    mempool: { transactions: mempool.size, bytes: mempool.sizeBytes },
  }
}

function formatSigner({ address, blsPublicKey, power }: SignerSet['signers'][number]) {
  return { address, blsPublicKey: toHex(blsPublicKey), power }
}
