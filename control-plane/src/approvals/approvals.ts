import type { ApprovableAction, ApprovalAction } from '@penstock/config-schema';
import type { ApprovalRow, Store } from '@penstock/store';
import { ascendingIds } from '@penstock/store';
import { errorText, ProblemError } from '@penstock/wire';
import { LRUCache } from 'lru-cache';
import { type Actor, CHANNEL_ACTOR_PREFIX, type Requester } from '../actor.ts';
import type { FleetEvents } from '../events/events.ts';
import { lifeOf } from '../leadership/leadership.ts';

/** An action to run. `arguments` is stored as JSON until someone decides, so it must not contain secrets. */
export type ActionRequest<Arguments> = {
  readonly pool: string;
  /** All pools that it concerns, if there are several; any of them can require the approval. */
  readonly pools?: readonly string[];
  /** Other actions whose approval it requires as well. */
  readonly alsoNeeds?: readonly ApprovableAction[];
  /** `agent:NAME`, `pool:NAME` or `rollout:ID`. */
  readonly subject: string;
  readonly arguments: Arguments;
};

/** Runs an action on behalf of `requester`. The message of a thrown error is stored and shown, so it must not contain secrets. */
export type ActionRunner<Arguments, Value> = (
  request: ActionRequest<Arguments>,
  requester: Actor,
) => Promise<Value>;

export type Performed<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  | { readonly kind: 'waiting'; readonly approval: ApprovalRow };

export type ApprovalsOptions = {
  readonly store: Store;
  /** Returns the actions that require approval in a pool. Called for each request, so a reload applies immediately. */
  readonly needs: (pool: string) => readonly ApprovableAction[];
  /** Returns the id of the agent that has this name, if any. */
  readonly agentId: (name: string) => string | undefined;
  /** Whether the identity provider of gateway.yaml is that of this actor. None is by default. */
  readonly isOidcUser?: (actor: string) => boolean;
  readonly events: Pick<FleetEvents, 'publish'>;
  readonly clock?: () => number;
  /** The epoch of this gateway, which shows with it that it runs. Undefined: it is the only one on the store. */
  readonly epoch?: string | undefined;
  /** Called when the outcome of an action cannot be stored. */
  readonly onFailed: (error: unknown) => void;
};

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
/** A pending approval expires after this time. */
const LIFETIME_MS = DAY_MS;
/** Time for which approvals are kept after their expiry. The audit log keeps the decisions. */
const RETENTION_MS = 90 * DAY_MS;
const MAX_PENDING = 200;
const MIB = 1024 * 1024;
const MAX_OUTCOME_CHARACTERS = 1024;
/** Approved actions whose results are remembered. */
const MAX_RESULTS = 64;

const nextId = ascendingIds();

