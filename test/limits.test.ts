// Bounds of different rooms that lean on each other. Each room names its own; here is what must hold between them, and why:
// what one room makes at its largest, the next one has to take, or an honest peer is refused, or a node stops.
import { encode, type Hash } from '@tan/primitives'
import {
  type BlockHeader,
  type ConsensusRecord,
  DEFAULT_PARAMETERS,
  EMPTY_LOGS_BLOOM,
  type FinalityCertificate,
  finalityCertificateCodec,
  finalityMessageCodec,
  PIECE_SIZE_BYTES,
  type Proposal,
  proposalCodec,
  SEGMENT_MAX_BYTES,
  type SignedVoucher,
  settlementMessageCodec,
  signedVoucherCodec,
} from '@tan/protocol'
import { describe, expect, test } from 'vitest'
import * as web from '../apps/web/src/limits.ts'
import * as consensus from '../packages/consensus/src/limits.ts'
import * as delivery from '../packages/delivery/src/limits.ts'
import * as edge from '../packages/edge/src/limits.ts'
import * as evm from '../packages/evm/src/limits.ts'
import * as ledger from '../packages/ledger/src/limits.ts'
import { CHAIN_STEP_GAS } from '../packages/ledger/src/system/gas.ts'
import { LIMITS as network } from '../packages/network/src/limits.ts'
import * as node from '../packages/node/src/limits.ts'
import { proposalMaxBytes } from '../packages/node/src/sync/block-answers.ts'
import {
  blocksRequestCodec,
  blocksResponseCodec,
  helloCodec,
  transactionsCodec,
} from '../packages/node/src/wire/messages.ts'
import * as protocols from '../packages/node/src/wire/protocols.ts'
import * as origin from '../packages/origin/src/limits.ts'
import * as payments from '../packages/payments/src/limits.ts'
import * as peer from '../packages/peer/src/limits.ts'
import * as resources from '../packages/protocol/src/delivery/limits.ts'
import * as protocol from '../packages/protocol/src/limits.ts'
import * as trackerMessages from '../packages/protocol/src/tracker/limits.ts'
import * as storage from '../packages/storage/src/limits.ts'
import * as tracker from '../packages/tracker/src/limits.ts'
import * as viewer from '../packages/viewer/src/limits.ts'

/** the least that a log costs, and each of its bytes (Yellow Paper) */
const LOG_GAS = 375
const LOG_BYTE_GAS = 8
const HASH: Hash = `0x${'ff'.repeat(32)}`
const ADDRESS = `0x${'ff'.repeat(20)}` as const
const SIGNATURE = new Uint8Array(96).fill(255)
const UINT = Number.MAX_SAFE_INTEGER

const bitmap = (members: number): Uint8Array => new Uint8Array(members / 8).fill(255)

const FINALITY: FinalityCertificate = {
  justifications: Array.from({ length: protocol.FINALITY_SOURCES_MAX }, () => ({
    prepare: { round: UINT, source: { hash: HASH, round: UINT }, target: HASH },
    signers: bitmap(protocol.GUARDIANS_MAX),
    signature: SIGNATURE,
  })),
  commit: { signers: bitmap(protocol.GUARDIANS_MAX), signature: SIGNATURE },
}
const COMMIT = {
  epoch: UINT,
  blockHash: HASH,
  justifyEpoch: UINT,
  signers: bitmap(protocol.COMMITTEE_MAX),
  signature: SIGNATURE,
}
const EPOCH_CHANGE = {
  epoch: UINT,
  groups: Array.from({ length: protocol.COMMITTEE_MAX }, () => ({
    certificateEpoch: UINT,
    signers: bitmap(protocol.COMMITTEE_MAX),
  })),
  signature: SIGNATURE,
}
const RECORD: ConsensusRecord = {
  epoch: UINT,
  reveal: SIGNATURE,
  justify: COMMIT,
  epochChange: EPOCH_CHANGE,
  committeeRoot: HASH,
  poolRoot: HASH,
  finality: FINALITY,
}
const HEADER: BlockHeader = {
  parentHash: HASH,
  beneficiary: ADDRESS,
  stateRoot: HASH,
  transactionsRoot: HASH,
  receiptsRoot: HASH,
  logsBloom: new Uint8Array(EMPTY_LOGS_BLOOM.length).fill(255),
  height: UINT,
  gasLimit: UINT,
  gasUsed: UINT,
  timestampS: UINT,
  recordHash: HASH,
  mix: HASH,
  baseFeePerGas: 2n ** 256n - 1n,
}
const VOUCHER: SignedVoucher = {
  poolId: HASH,
  target: ADDRESS,
  amount: 2n ** 256n - 1n,
  targetSettlementSequence: 2n ** 256n - 1n,
  chainAnchor: HASH,
  chainLength: protocol.HASH_CHAIN_LENGTH_MAX,
  unit: 2n ** 256n - 1n,
  signature: new Uint8Array(65).fill(255),
}

