// Every bound of what travels, in one place. LIMITS.md lists them.

/** transactions of a block, encoded, together */
export const BLOCK_BODY_BYTES_MOST = 2 * 1024 * 1024
export const BLOCK_TRANSACTIONS_MOST = 65_536
/** one encoded transaction (a deployment with the largest init code of EIP-3860 fits) */
export const TRANSACTION_BYTES_MOST = 128 * 1024
export const ACCESS_LIST_ADDRESSES_MOST = 4_096
export const ACCESS_LIST_SLOTS_MOST = 4_096
export const AUTHORIZATIONS_MOST = 256

/** members of a committee; the paper has 10 to 20 */
export const COMMITTEE_MOST = 128
/** members of a guardian pool */
export const GUARDIANS_MOST = 16_384
/** justifications attached to a finality certificate, back to the newest that the chain carries */
export const FINALITY_SOURCES_MOST = 64
/** a proposal with its body, record and signature */
export const PROPOSAL_BYTES_MOST = BLOCK_BODY_BYTES_MOST + 512 * 1024
/** any other message of consensus or finality */
export const CONSENSUS_MESSAGE_BYTES_MOST = 512 * 1024

/** units that one hash chain can pay, so that checking a preimage stays cheap */
export const HASH_CHAIN_LENGTH_MOST = 4_096
