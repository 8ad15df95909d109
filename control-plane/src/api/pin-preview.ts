import type { PinPreview, PoolPreview } from '@penstock/api-schema';
import { inSlices, systemClock } from '@penstock/runtime';
import { ProblemError } from '@penstock/wire';
import type { OpenFleet } from '../fleet/open-fleet.ts';
import type { PoolSummary } from '../fleet/pool-view.ts';
import { addAgent, addToImpact, noImpact, type PinImpact } from '../fleet/preview-pin.ts';
import type { PinTarget } from '../fleet/steering.ts';
import type { Stamp } from '../pins/drift.ts';
import type { FleetReader } from './fleet-reader.ts';

type Fleet = Pick<OpenFleet, 'pinListing' | 'versions' | 'poolViews' | 'agent'> &
  Pick<FleetReader, 'agentsAfter'>;

/** What pinning a version, or removing the pin, would do. Rejects with ProblemError or StoreError. */
export async function previewOf(
  fleet: Fleet,
  target: PinTarget,
  { version, digest }: { readonly version?: number; readonly digest?: string },
): Promise<PinPreview> {
  const poolName = target.scope === 'pool' ? target.name : poolOfAgent(fleet, target.name);
  const pool = (await fleet.poolViews()).find(({ name }) => name === poolName);
  if (pool === undefined)
    throw new ProblemError('POOL_UNKNOWN', `There is no pool ${poolName} in gateway.yaml.`);
  const pin = version === undefined ? undefined : await stampOf(fleet, poolName, version, digest);
  const poolPin = fleet.pinListing().find(({ scope, name }) => scope === 'pool' && name === poolName);
  const impact = noImpact();
  const proposed = { target, pin, poolPin, pinning: pool.pinning };
  await inSlices(
    fleet.agentsAfter(''),
    (agent) => {
      if (agent.pool === poolName) addToImpact(impact, proposed, agent);
    },
    systemClock,
  );
  return { ...target, ...pin, pinning: pool.pinning, ...impact, ...readiness(pool, impact) };
}

const readiness = ({ ready }: Pick<PoolSummary, 'ready'>, { quarantinedTotal, released }: PinImpact) => ({
  ready,
  readyAfter: Math.max(0, ready - quarantinedTotal) + released,
});

/** What another pinning mode of a pool would do. Rejects with ProblemError. */
export async function poolPreviewOf(
  fleet: Pick<OpenFleet, 'pools'> & Pick<FleetReader, 'agentsAfter'>,
  name: string,
  pinning: PoolPreview['to'],
): Promise<PoolPreview> {
  const pool = fleet.pools().find((each) => each.name === name);
  if (pool === undefined) throw new ProblemError('POOL_UNKNOWN', `There is no pool ${name} in gateway.yaml.`);
  const impact = noImpact();
  await inSlices(
    fleet.agentsAfter(''),
    (agent) => {
      if (agent.pool === name) addAgent(impact, { pin: agent.pin, pinning }, agent);
    },
    systemClock,
  );
  return { name, from: pool.pinning, to: pinning, ...impact, ...readiness(pool, impact) };
}

async function stampOf(
  fleet: Fleet,
  pool: string,
  version: number,
  digest: string | undefined,
): Promise<Stamp> {
  if (digest !== undefined) return { version, digest };
  const published = await fleet.versions.of(pool, version);
  if (published !== undefined) return { version, digest: published.digest };
  throw new ProblemError(
    'NOT_FOUND',
    `Version ${version} was not published for pool ${pool}. Publish it first with penstock-gateway config publish.`,
  );
}

function poolOfAgent(fleet: Fleet, name: string): string {
  const agent = fleet.agent(name);
  if (agent === undefined) {
    throw new ProblemError('NOT_FOUND', `There is no agent named ${name}, or it has been revoked.`);
  }
  return agent.pool;
}