/** The largest proposal whose body is all of transactions of this size, none of which need be valid. */
function proposalOf(transactionBytes: number): Proposal {
  const count = Math.min(protocol.BLOCK_TRANSACTIONS_MAX, Math.floor(protocol.BLOCK_BODY_MAX_BYTES / transactionBytes))
  const transactions = Array.from({ length: count }, () => new Uint8Array(transactionBytes).fill(255))
  return { block: { header: HEADER, record: RECORD, transactions }, signature: SIGNATURE }
}

type Relation = readonly [why: string, atMost: number | bigint, what: number | bigint]

function hold(title: string, relations: readonly Relation[]): void {
  describe(title, () => {
    test.each(relations)('%s', (_, less, more) => {
      expect(less <= more, `${less} is above ${more}`).toBe(true)
    })
  })
}

hold('blocks and what consensus says', [
  [
    'a chain’s standard block is within what any chain may have',
    DEFAULT_PARAMETERS.blockBodyMaxBytes,
    protocol.BLOCK_BODY_MAX_BYTES,
  ],
  ['and so is its gas', DEFAULT_PARAMETERS.blockGasLimit, protocol.BLOCK_GAS_MAX],
  ['any transaction fits into a standard block', protocol.TRANSACTION_MAX_BYTES, DEFAULT_PARAMETERS.blockBodyMaxBytes],
  ['and its gas into that block', evm.TRANSACTION_GAS_MAX, DEFAULT_PARAMETERS.blockGasLimit],
  ['a creation with the largest init code is a transaction', evm.INIT_CODE_MAX_BYTES, protocol.TRANSACTION_MAX_BYTES],
  ...[32, 56, 110, protocol.TRANSACTION_MAX_BYTES].map(
    (bytes): Relation => [
      `a full block of ${bytes}-byte transactions with the largest record is a proposal that all take`,
      encode(settlementMessageCodec, { type: 'proposal', proposal: proposalOf(bytes) }).length,
      protocol.PROPOSAL_MAX_BYTES,
    ],
  ),
  [
    'an epoch change of a whole committee, each of another epoch, is a message',
    encode(settlementMessageCodec, { type: 'epoch-change-certificate', epochChange: EPOCH_CHANGE, certificate: COMMIT })
      .length,
    protocol.CONSENSUS_MESSAGE_MAX_BYTES,
  ],
  [
    'the largest finality certificate is a message',
    encode(finalityMessageCodec, { type: 'finalized', certificate: FINALITY }).length,
    protocol.CONSENSUS_MESSAGE_MAX_BYTES,
  ],
  [
    'and so is a status with the longest chain of justifications',
    encode(finalityMessageCodec, {
      type: 'status',
      status: {
        ballot: UINT,
        justified: { hash: HASH, round: UINT },
        settledHeight: UINT,
        guardian: UINT,
        signature: SIGNATURE,
      },
      justifications: FINALITY.justifications,
    }).length,
    protocol.CONSENSUS_MESSAGE_MAX_BYTES,
  ],
  [
    'a chain of justifications that is sent is one that is kept',
    protocol.FINALITY_SOURCES_MAX,
    consensus.JUSTIFICATIONS_MAX,
  ],
])

