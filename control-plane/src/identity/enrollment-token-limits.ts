/** Agents that one enrollment token can enroll. */
export const MAX_USES = 10_000;
/** The longest life of an enrollment token, in seconds: a year. */
export const MAX_TTL_SECONDS = 365 * 24 * 60 * 60;
