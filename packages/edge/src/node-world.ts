// A viewer in Node: the same as in a page, over libdatachannel and LevelDB. For `tan watch`, tests and benches.

import { commonWorld, openSession, type PeerWorld, type Session } from '@tan/peer'
import { type Logger, silentLogger } from '@tan/primitives'
import { openStore } from '@tan/storage'
import { durableRecords } from './durable-records.ts'
import { connectNodeRtc } from './rtc.ts'

export function createNodeWorld(logger: Logger = silentLogger): PeerWorld {
  return { ...commonWorld(logger), connect: connectNodeRtc }
}

/** `memory:` or `level:<folder>`; throws `storage/locked` where another process has it open. */
export async function openNodeSession(storeUrl: string): Promise<Session> {
  const store = await openStore(storeUrl)
  return openSession(durableRecords(store), () => store.close())
}
