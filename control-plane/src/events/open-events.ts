import type { Store } from '@penstock/store';
import { publishConnectionChanges } from './connection-changes.ts';
import { FleetEvents } from './events.ts';
import type { FleetEventData } from './fleet-event.ts';

/** Opens the events of a gateway, with those of its audit trail and its connections. Other parts publish their own. */
export function openEvents(
  store: Pick<Store, 'onAudit'>,
  connections: () => FleetEventData['connections']['items'],
  events: FleetEvents = new FleetEvents(),
): FleetEvents {
  store.onAudit(({ id, at, actor, action, subject }) => {
    events.publish('audit', { id, at: new Date(at).toISOString(), actor, action, subject });
  });
  publishConnectionChanges(events, connections);
  return events;
}
