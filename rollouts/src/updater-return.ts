/**
 * Milliseconds after which an agent that is away on a host with an updater counts as lost. The updater has gone back by then
 * from a version that is not ready within a minute, or does not reach the gateway for three, and the agent is back with the
 * true reason. What is left is a host that is gone.
 */
export const UPDATER_RETURN_MS = 6 * 60_000;
