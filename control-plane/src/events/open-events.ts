import type { Store } from '@penstock/store';
import { publishConnectionChanges } from './connection-changes.ts';
import { type FleetEventData, FleetEvents } from './events.ts';

/** The events of a gateway, fed by its audit trail and the figures of its connections; others publish theirs. */
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
