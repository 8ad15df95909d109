import type { BulkItem } from '@penstock/api-schema';
import type { AgentView } from '../fleet/agent-view.ts';
import type { OpenFleet } from '../fleet/open-fleet.ts';
import { addToImpact, noImpact, type ProposedPin } from '../fleet/preview-pin.ts';

export type PreviewedFleet = Pick<OpenFleet, 'versions' | 'pinListing' | 'pools'>;

/**
 * Returns a function that says what it would do to an agent to pin it by itself to `version`, or to remove its own pin if
 * that is undefined. The function rejects with StoreError.
 */
export function previewBulkPin(
  { versions, pinListing, pools }: PreviewedFleet,
  version: number | undefined,
): (agent: AgentView) => Promise<Omit<BulkItem, 'name'>> {
  const pinning = new Map(pools().map((pool) => [pool.name, pool.pinning]));
  const poolPins = new Map(
    pinListing()
      .filter(({ scope }) => scope === 'pool')
      .map((pin) => [pin.name, pin]),
  );
  const published = new Map<string, Promise<ProposedPin['pin']>>();
  const stampOf = (pool: string, wanted: number) => {
    const found = published.get(pool) ?? versions.of(pool, wanted);
    published.set(pool, found);
    return found;
  };
  return async (agent) => {
    const { name, pool } = agent;
    const pin = version === undefined ? undefined : await stampOf(pool, version);
    if (version !== undefined && pin === undefined) {
      const detail = `Version ${version} was not published for pool ${pool}.`;
      return { outcome: 'failed', code: 'NOT_FOUND', detail };
    }
    const impact = noImpact();
    const target = { scope: 'agent', name } as const;
    addToImpact(
      impact,
      { target, pin, poolPin: poolPins.get(pool), pinning: pinning.get(pool) ?? 'off' },
      agent,
    );
    return { outcome: 'done', ...effectOf(impact, agent, pin ?? poolPins.get(pool)) };
  };
}

function effectOf(
  { quarantinedTotal, driftingTotal, released, awayTotal }: ReturnType<typeof noImpact>,
  { config }: AgentView,
  pin: ProposedPin['pin'],
): Pick<BulkItem, 'effect' | 'detail'> {
  const detail = describeProposed(config, pin);
  if (quarantinedTotal > 0) {
    return { effect: 'quarantined', detail: `${detail} It would be quarantined until it runs that.` };
  }
  if (driftingTotal > 0) return { effect: 'drifting', detail };
  if (released > 0) return { effect: 'released', detail: 'It would leave quarantine.' };
  if (awayTotal > 0) return { effect: 'away', detail: 'It has no session, and is judged when it connects.' };
  return {};
}

/** How an agent would differ from a pin that it does not have yet. */
function describeProposed(config: AgentView['config'], pin: ProposedPin['pin']): string {
  if (config === undefined || pin === undefined) return '';
  return config.version === pin.version
    ? `It runs version ${config.version} with digest ${config.digest}, but the published one has ${pin.digest}.`
    : `It runs version ${config.version}, not version ${pin.version}.`;
}