/** Runs actions of operators immediately, or holds them until an admin approves where the pool requires approval. */
export class Approvals {
  readonly #options: ApprovalsOptions;
  readonly #clock: () => number;
  readonly #runners = new Map<string, ActionRunner<unknown, unknown>>();
  /** The state of each approval of which an event was published last. */
  readonly #published = new LRUCache<string, string>({ max: 1_000 });
  /** Results of approved actions for their requesters. In memory only, since logs do not belong in the store. */
  readonly #results = new LRUCache<string, { readonly value: unknown }>({
    max: MAX_RESULTS,
    maxSize: 32 * MIB,
    ttl: HOUR_MS,
    sizeCalculation: ({ value }) => (JSON.stringify(value)?.length ?? 0) + 1,
  });

  private constructor(options: ApprovalsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
  }

  /** Marks actions that a gateway which no longer runs did not finish as failed. Throws StoreError. */
  static async open(options: ApprovalsOptions): Promise<Approvals> {
    const approvals = new Approvals(options);
    await approvals.failAbandoned();
    return approvals;
  }

  /** Marks actions as failed that were running at a gateway which no longer runs. Throws StoreError. */
  async failAbandoned(): Promise<void> {
    await this.#options.store.approvals.failAbandoned(
      'The gateway stopped before the action finished.',
      lifeOf(''),
    );
  }

  /**
   * Registers an action. The returned function runs it immediately, or requests an approval for it. A request of an admin
   * never waits, since an admin could approve it. It throws what the action throws, and StoreError.
   */
  action<Arguments, Value>(
    name: ApprovalAction,
    run: ActionRunner<Arguments, Value>,
  ): (request: ActionRequest<Arguments>, requester: Requester) => Promise<Performed<Value>> {
    if (this.#runners.has(name)) throw new TypeError(`The action ${name} is registered already.`);
    this.#runners.set(name, run as ActionRunner<unknown, unknown>);
    return async (request, requester) => {
      const waits = requester.role !== 'admin' && this.#requires(name, request);
      if (!waits) return { kind: 'done', value: await run(request, requester) };
      return { kind: 'waiting', approval: await this.#requestApproval(name, request, requester) };
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

  /** The result of an approved action, while it is remembered. */
  resultOf(id: string): { readonly value: unknown } | undefined {
    return this.#results.get(id);
  }

  /** The state shown to users, in which an undecided approval is `expired` after its time. */
  stateOf({ state, expiresAt }: ApprovalRow): ApprovalRow['state'] | 'expired' {
    return state === 'pending' && expiresAt <= this.#clock() ? 'expired' : state;
  }

  /**
   * Approves or denies. An approved action starts immediately; `settled` resolves when it has finished, and never rejects.
   * Resolves to undefined if the approval is unknown. `decided` is false if it is not pending any more. Throws StoreError.
   */
  async decide(
    id: string,
    state: 'approved' | 'denied',
    by: Requester,
  ): Promise<{ decided: boolean; row: ApprovalRow; settled: Promise<void> } | undefined> {
    const at = this.#clock();
    const decision = await this.#options.store.transaction(async (inside) => {
      const row = await inside.approvals.byId(id);
      if (row === undefined) return undefined;
      const decided = { state, by: by.id, at, runner: this.#options.epoch };
      if (!(await inside.approvals.decide(id, decided))) return { decided: false, row };
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
    if (decision === undefined) return undefined;
    if (decision.decided) this.#publish(decision.row);
    const runs = decision.decided && state === 'approved';
    return { ...decision, settled: runs ? this.#run(decision.row) : Promise.resolve() };
  }

  async #requestApproval(
    action: ApprovalAction,
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
      expiresAt: at + LIFETIME_MS,
      state: 'pending',
      decidedAt: null,
      decidedBy: null,
      outcome: null,
      runner: null,
    };
    const pending = await this.#options.store.transaction(async (inside) => {
      const existing = await inside.approvals.findPending(row, at);
      if (existing !== undefined) return existing;
      if ((await inside.approvals.countPending(at)) >= MAX_PENDING) {
        throw new ProblemError(
          'TOO_MANY_REQUESTS',
          `${MAX_PENDING} approvals are pending. Ask an admin to decide some: penstock-gateway approval list.`,
          { retryAfter: 60 },
        );
      }
      await inside.approvals.prune(at - RETENTION_MS);
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
    if (pending === row) this.#publish(row);
    return pending;
  }

  #requires(name: ApprovalAction, { pool, pools = [pool], alsoNeeds = [] }: ActionRequest<unknown>): boolean {
    if (name === 'rollout-now') return true;
    return pools.some((each) => {
      const needed = this.#options.needs(each);
      return [name, ...alsoNeeds].some((action) => needed.includes(action));
    });
  }

  /** Runs an approved action on behalf of its requester. Never rejects. */
  async #run(row: ApprovalRow): Promise<void> {
    const { id, action, pool, subject, requestedBy } = row;
    let outcome: { state: 'done' | 'failed'; text: string };
    try {
      const run = this.#runners.get(action);
      if (run === undefined) throw new Error(`This gateway has no action ${action}.`);
      await this.#requireRequester(requestedBy);
      // In the same turn of the event loop in which the runner resolves the name.
      if (this.#agentIdOf(subject) !== row.agentId) {
        throw new Error(`${subject} is not the agent that it was when this was requested. Request it again.`);
      }
      const value = await run({ pool, subject, arguments: JSON.parse(row.arguments) }, { id: requestedBy });
      this.#results.set(id, { value });
      outcome = { state: 'done', text: 'The action succeeded.' };
    } catch (error) {
      outcome = { state: 'failed', text: errorText(error).slice(0, MAX_OUTCOME_CHARACTERS) };
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

  /** Throws if the requester may no longer sign in: its admin token has ended, or its identity provider is another one. */
  async #requireRequester(actor: string): Promise<void> {
    // The restart policies and the channels of the file have no token that could be revoked.
    if (actor === 'restart-policy' || actor.startsWith(CHANNEL_ACTOR_PREFIX)) return;
    if (actor.startsWith('oidc:')) {
      if (this.#options.isOidcUser?.(actor) === true) return;
      throw new Error('gateway.yaml no longer has the identity provider of the user who requested this.');
    }
    const [, id = ''] = /^admin-token:(.+)$/.exec(actor) ?? [];
    const token = await this.#options.store.adminTokens.byId(id);
    if (token === undefined || token.revokedAt !== null) {
      throw new Error('The admin token that requested this has been revoked.');
    }
    if (token.expiresAt !== null && token.expiresAt <= this.#clock()) {
      throw new Error('The admin token that requested this has expired.');
    }
  }

  /** Publishes what another gateway has done to these approvals. Throws StoreError. */
  async apply(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const row = await this.#options.store.approvals.byId(id);
      if (row !== undefined) this.#publish(row);
    }
  }

  #publish(row: ApprovalRow): void {
    const { id, action, subject } = row;
    const state = this.stateOf(row);
    // What this gateway did comes back from the store.
    if (this.#published.get(id) === state) return;
    this.#published.set(id, state);
    this.#options.events.publish('approval', { id, action, subject, state });
  }
}
