// Every bound of what travels, in one place. LIMITS.md lists them.

/** transactions of a block, encoded, together */
export const BLOCK_BODY_MAX_BYTES = 2 * 1024 * 1024
export const BLOCK_TRANSACTIONS_MAX = 65_536
/** one encoded transaction (a deployment with the largest init code of EIP-3860 fits); it bounds access lists and authorizations too, beside gas */
export const TRANSACTION_MAX_BYTES = 128 * 1024

/** members of a committee; the paper has 10 to 20 */
export const COMMITTEE_MAX = 128
/** members of a guardian pool */
export const GUARDIANS_MAX = 16_384
/** justifications attached to a finality certificate, back to the newest that the chain carries */
export const FINALITY_SOURCES_MAX = 64
/** a proposal with its body, record and signature */
export const PROPOSAL_MAX_BYTES = BLOCK_BODY_MAX_BYTES + 512 * 1024
/** encoded evidence of an offence, which a transaction submits */
export const EVIDENCE_MAX_BYTES = 10 * 1024
/** any other message of consensus or finality */
export const CONSENSUS_MESSAGE_MAX_BYTES = 512 * 1024

/** units that one hash chain can pay, so that checking a preimage stays cheap */
export const HASH_CHAIN_LENGTH_MAX = 4_096
