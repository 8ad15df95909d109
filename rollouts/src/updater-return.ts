/**
 * Milliseconds after which an agent that is away on a host with an updater counts as lost. By then the updater has rolled back
 * a version that is not ready within a minute, or does not reach the gateway for three, and the agent has reported why.
 */
export const UPDATER_RETURN_MS = 6 * 60_000;
