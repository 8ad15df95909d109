import type { FleetEventData, FleetEvents } from './events.ts';

type Figures = FleetEventData['connections']['items'][number];

const INTERVAL = 1000;

/** Publishes the figures of connections that changed, once a second while somebody listens. */
export function publishConnectionChanges(events: FleetEvents, figures: () => readonly Figures[]): void {
  events.whileListened(() => {
    let known = new Map<string, string>();
    const look = () => {
      const now = figures().map(({ name, open, waiting, openedTotal, failedTotal }) => ({
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
    const timer = setInterval(look, INTERVAL);
    return () => clearInterval(timer);
  });
}
