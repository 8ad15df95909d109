import type { FleetEvents } from './events.ts';
import type { FleetEventData } from './fleet-event.ts';

type Counts = FleetEventData['connections']['items'][number];

const INTERVAL_MS = 1000;

/** Publishes the counts of connections whose counts changed, once a second while there are listeners. */
export function publishConnectionChanges(events: FleetEvents, counts: () => readonly Counts[]): void {
  events.addSource(() => {
    let known = new Map<string, string>();
    const publishChanges = () => {
      const now = counts().map(({ name, open, waiting, openedTotal, failedTotal }) => ({
        name,
        open,
        waiting,
        openedTotal,
        failedTotal,
      }));
      const texts = new Map(now.map((each) => [each.name, JSON.stringify(each)]));
      const items = now.filter(({ name }) => texts.get(name) !== known.get(name));
      known = texts;
      if (items.length > 0) events.publish('connections', { items });
    };
    const timer = setInterval(publishChanges, INTERVAL_MS);
    return () => clearInterval(timer);
  });
}
