import { resource } from '../api/keys.ts';
import type { LiveEvent } from './live-stream.ts';

/** Resources that an event of the gateway makes stale. */
export function staleAfter({ type, data }: LiveEvent): readonly string[] {
  switch (type) {
    case 'agent':
      return [resource.agents, resource.agent, resource.pools, resource.attention, resource.explanation];
    case 'alert':
      return [resource.alerts, resource.attention];
    case 'rollout':
      return [resource.rollouts, resource.pins];
    case 'approval':
      return [resource.approvals];
    case 'connections':
      return [resource.connections];
    case 'audit':
      return [resource.audit, ...staleAfterAction(data)];
    default:
      return [];
  }
}

/** By the first word of the action of an audit entry: `grant.create`. */
function staleAfterAction(data: unknown): readonly string[] {
  const { action = '' } = data as { readonly action?: string };
  const [subject = ''] = action.split('.');
  return (
    {
      'enrollment-token': [resource.enrollmentTokens],
      grant: [resource.grants],
      'admin-token': [resource.adminTokens],
      'console-session': [resource.consoleSessions],
      config: [resource.configVersions, resource.pins, resource.agents],
      pin: [resource.pins, resource.agents, resource.pools],
      silence: [resource.alerts, resource.silences],
      rollout: [resource.rollouts],
      agent: [resource.agents, resource.agent],
    }[subject] ?? []
  );
}

/**
 * Collects what has become stale and passes it on at most once in `interval` milliseconds, with jitter: a fleet that returns
 * sends thousands of events, and each browser must neither ask for each nor ask at the same moment as the others.
 */
export class StaleResources {
  readonly #pass: (resources: ReadonlySet<string>) => void;
  readonly #intervalMs: number;
  readonly #random: () => number;
  #collected = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(pass: (resources: ReadonlySet<string>) => void, intervalMs = 1_000, random = Math.random) {
    this.#pass = pass;
    this.#intervalMs = intervalMs;
    this.#random = random;
  }

  add(resources: Iterable<string>): void {
    for (const each of resources) this.#collected.add(each);
    if (this.#collected.size === 0 || this.#timer !== undefined) return;
    const sinceLast = performance.now() - this.#lastAt;
    const wait = sinceLast > this.#intervalMs ? 0 : this.#intervalMs * (0.75 + this.#random() / 2);
    this.#timer = setTimeout(() => this.#flush(), wait);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #flush(): void {
    this.#timer = undefined;
    this.#lastAt = performance.now();
    const collected = this.#collected;
    this.#collected = new Set();
    this.#pass(collected);
  }
}