hold('what nodes tell each other', [
  [
    'a proposal fits into the messages of validators',
    protocol.PROPOSAL_MAX_BYTES,
    protocols.SETTLEMENT_PROTOCOL.messageSizeMaxBytes,
  ],
  ['and into gossip', protocol.PROPOSAL_MAX_BYTES, protocols.BLOCKS_TOPIC.messageSizeMaxBytes],
  [
    'a message of finality fits into gossip',
    protocol.CONSENSUS_MESSAGE_MAX_BYTES,
    protocols.FINALITY_TOPIC.messageSizeMaxBytes,
  ],
  [
    'an answer holds the largest proposal, or nobody could catch up past it',
    protocol.PROPOSAL_MAX_BYTES + 16,
    protocols.BLOCKS_PROTOCOL.responseSizeMaxBytes,
  ],
  [
    'and as many items as its transactions can be, none shorter than a signature',
    node.BLOCKS_OF_RESPONSE_MAX_BYTES / 65,
    node.BLOCKS_OF_RESPONSE_ITEMS_MAX,
  ],
  [
    'a request for blocks fits into its bound',
    encode(blocksRequestCodec, { hash: HASH, aboveHeight: UINT }).length,
    protocols.BLOCKS_PROTOCOL.messageSizeMaxBytes,
  ],
  [
    'a hello fits into its bound',
    encode(helloCodec, {
      settledHeight: UINT,
      headHeight: UINT,
      headHash: HASH,
      validator: { era: HASH, index: UINT, signature: SIGNATURE },
    }).length,
    protocols.HELLO_PROTOCOL.messageSizeMaxBytes,
  ],
  [
    'the largest transaction can be gossiped, beside half a message of others',
    encode(transactionsCodec, { slot: UINT, transactions: [new Uint8Array(protocol.TRANSACTION_MAX_BYTES)] }).length,
    node.GOSSIPED_TRANSACTIONS_MAX_BYTES / 2,
  ],
  [
    'gossip that waits for its handlers holds the largest message',
    protocol.PROPOSAL_MAX_BYTES,
    network.gossipPendingMaxBytes,
  ],
  ['so does the queue of what waits for consensus', protocol.PROPOSAL_MAX_BYTES, node.INBOX_MAX_BYTES],
  ['a stream takes a whole proposal before it is read', protocol.PROPOSAL_MAX_BYTES, network.streamWindowMaxBytes],
  [
    'a pool of transactions keeps what may wait for one account',
    node.MEMPOOL_OF_ACCOUNT_MAX,
    node.MEMPOOL_NONCE_GAP_MAX,
  ],
])

hold('what a node keeps', [
  ['a proposal is one value of a store', protocol.PROPOSAL_MAX_BYTES, storage.VALUE_MAX_BYTES],
  [
    'the receipts that a block’s gas pays for, at the price of a byte of a log and of a receipt, are one value',
    Math.ceil(protocol.BLOCK_GAS_MAX / LOG_BYTE_GAS + (protocol.BLOCK_GAS_MAX / 21_000) * 320),
    storage.VALUE_MAX_BYTES,
  ],
  [
    'a receipt holds as many logs as a transaction can pay for',
    evm.TRANSACTION_GAS_MAX / BigInt(LOG_GAS),
    ledger.RECEIPT_LOGS_MAX,
  ],
  ['and as long ones', evm.TRANSACTION_GAS_MAX / BigInt(LOG_BYTE_GAS), ledger.RECEIPT_LOG_MAX_BYTES],
  [
    'every block above the settled one that consensus keeps has its state',
    consensus.UNSETTLED_BLOCKS_MAX,
    storage.UNSETTLED_LAYERS_MAX,
  ],
  ['a call can do what a transaction can', evm.TRANSACTION_GAS_MAX, ledger.CALL_GAS_MAX],
  ['and nobody may ask for more than the ledger gives', node.RPC_CALL_GAS_MAX, ledger.CALL_GAS_MAX],
  ['a call’s gas is one that the engine counts', ledger.CALL_GAS_MAX, evm.GAS_MAX],
  [
    'a raw transaction, in hexadecimal, is a request',
    2 * protocol.TRANSACTION_MAX_BYTES + 1_024,
    node.RPC_REQUEST_MAX_BYTES,
  ],
])

hold('pools and their proofs', [
  ['a payer’s hash chain is one that the contract walks', payments.CHAIN_LENGTH, protocol.HASH_CHAIN_LENGTH_MAX],
  [
    'walking the longest chain fits into a transaction',
    protocol.HASH_CHAIN_LENGTH_MAX * CHAIN_STEP_GAS,
    evm.TRANSACTION_GAS_MAX,
  ],
  ['a payee redeems no more vouchers at once than the contract takes', peer.REDEMPTIONS_MAX, ledger.REDEMPTIONS_MAX],
  [
    'and has the gas for it: chains, signatures, slots and data',
    peer.REDEMPTIONS_MAX * (payments.CHAIN_LENGTH * CHAIN_STEP_GAS + 100_000),
    evm.TRANSACTION_GAS_MAX,
  ],
  [
    'a voucher fits behind a claim',
    encode(signedVoucherCodec, VOUCHER).length,
    trackerMessages.CLAIM_VOUCHER_MAX_BYTES,
  ],
  ['the slots of a pool’s proof may be asked for together', resources.PROOF_SLOTS_MAX, node.RPC_PROOF_SLOTS_MAX],
  [
    'the longest path of a proof is one that a trie’s proof may have',
    resources.PROOF_PATH_NODES_MAX * resources.PROOF_NODE_MAX_BYTES,
    storage.PROOF_MAX_BYTES,
  ],
])

