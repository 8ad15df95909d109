import type { PinRow, Store } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import type { Actor } from '../actor.ts';
import type { Pins } from '../pins/pins.ts';
import type { AgentView } from './agent-view.ts';
import type { Fleet } from './fleet.ts';
import type { Member } from './member.ts';
import type { Roster } from './roster.ts';

/** The pool or agent of a pin, by name. */
export type PinTarget = { readonly scope: PinRow['scope']; readonly name: string };

export type SteeringOptions = {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly roster: Roster;
  readonly pins: Pins;
  readonly hasPool: (name: string) => boolean;
  readonly clock: () => number;
};

/**
 * The actions of operators on agents. Each is written to the store with its audit entry first, and is in force when its
 * promise resolves. Each rejects with ProblemError or StoreError.
 */
export class Steering {
  readonly #options: SteeringOptions;

  constructor(options: SteeringOptions) {
    this.#options = options;
  }

  /** Suspends an agent until it is resumed, across restarts of the gateway. Live connections continue. */
  drain(name: string, actor: Actor): Promise<AgentView> {
    return this.#setDrained(name, 'agent.drain', actor);
  }

  resume(name: string, actor: Actor): Promise<AgentView> {
    return this.#setDrained(name, 'agent.resume', actor);
  }

  /** Pins a published version for a pool or for one agent; `undefined` removes the pin. */
  async pin(target: PinTarget, version: number | undefined, actor: Actor): Promise<PinRow | undefined> {
    const { store, pins, clock } = this.#options;
    const { subject, pool } = this.#subjectOf(target);
    const { scope } = target;
    const at = clock();
    const row = await store.transaction(async (inside) => {
      const before = await inside.pins.of({ scope, subject });
      const published = version === undefined ? undefined : await inside.configVersions.of(pool, version);
      if (version !== undefined && published === undefined) throw notPublished(pool, version);
      const after: PinRow | undefined = published && {
        scope,
        subject,
        version: published.version,
        digest: published.digest,
        pinnedAt: at,
        pinnedBy: actor.id,
      };
      if (after !== undefined) await inside.pins.put(after);
      else if (before === undefined)
        throw new ProblemError('NOT_FOUND', `${describeTarget(target)} has no pin.`);
      else await inside.pins.remove({ scope, subject });
      await inside.audit.append({
        at,
        actor: actor.id,
        address: actor.address,
        action: after === undefined ? 'pin.remove' : 'pin.set',
        subject: `${scope}:${subject}`,
        before: stampOf(before),
        after: stampOf(after),
      });
      return after;
    });
    if (row === undefined) pins.remove({ scope, subject });
    else pins.put(row);
    await this.#putInForce(target.scope, subject);
    return row;
  }

  /** Puts pins in force that another part has written to the store, or removed from it. */
  async applyPins(changes: {
    readonly put: readonly PinRow[];
    readonly remove: readonly Pick<PinRow, 'scope' | 'subject'>[];
  }): Promise<void> {
    const { pins } = this.#options;
    for (const row of changes.put) pins.put(row);
    for (const target of changes.remove) pins.remove(target);
    const targets = [...changes.put, ...changes.remove];
    if (targets.some(({ scope }) => scope === 'pool')) await this.#putInForce('pool', '');
    else for (const { scope, subject } of targets) await this.#putInForce(scope, subject);
  }

  async #setDrained(name: string, action: 'agent.drain' | 'agent.resume', actor: Actor): Promise<AgentView> {
    const { store, fleet, roster, clock } = this.#options;
    const { id, pool, drainedAt } = this.#memberOf(name);
    const at = action === 'agent.drain' ? (drainedAt ?? clock()) : undefined;
    await store.transaction(async (inside) => {
      if (!(await inside.agents.setDrained(id, at ?? null))) throw unknownAgent(name);
      await inside.audit.append({
        at: clock(),
        actor: actor.id,
        address: actor.address,
        action,
        subject: `agent:${id}`,
        before: { name, drained: drainedAt !== undefined },
        after: { name, drained: at !== undefined },
      });
    });
    fleet.update(roster.put({ id, name, pool, drainedAt: at }));
    const view = fleet.agent(name);
    if (view === undefined) throw unknownAgent(name);
    return view;
  }

  async #putInForce(scope: PinRow['scope'], subject: string): Promise<void> {
    const { fleet, roster } = this.#options;
    if (scope === 'pool') return fleet.judgeAll();
    const member = roster.get(subject);
    if (member !== undefined) fleet.update(member);
  }

  #subjectOf({ scope, name }: PinTarget): { readonly subject: string; readonly pool: string } {
    if (scope === 'agent') {
      const { id, pool } = this.#memberOf(name);
      return { subject: id, pool };
    }
    if (!this.#options.hasPool(name)) {
      throw new ProblemError('POOL_UNKNOWN', `There is no pool ${name} in gateway.yaml.`);
    }
    return { subject: name, pool: name };
  }

  #memberOf(name: string): Member {
    const member = this.#options.roster.named(name);
    if (member === undefined || member.revokedAt !== undefined) throw unknownAgent(name);
    return member;
  }
}

const unknownAgent = (name: string) =>
  new ProblemError('NOT_FOUND', `There is no agent named ${name}, or it has been revoked.`);

const notPublished = (pool: string, version: number) =>
  new ProblemError(
    'NOT_FOUND',
    `Version ${version} was not published for pool ${pool}. Publish it first with penstock-gateway config publish.`,
  );

const describeTarget = ({ scope, name }: PinTarget) => `${scope === 'pool' ? 'Pool' : 'Agent'} ${name}`;

/** A pin as the audit trail records it. */
const stampOf = (row: PinRow | undefined) => row && { version: row.version, digest: row.digest };
