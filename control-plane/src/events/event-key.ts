import type { FleetEvent } from './fleet-event.ts';

/**
 * Names what an event says, equally at every replica that publishes it. Undefined for one that happens at a single replica,
 * which tells the others of it.
 */
export function keyOf({ type, data }: Pick<FleetEvent, 'type' | 'data'>): string | undefined {
  const event = { type, data } as FleetEvent;
  switch (event.type) {
    case 'agent':
      return `agent ${event.data.name} ${event.data.state} ${event.data.code ?? ''}`;
    case 'alert':
    case 'approval':
      return `${event.type} ${event.data.id} ${event.data.state}`;
    case 'audit':
      return `audit ${event.data.id}`;
    case 'pinning':
      return `pinning ${event.data.pool} ${event.data.from} ${event.data.to}`;
    case 'enrollment':
    case 'rollout':
    case 'connections':
      return undefined;
  }
}

/** What a later event of the same group supersedes: of an agent, only the last state counts. */
export function groupOf(key: string): string {
  return key.startsWith('agent ') ? key.slice(0, key.indexOf(' ', 'agent '.length)) : key;
}
