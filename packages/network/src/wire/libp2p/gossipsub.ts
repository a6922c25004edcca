// GossipSub for this project: messages carry no author (their content is signed), a node passes a message on only after
// its handler has accepted it, and each copy counts against its sender before any processing.

import {
  type GossipSub,
  type GossipSubComponents,
  gossipsub,
  StrictNoSign,
  TopicValidatorResult,
} from '@libp2p/gossipsub'
import { createTopicScoreParams } from '@libp2p/gossipsub/score'
import type { PeerId as Libp2pPeerId } from '@libp2p/interface'
import { toHex } from '@tan/primitives'
import { gossipId } from '../../gossip/message-id.ts'
import { LIMITS } from '../../limits.ts'
import type { Verdict } from '../../transport.ts'
import type { WireSetup } from '../wire.ts'

/** The parts of a peer's transmission that we read. */
interface GossipTransmission {
  readonly messages: readonly { readonly topic: string; readonly data?: Uint8Array }[]
}
/** Public for subclasses to override, but the class itself is not exported: so it is overridden on the instance. */
interface ReceivingGossipSub extends GossipSub {
  handleReceivedRpc(from: Libp2pPeerId, rpc: GossipTransmission): Promise<void>
}

export function createGossip(setup: WireSetup): (components: GossipSubComponents) => GossipSub {
  const batchMaxBytes = Math.max(
    LIMITS.gossipMinBytes,
    LIMITS.gossipBatchLargestMessagesMax * setup.gossipMessageSizeMaxBytes,
  )
  const create = gossipsub({
    globalSignaturePolicy: StrictNoSign,
    msgIdFn: ({ topic, data }) => gossipId(topic, data),
    msgIdToStrFn: id => toHex(id),
    fallbackToFloodsub: false,
    floodPublish: true,
    // Announcing an arrival costs as much as a small message.
    idontwantMinDataSize: LIMITS.gossipToldMinBytes,
    // Our own messages are encoded once for all receivers.
    batchPublish: true,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    // Messages of topics without a handler are dropped on arrival. For broadcasting, we still need to know which peers
    // listen to a topic, up to this bound.
    maxTopicBytesPerPeer: LIMITS.gossipTopicBytesPerPeerMax,
    seenTTL: LIMITS.gossipSeenMs,
    maxInboundDataLength: batchMaxBytes,
    maxOutboundBufferSize: batchMaxBytes,
    // tags would protect mesh peers from libp2p's pruning of connections; ours is decided on admission
    tagMeshPeers: false,
    scoreParams: {
      topics: Object.fromEntries(setup.topicIds.map(id => [id, TOPIC_SCORE])),
      appSpecificScore: peer => -setup.events.penaltyPoints(peer),
      appSpecificWeight: 1,
      // peers of one host are bounded on admission, where loopback may be exempt
      IPColocationFactorWeight: 0,
      behaviourPenaltyThreshold: 6,
    },
  })
  return components => {
    const gossip = create(components) as ReceivingGossipSub
    for (const id of setup.topicIds)
      gossip.topicValidators.set(id, async (from, { data }) => {
        const verdict = await setup.events.gossip(from.toString(), id, data)
        return RESULTS[typeof verdict === 'object' ? 'reject' : verdict]
      })
    const receive = gossip.handleReceivedRpc.bind(gossip)
    gossip.handleReceivedRpc = async (from, rpc) => {
      const peer = from.toString()
      const messages = rpc.messages.filter(({ topic, data }) =>
        setup.events.gossipArrives(peer, topic, data?.length ?? 0),
      )
      await receive(from, { ...rpc, messages })
    }
    return gossip
  }
}

const RESULTS: Record<Exclude<Verdict, object> | 'reject', TopicValidatorResult> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
}

/**
 * First deliveries raise a peer a little, invalid messages sink it fast. That a mesh peer delivers too little is not
 * held against it: our topics are quiet for long times.
 */
const TOPIC_SCORE = createTopicScoreParams({
  topicWeight: 0.5,
  timeInMeshWeight: 0.01,
  timeInMeshQuantum: 1000,
  timeInMeshCap: 300,
  firstMessageDeliveriesWeight: 0.1,
  firstMessageDeliveriesDecay: 0.9,
  firstMessageDeliveriesCap: 50,
  meshMessageDeliveriesWeight: 0,
  meshFailurePenaltyWeight: 0,
  invalidMessageDeliveriesWeight: -20,
  invalidMessageDeliveriesDecay: 0.9,
})
