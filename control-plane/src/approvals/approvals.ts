import type { ApprovableAction } from '@penstock/config-schema';
import type { ApprovalRow, Store } from '@penstock/store';
import { risingIds } from '@penstock/store';
import { errorText, ProblemError } from '@penstock/wire';
import { LRUCache } from 'lru-cache';
import type { Actor, Requester } from '../actor.ts';
import type { FleetEvents } from '../events/events.ts';

/** What is asked for. `arguments` is kept as JSON until somebody decides; it holds no secret. */
export type ActionRequest<Arguments> = {
  readonly pool: string;
  /** `agent:NAME` or `pool:NAME`. */
  readonly subject: string;
  readonly arguments: Arguments;
};

/** Does what was asked for, in the name of `requester`. What it throws is told to people, so it holds no secret. */
export type ActionRunner<Arguments, Value> = (
  request: ActionRequest<Arguments>,
  requester: Actor,
) => Promise<Value>;

export type Performed<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  | { readonly kind: 'waiting'; readonly approval: ApprovalRow };

export type ApprovalsOptions = {
  readonly store: Store;
  /** What waits for an admin in a pool; asked at each request, so that a reload counts at once. */
  readonly needs: (pool: string) => readonly ApprovableAction[];
  /** Returns the id of the agent that has this name, if any. */
  readonly agentId: (name: string) => string | undefined;
  readonly events: Pick<FleetEvents, 'publish'>;
  readonly clock?: () => number;
  /** The outcome of an action could not be written to the store. */
  readonly onFailed: (error: unknown) => void;
};

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;
/** How long an approval waits. */
const LIFETIME = DAY;
/** How long ended ones stay on record; the audit trail keeps what was decided. */
const KEPT = 90 * DAY;
const MAX_PENDING = 200;
const MIB = 1024 * 1024;
const MAX_OUTCOME = 1024;

const nextId = risingIds();

