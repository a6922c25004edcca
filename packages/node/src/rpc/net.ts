// The small methods: net_*, web3_* and txpool_*.
import { keccakHash } from '@tan/primitives'
import type { Mempool } from '../mempool/mempool.ts'
import { quantity } from './format.ts'
import { type Methods, method, required } from './method.ts'
import { data } from './params.ts'

export const CLIENT_VERSION = 'TAN/v0.1.0'

interface NetParts {
  readonly chainId: number
  readonly peerCount: () => number
  readonly mempool: Mempool
}

export function netMethods({ chainId, peerCount, mempool }: NetParts): Methods {
  return {
    net_version: method([], () => String(chainId)),
    net_listening: method([], () => true),
    net_peerCount: method([], () => quantity(peerCount())),
    web3_clientVersion: method(
      [],
      () => `${CLIENT_VERSION}/${process.platform}-${process.arch}/node${process.versions.node}`,
    ),
    web3_sha3: method([required('data', data(1024 * 1024))], bytes => keccakHash(bytes)),
    txpool_status: method([], () => ({ pending: quantity(mempool.size), queued: '0x0' })),
  }
}
