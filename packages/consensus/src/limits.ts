// Every bound of this room, in one place. LIMITS.md lists them.

/** eras of which consensus runs at one time: one that ends, the one after it, and one more while the first is wound up */
export const LIVE_ERAS_MAX = 3

/** blocks above the settled one that are kept; beyond, new ones are refused until something settles */
export const UNSETTLED_BLOCKS_MAX = 1_024
/** proposals whose parent is not known yet */
export const ORPHANS_MAX = 128
/** proposals kept of one leader in one epoch: the first, and the one that proves that it equivocates */
export const PROPOSALS_OF_EPOCH_MAX = 2
/** blocks that no certificate justifies, kept to prove who voted for them: the newest */
export const UNJUSTIFIED_BLOCKS_MAX = 16
/** epochs for which the votes, and the epoch changes, of one validator are kept: its newest */
export const EPOCHS_OF_SIGNER_MAX = 8
/** doublings of the epoch timer */
export const BACKOFF_DOUBLINGS_MAX = 6

/** statements of finality that collect signatures at one time */
export const LIVE_STATEMENTS_MAX = 64
/** statements that one guardian may open among them */
export const STATEMENTS_OF_GUARDIAN_MAX = 4
/** justified points kept above the newest one that the chain carries */
export const JUSTIFICATIONS_MAX = 4_096
/** ballots whose proposal was passed on, so that each is passed on once */
export const BALLOTS_PASSED_ON_MAX = 64
/** settled checkpoints kept above the finalized one */
export const CHECKPOINTS_MAX = 65_536
