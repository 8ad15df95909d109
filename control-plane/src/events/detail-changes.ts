import type { FleetEvents } from './events.ts';
import type { FleetEventData } from './fleet-event.ts';

type Agent = FleetEventData['agent'];

/** Milliseconds between two publications of details. */
const INTERVAL_MS = 1_000;
/** Agents whose details are published at a time; the others wait for their turn. */
const MAX_AGENTS = 50;
/** Agents that wait. A detail that is not published is in every listing. */
const MAX_WAITING = 1_000;

/**
 * Publishes agents of which only the detail has changed, as the time of the last heartbeat does: the last detail of each, once a
 * second, while there are listeners. `onDetail` subscribes to the changes, by name. These events are never replayed.
 */
export function publishDetailChanges(
  events: FleetEvents,
  onDetail: (listener: (name: string) => void) => () => void,
  agentOf: (name: string) => Agent | undefined,
): void {
  events.addSource(() => {
    const waiting = new Set<string>();
    const stop = onDetail((name) => {
      if (waiting.size < MAX_WAITING) waiting.add(name);
    });
    const publish = () => {
      let count = 0;
      for (const name of waiting) {
        waiting.delete(name);
        const agent = agentOf(name);
        if (agent !== undefined) events.publish('agent', agent, { isTransient: true });
        count += 1;
        if (count === MAX_AGENTS) return;
      }
    };
    const timer = setInterval(publish, INTERVAL_MS);
    return () => {
      stop();
      clearInterval(timer);
    };
  });
}
