// What every transport has to do, whatever carries it: one suite, run over libp2p and in memory.
import { describeBadPeers } from './bad-peers.ts'
import { describeConnections } from './connections.ts'
import { describeGossip } from './gossip.ts'
import type { Harness } from './kit.ts'
import { describeMessages } from './messages.ts'
import { describeRequests } from './requests.ts'

export function describeTransport(name: string, harness: Harness): void {
  describeConnections(name, harness)
  describeMessages(name, harness)
  describeRequests(name, harness)
  describeGossip(name, harness)
  describeBadPeers(name, harness)
}