/** Lets what an operator asks for run at once, or has it wait for an admin where the pool wants that. */
export class Approvals {
  readonly #options: ApprovalsOptions;
  readonly #clock: () => number;
  readonly #runners = new Map<string, ActionRunner<unknown, unknown>>();
  /** What approved actions gave, for those who asked; in memory, since logs do not belong into the store. */
  readonly #results = new LRUCache<string, { readonly value: unknown }>({
    max: 64,
    maxSize: 32 * MIB,
    ttl: HOUR,
    sizeCalculation: ({ value }) => (JSON.stringify(value)?.length ?? 0) + 1,
  });

  private constructor(options: ApprovalsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
  }

  /** Throws StoreError. */
  static async open(options: ApprovalsOptions): Promise<Approvals> {
    await options.store.approvals.failUnfinished('The gateway ended before the action did.');
    return new Approvals(options);
  }

  /**
   * Makes the one way to an action. The function it returns runs the action at once, or makes it wait: an admin's
   * own request never waits, since he could approve it. It throws what the action throws, and StoreError.
   */
  action<Arguments, Value>(
    name: ApprovableAction,
    run: ActionRunner<Arguments, Value>,
  ): (request: ActionRequest<Arguments>, requester: Requester) => Promise<Performed<Value>> {
    if (this.#runners.has(name)) throw new TypeError(`${name} can be done in one way only.`);
    this.#runners.set(name, run as ActionRunner<unknown, unknown>);
    return async (request, requester) => {
      const waits = this.#options.needs(request.pool).includes(name) && requester.role !== 'admin';
      if (!waits) return { kind: 'done', value: await run(request, requester) };
      return { kind: 'waiting', approval: await this.#ask(name, request, requester) };
    };
  }

  /** Newest first. Throws StoreError. */
  list(query: { before?: string | undefined; pending: boolean; limit: number }): Promise<ApprovalRow[]> {
    const { before, limit } = query;
    return this.#options.store.approvals.list({
      before,
      limit,
      ...(query.pending && { pendingAt: this.#clock() }),
    });
  }

  byId(id: string): Promise<ApprovalRow | undefined> {
    return this.#options.store.approvals.byId(id);
  }

  /** What an approved action gave, while it is remembered. */
  resultOf(id: string): { readonly value: unknown } | undefined {
    return this.#results.get(id);
  }

  /** `pending` that nobody decided in time is `expired`. */
  stateOf({ state, expiresAt }: ApprovalRow): ApprovalRow['state'] | 'expired' {
    return state === 'pending' && expiresAt <= this.#clock() ? 'expired' : state;
  }

  /**
   * Decides. An approved action begins at once, and this does not wait for its end: `settled` does, and never
   * rejects. Undefined when there is no such approval; `decided` false when it no longer waited. Throws StoreError.
   */
  async decide(
    id: string,
    state: 'approved' | 'denied',
    by: Requester,
  ): Promise<{ decided: boolean; row: ApprovalRow; settled: Promise<void> } | undefined> {
    const at = this.#clock();
    const answer = await this.#options.store.transaction(async (inside) => {
      const row = await inside.approvals.byId(id);
      if (row === undefined) return undefined;
      if (!(await inside.approvals.decide(id, { state, by: by.id, at }))) return { decided: false, row };
      const { action, subject, requestedBy } = row;
      await inside.audit.append({
        at,
        actor: by.id,
        address: by.address,
        action: state === 'approved' ? 'approval.approve' : 'approval.deny',
        subject: `approval:${id}`,
        before: { state: 'pending' },
        after: { state, action, subject, requestedBy },
      });
      return { decided: true, row: { ...row, state, decidedBy: by.id, decidedAt: at } };
    });
    if (answer === undefined) return undefined;
    if (answer.decided) this.#publish(answer.row);
    const runs = answer.decided && state === 'approved';
    return { ...answer, settled: runs ? this.#run(answer.row) : Promise.resolve() };
  }

  async #ask(
    action: ApprovableAction,
    request: ActionRequest<unknown>,
    requester: Requester,
  ): Promise<ApprovalRow> {
    const at = this.#clock();
    const { subject, pool } = request;
    const row: ApprovalRow = {
      id: nextId(),
      action,
      subject,
      agentId: this.#agentIdOf(subject),
      pool,
      arguments: JSON.stringify(request.arguments ?? {}),
      requestedAt: at,
      requestedBy: requester.id,
      expiresAt: at + LIFETIME,
      state: 'pending',
      decidedAt: null,
      decidedBy: null,
      outcome: null,
    };
    const kept = await this.#options.store.transaction(async (inside) => {
      const same = await inside.approvals.findPending(row, at);
      if (same !== undefined) return same;
      if ((await inside.approvals.countPending(at)) >= MAX_PENDING) {
        throw new ProblemError(
          'TOO_MANY_REQUESTS',
          `${MAX_PENDING} approvals wait already. Ask an admin to decide some: penstock-gateway approval list.`,
          { retryAfter: 60 },
        );
      }
      await inside.approvals.prune(at - KEPT);
      await inside.approvals.insert(row);
      await inside.audit.append({
        at,
        actor: requester.id,
        address: requester.address,
        action: 'approval.request',
        subject: `approval:${row.id}`,
        after: { action, subject, arguments: request.arguments ?? {} },
      });
      return row;
    });
    if (kept === row) this.#publish(row);
    return kept;
  }

  /** Runs what was approved, in the name of who asked for it. */
  async #run(row: ApprovalRow): Promise<void> {
    const { id, action, pool, subject, requestedBy } = row;
    let outcome: { state: 'done' | 'failed'; text: string };
    try {
      const run = this.#runners.get(action);
      if (run === undefined) throw new Error(`This gateway cannot ${action}.`);
      await this.#requireRequester(requestedBy);
      // Immediately before the runner resolves the name.
      if (this.#agentIdOf(subject) !== row.agentId) {
        throw new Error(`${subject} is now another agent than when this was requested. Request it again.`);
      }
      const value = await run({ pool, subject, arguments: JSON.parse(row.arguments) }, { id: requestedBy });
      this.#results.set(id, { value });
      outcome = { state: 'done', text: 'It was done.' };
    } catch (error) {
      outcome = { state: 'failed', text: errorText(error).slice(0, MAX_OUTCOME) };
    }
    try {
      await this.#options.store.approvals.finish(id, outcome.state, outcome.text);
      this.#publish({ ...row, state: outcome.state });
    } catch (error) {
      this.#options.onFailed(error);
    }
  }

  /** The id of the agent in `subject`; null for a pool and for an unknown agent. */
  #agentIdOf(subject: string): string | null {
    const [, name] = /^agent:(.+)$/.exec(subject) ?? [];
    return name === undefined ? null : (this.#options.agentId(name) ?? null);
  }

  /** Who lost the right to ask does not get what was asked for. */
  async #requireRequester(actor: string): Promise<void> {
    const [, id = ''] = /^admin-token:(.+)$/.exec(actor) ?? [];
    const token = await this.#options.store.adminTokens.byId(id);
    if (token === undefined || token.revokedAt !== null) {
      throw new Error('The admin token that asked for this was revoked meanwhile.');
    }
  }

  #publish(row: ApprovalRow): void {
    const { id, action, subject } = row;
    this.#options.events.publish('approval', { id, action, subject, state: this.stateOf(row) });
  }
}
