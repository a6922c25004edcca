// What makes two gossiped messages the same.
import { concatBytes, sha256, utf8ToBytes } from '@tan/primitives'

const GOSSIP_ID_BYTES = 20

/**
 * The topic is part of it: otherwise an attacker could suppress a message by first sending its bytes on another topic,
 * where they are rejected and then known.
 */
export function gossipId(topicId: string, message: Uint8Array): Uint8Array {
  const topic = utf8ToBytes(topicId)
  return sha256(concatBytes(topic, Uint8Array.of(0), message)).subarray(0, GOSSIP_ID_BYTES)
}
