// What a peer in Node has instead of a page: WebRTC by libdatachannel, and sessions in a key-value store. For edges, `tan watch`,
// tests and benches.

import { commonWorld, openSession, type PeerWorld, type Session } from '@tan/peer'
import { type Logger, silentLogger } from '@tan/primitives'
import { openStore } from '@tan/storage'
import { durableRecords } from './durable-records.ts'
import { connectNodeRtc } from './rtc.ts'

export function createNodeWorld(logger: Logger = silentLogger): PeerWorld {
  return { ...commonWorld(logger), connect: connectNodeRtc }
}

/** spec D-ONEWRITER: `memory:` or `level:<folder>`; throws `storage/locked` where another process has it open. */
export async function openNodeSession(storeUrl: string): Promise<Session> {
  const store = await openStore(storeUrl)
  return openSession(durableRecords(store), () => store.close())
}