hold('pieces between peers', [
  ['a piece and its place are a message', PIECE_SIZE_BYTES + 64, resources.SWARM_MESSAGE_MAX_BYTES],
  ['so is the list of a segment’s hashes', 32 * resources.SEGMENT_PIECES_MAX + 64, resources.SWARM_MESSAGE_MAX_BYTES],
  ['so is the map of all that a peer has', resources.SEGMENTS_MAX / 8 + 64, resources.SWARM_MESSAGE_MAX_BYTES],
  [
    'pieces that are sent together do not fill a channel’s buffer',
    delivery.SENDING_MAX * PIECE_SIZE_BYTES,
    peer.CHANNEL_BUFFER_MAX_BYTES,
  ],
  [
    'a channel’s buffer is no sign of a peer that does not read',
    peer.CHANNEL_BUFFER_MAX_BYTES,
    peer.CHANNEL_UNREAD_MAX_BYTES,
  ],
  ['a channel has drained before its buffer is full', peer.CHANNEL_LOW_BYTES, peer.CHANNEL_BUFFER_MAX_BYTES],
  ['what one peer asks another for finds room in its queue', delivery.IN_FLIGHT_MAX, delivery.QUEUE_MAX],
  ['a request waits for its payment no shorter than for an answer', delivery.REQUEST_MAX_MS, delivery.UNPAID_MAX_MS],
  [
    'lists of hashes that are fetched in one go may be asked for',
    delivery.HASHES_SEGMENTS_MAX,
    delivery.HASHES_REQUESTS_MAX,
  ],
  ['pieces that are paid ahead are those that may get lost', payments.PREPAID_MAX, payments.LOST_MAX],
  ['connections of an edge find room in the core', edge.PEERS_MAX, delivery.LINKS_MAX],
  ['and those of a viewer', viewer.PEERS_WANTED, viewer.PEERS_MAX],
  ['a pin of an edge is a demand of the core', edge.PINNING_MAX, delivery.DEMAND_MAX],
  ['an edge keeps the pieces of a segment that is not whole', SEGMENT_MAX_BYTES, edge.LOOSE_MAX_BYTES],
  ['a viewer keeps the segment that it plays', SEGMENT_MAX_BYTES, viewer.MEMORY_MAX_BYTES],
  [
    'a segment is given up only after its peers and the origin were',
    delivery.STRIKES_MAX * delivery.REQUEST_MAX_MS + peer.ORIGIN_IDLE_MS,
    viewer.READ_MAX_MS,
  ],
])

hold('an origin', [
  ['makes segments that a manifest may name', origin.SEGMENT_S * 1_000, resources.SEGMENT_DURATION_MAX_MS],
  ['cuts files into parts that are segments', origin.FILE_PART_BYTES, SEGMENT_MAX_BYTES],
  [
    'serves the longest path of a manifest, in any script, below a folder of its own',
    encodeURIComponent('語'.repeat(resources.FILE_URI_MAX_CHARS)).length + resources.ENDPOINT_MAX_CHARS,
    origin.URL_MAX_CHARS,
  ],
  ['waits longer for a client than a client for it', peer.ORIGIN_IDLE_MS, origin.STALLED_TIMEOUT_MS],
])

