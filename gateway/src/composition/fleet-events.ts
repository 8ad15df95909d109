import { type AgentView, type FleetEvents, publishDetailChanges } from '@penstock/control-plane';
import type { ControlPlane } from './control-plane.ts';

/** Publishes what happens to agents, their pins and their enrollments as events of the fleet. */
export function publishFleetEvents(
  events: FleetEvents,
  { fleet, identity }: Pick<ControlPlane, 'fleet' | 'identity'>,
): void {
  fleet.onChange(({ agent }) => events.publish('agent', agentEvent(agent)));
  publishDetailChanges(
    events,
    (listener) => fleet.onDetail(listener),
    (name) => {
      const agent = fleet.agent(name);
      return agent && agentEvent(agent);
    },
  );
  fleet.onPinningChanged(({ pool, from, to, agents, quarantinedTotal, released }) =>
    events.publish('pinning', { pool, from, to, agents, quarantined: quarantinedTotal, released }),
  );
  identity.refusals.onRefused(({ tokenId, name, pool, address, code, detail }) =>
    events.publish('enrollment', { tokenId, name, pool, address, code, message: detail }),
  );
}

function agentEvent({ name, pool, state, code, since, message, detail }: AgentView) {
  return { name, pool, state, code, since: new Date(since).toISOString(), message, detail };
}
