import { Badge, type Tone } from '../../parts/state.tsx';
import type { ConnectionHealth } from './connection-health.ts';

const looks: Readonly<Record<ConnectionHealth, readonly [Tone, string]>> = {
  failing: ['bad', 'Failing'],
  'no-agent': ['bad', 'No agent ready'],
  'at-risk': ['warn', 'Affected'],
  ready: ['ok', 'Ready'],
};

export function HealthBadge({ health }: { readonly health: ConnectionHealth }) {
  const [tone, word] = looks[health];
  return <Badge tone={tone} word={word} />;
}
