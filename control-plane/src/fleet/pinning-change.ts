import type { GatewayConfig } from '@penstock/config-schema';
import type { PinningMode } from '../pins/drift.ts';
import type { AgentView } from './agent-view.ts';
import { addAgent, noImpact, type PinImpact } from './preview-pin.ts';

/** What another pinning mode of a pool does to its agents, each with the pin that applies to it now. */
export type PinningChange = PinImpact & {
  readonly pool: string;
  readonly from: PinningMode;
  readonly to: PinningMode;
};

type Modes = Pick<GatewayConfig['pools'][number], 'name' | 'pinning'>;

/**
 * The pools whose pinning mode differs between two files, in the order of the second. Pools that only one file has are not
 * among them: they have no agents before or after. Counts nothing yet; see `addToPinningChanges`.
 */
export function pinningChanges(before: readonly Modes[], after: readonly Modes[]): readonly PinningChange[] {
  return after.flatMap(({ name, pinning }) => {
    const from = before.find((pool) => pool.name === name)?.pinning;
    if (from === undefined || from === pinning) return [];
    return [{ pool: name, from, to: pinning, ...noImpact() }];
  });
}

/** Adds an agent, as it is before the change, to the change of its pool. */
export function addToPinningChanges(changes: readonly PinningChange[], agent: AgentView): void {
  const change = changes.find(({ pool }) => pool === agent.pool);
  if (change !== undefined) addAgent(change, { pin: agent.pin, pinning: change.to }, agent);
}
