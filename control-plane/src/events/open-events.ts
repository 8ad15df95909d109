import type { Store } from '@penstock/store';
import { publishConnectionChanges } from './connection-changes.ts';
import { type FleetEventData, FleetEvents } from './events.ts';

/** Opens the events of a gateway, with those of its audit trail and its connections. Other parts publish their own. */
export function openEvents(
  store: Pick<Store, 'onAudit'>,
  connections: () => FleetEventData['connections']['items'],
): FleetEvents {
  const events = new FleetEvents();
  store.onAudit(({ id, at, actor, action, subject }) => {
    events.publish('audit', { id, at: new Date(at).toISOString(), actor, action, subject });
  });
  publishConnectionChanges(events, connections);
  return events;
}