hold('a tracker', [
  [
    'reads the longest message, whatever its script',
    3 * trackerMessages.TRACKER_MESSAGE_MAX_CHARS,
    tracker.FRAME_MAX_BYTES,
  ],
  [
    'passes on the longest description, its line ends escaped',
    1.5 * trackerMessages.SDP_MAX_CHARS + 1_024,
    trackerMessages.TRACKER_MESSAGE_MAX_CHARS,
  ],
  ['takes all resources of an edge', edge.RESOURCES_MAX, tracker.DEFAULT_LIMITS.resourcesPerPeer],
  [
    'takes them at once when an edge comes back',
    edge.RESOURCES_MAX,
    tracker.BURST_SECONDS * tracker.DEFAULT_LIMITS.messagesPerSecond,
  ],
  [
    'passes on ten candidates for each attempt of a viewer',
    2 * peer.ATTEMPTS_MAX * 10,
    tracker.BURST_SECONDS * tracker.DEFAULT_LIMITS.signalsPerSecond,
  ],
  ['names as many peers as a viewer may hold', viewer.PEERS_MAX, trackerMessages.CANDIDATES_MAX],
  ['is one of those that a manifest names', peer.TRACKERS_USED_MAX, resources.TRACKERS_MAX],
  ['can send a page of answers to one reader', trackerMessages.TRACKER_MESSAGE_MAX_CHARS, tracker.UNSENT_MAX_BYTES],
])

hold('the web app', [
  ['shows any committee', protocol.COMMITTEE_MAX, web.COMMITTEE_MEMBERS_MAX],
  ['and any pool of guardians', protocol.GUARDIANS_MAX, web.GUARDIANS_SHOWN_MAX],
  ['reads the whole pool in one answer', protocol.GUARDIANS_MAX * 400, web.RPC_RESPONSE_MAX_CHARS],
  [
    'checks the largest finality certificate',
    encode(finalityCertificateCodec, FINALITY).length,
    web.FINALITY_CERTIFICATE_MAX_BYTES,
  ],
  [
    'reads a full block with its transactions',
    2 * protocol.BLOCK_BODY_MAX_BYTES + (protocol.BLOCK_GAS_MAX / 21_000) * 1_000,
    web.RPC_RESPONSE_MAX_CHARS,
  ],
  ['reads no more than a node answers', web.RPC_RESPONSE_MAX_CHARS, node.RPC_RESPONSE_MAX_BYTES],
  ['looks for events no further than a node does', web.EVENT_RANGE_BLOCKS, node.RPC_LOG_BLOCKS_MAX],
  ['asks for no more pools than a node gives', web.POOLS_SHOWN_MAX, node.RPC_POOLS_MAX],
  ['keeps the blocks that it fetches', web.BLOCKS_BACKFILL, web.BLOCKS_KEPT_MAX],
])

describe('an answer with blocks', () => {
  test('is never above its bound, whatever blocks it holds: what a proposal takes is not underestimated', () => {
    for (const bytes of [1, 32, 55, 56, 110, 255, 256, 65_536, protocol.TRANSACTION_MAX_BYTES]) {
      const proposal = proposalOf(bytes)
      const takes = encode(proposalCodec, proposal).length
      expect(takes).toBeLessThanOrEqual(proposalMaxBytes(proposal))
      expect(proposalMaxBytes(proposal)).toBeLessThanOrEqual(node.BLOCKS_OF_RESPONSE_MAX_BYTES)
    }
    // many blocks of transfers, of such a number that they just fill the answer
    const whole = proposalOf(110)
    const few: Proposal = {
      ...whole,
      block: {
        ...whole.block,
        record: { ...RECORD, finality: undefined },
        transactions: whole.block.transactions.slice(0, 2_787),
      },
    }
    const count = Math.min(
      node.BLOCKS_OF_RESPONSE_MAX,
      Math.floor(node.BLOCKS_OF_RESPONSE_MAX_BYTES / proposalMaxBytes(few)),
    )
    const answer = encode(
      blocksResponseCodec,
      Array.from({ length: count }, () => few),
    )
    expect(answer.length).toBeLessThanOrEqual(protocols.BLOCKS_PROTOCOL.responseSizeMaxBytes)
  })
})

describe('codes', () => {
  test('fit into what carries them', async () => {
    const { readCodes } = await import('../scripts/house/codes.ts')
    const tables = await readCodes(new URL('..', import.meta.url).pathname)
    const codes = [...tables.values()].flatMap(({ rejections, errors }) => Object.keys({ ...rejections, ...errors }))
    expect(codes.length).toBeGreaterThan(100)
    for (const code of codes) {
      expect(code.length, code).toBeLessThanOrEqual(resources.REASON_CODE_MAX_BYTES)
      expect(code.length, code).toBeLessThanOrEqual(trackerMessages.ERROR_CODE_MAX_CHARS)
      expect(code.length, code).toBeLessThanOrEqual(network.refusalTextMaxBytes)
    }
  })
})
