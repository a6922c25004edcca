// Every bound and waiting time of viewing, in one place. LIMITS.md lists them.

/** connections that a viewer seeks; it accepts some more */
export const PEERS_WANTED = 8
export const PEERS_MAX = 24
/** peers of which it is remembered whether a tracker called them viewer or edge */
export const ROLES_MAX = 1_000
/** segments that a viewer keeps for others, together */
export const MEMORY_MAX_BYTES = 256 * 1024 * 1024
/** how often what will be needed is worked out anew */
export const DEMAND_MS = 250
/** a player's request for a segment is answered within this, or fails */
export const READ_MAX_MS = 60_000
/** sessions of one origin in one browser: one for each tab that plays at the same time */
export const SESSIONS_MAX = 16
