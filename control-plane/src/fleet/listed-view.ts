import { driftOf } from '../pins/drift.ts';
import type { Judged } from './judge-agent.ts';
import type { Reason } from './reason.ts';
import type { ListedAgent } from './search-fleet.ts';

/**
 * The part of a view that a search reads. A search looks at every agent of the fleet, and at little of most: each field is
 * read when it is asked for.
 */
export class ListedView implements ListedAgent {
  readonly #member: Judged['member'];
  readonly #record: Judged['record'];
  readonly #pinOf: (member: Judged['member']) => Judged['pin'];
  readonly reasons: readonly Reason[];

  constructor(
    { member, record }: Pick<Judged, 'member' | 'record'>,
    reasons: readonly Reason[],
    pinOf: (member: Judged['member']) => Judged['pin'],
  ) {
    this.#member = member;
    this.#record = record;
    this.#pinOf = pinOf;
    this.reasons = reasons;
  }

  get name(): string {
    return this.#member.name;
  }

  get pool(): string {
    return this.#member.pool;
  }

  get state(): ListedAgent['state'] {
    return this.reasons[0]?.state ?? 'connected';
  }

  get address(): string | undefined {
    return this.#record.address;
  }

  get config(): ListedAgent['config'] {
    return this.#record.hello?.config;
  }

  get softwareVersion(): string | undefined {
    return this.#record.hello?.agent.version;
  }

  get connectors(): ListedAgent['connectors'] {
    return this.#record.hello?.connectors;
  }

  get checks(): ListedAgent['checks'] {
    return this.#record.last?.heartbeat.checks ?? [];
  }

  get pin(): ListedAgent['pin'] {
    const pin = this.#pinOf(this.#member);
    return pin && { drift: this.config && driftOf(this.config, pin) };
  }
}
