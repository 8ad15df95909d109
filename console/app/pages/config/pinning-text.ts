import type { Pool } from '../../api/types.ts';

type Pinning = Pool['pinning'];

const texts: Readonly<Record<Pinning, string>> = {
  off: 'off: other versions are only shown',
  warn: 'warn: agents with another version are degraded',
  enforce: 'enforce: agents with another version get no clients',
};

/** `pools[].pinning` of gateway.yaml, with what it means. */
export const pinningText = (pinning: Pinning): string => texts[pinning];

/** What happens to an agent that runs something else than the pin, as part of the preview of one. */
export const driftTexts: Readonly<Record<Pinning, string>> = {
  off: 'Pinning is off for this pool, so nothing happens to agents that run another version: the fleet page shows the difference. Set pools[].pinning in gateway.yaml to warn or enforce to act on differences.',
  warn: 'Agents that run another version are degraded and keep their clients.',
  enforce:
    'Agents that run another version are quarantined and get no clients until their host has this one.',
};
