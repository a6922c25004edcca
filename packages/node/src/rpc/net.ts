// The small methods: net_*, web3_* and txpool_*.
import { keccakHash } from '@tan/primitives'
import type { Mempool } from '../mempool/mempool.ts'
import type { Methods } from './eth.ts'
import { quantity } from './format.ts'
import { readData } from './params.ts'

export const CLIENT_VERSION = 'TAN/v0.1.0'

interface NetParts {
  readonly chainId: number
  readonly peerCount: () => number
  readonly mempool: Mempool
}

export function netMethods({ chainId, peerCount, mempool }: NetParts): Methods {
  return {
    net_version: () => String(chainId),
    net_listening: () => true,
    net_peerCount: () => quantity(peerCount()),
    web3_clientVersion: () => `${CLIENT_VERSION}/${process.platform}-${process.arch}/node${process.versions.node}`,
    web3_sha3: ([data]) => keccakHash(readData(data, 'data', 1024 * 1024)),
    txpool_status: () => ({ pending: quantity(mempool.size), queued: '0x0' }),
  }
}
