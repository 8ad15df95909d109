import { type ApprovableAction, approvableActions, type ConfigChange } from '@penstock/config-schema';
import type { Store } from '@penstock/store';
import {
  type AgentAnswer,
  type AgentRequestDescriptor,
  type AnswerOf,
  type ArgumentsOf,
  agentRequests,
  effectiveConfigRequest,
  type ProbeStage,
  ProblemError,
} from '@penstock/wire';
import type { Actor, Requester } from '../actor.ts';
import type { Approvals, Performed } from '../approvals/approvals.ts';
import type { AgentView } from '../fleet/agent-view.ts';
import { changesFrom, pinnedConfig } from '../pins/pinned-config.ts';
import type { Pins } from '../pins/pins.ts';
import type { PendingAgentRequests, RequestedAgent } from './pending-agent-requests.ts';

export type AgentRequestsOptions = {
  readonly store: Pick<Store, 'agents' | 'audit' | 'configVersions'>;
  readonly pins: Pick<Pins, 'of'>;
  readonly fleet: { agent(name: string): Pick<AgentView, 'id' | 'name' | 'pool'> | undefined };
  readonly pending: Pick<PendingAgentRequests, 'send'>;
  readonly approvals: Pick<Approvals, 'action'>;
  /** The requests that operators can make; all of them by default. */
  readonly requests?: readonly AgentRequestDescriptor[];
  readonly clock?: () => number;
};

/** The configuration an agent runs, compared with its pinned version. */
export type ComparedConfig = AgentAnswer<'effective-config'> & {
  /** Undefined if nothing is pinned; `changes` is undefined if the pinned version was never published. */
  readonly pinned?: { version: number; digest: string; changes?: ConfigChange[] };
};

/**
 * Requests that operators make to agents by name. A request is written to the audit trail before it is sent; if that
 * fails, it is not sent. Both methods throw ProblemError NOT_FOUND, AgentRequestError and StoreError.
 */
export type AgentRequests = {
  /**
   * Sends a request, or records an approval for it if the agent's pool requires one. `onStage` is called with each stage of a
   * probe or a check that has finished, unless an approval is needed.
   */
  perform<Request extends AgentRequestDescriptor>(
    request: Request,
    name: string,
    args: ArgumentsOf<Request>,
    requester: Requester,
    onStage?: OnStage,
  ): Promise<Performed<AnswerOf<Request>>>;
  config(name: string, actor: Actor): Promise<ComparedConfig>;
};

/** Milliseconds added to the agent's own timeout for transmission in both directions. */
const TRANSIT_MS = 3_000;
/** Characters of an actor that an agent is told, for its log. Issuer and subject of a provider can be longer. */
const MAX_ACTOR_LENGTH = 128;
/** Prefix of agents as subjects of approvals. */
const SUBJECT_PREFIX = 'agent:';

type OnStage = (stage: ProbeStage) => void;
type AnyArguments = ArgumentsOf<AgentRequestDescriptor>;
type Perform = (name: string, args: AnyArguments, requester: Requester) => Promise<Performed<unknown>>;

/** Throws TypeError if a request is approvable but cannot be named in gateway.yaml. */
export function openAgentRequests(options: AgentRequestsOptions): AgentRequests {
  const { store, fleet, pins, pending, approvals, requests = agentRequests, clock = Date.now } = options;

  const find = async (name: string): Promise<RequestedAgent & { readonly pool: string }> => {
    const agent = fleet.agent(name) ?? (await store.agents.byName(name));
    if (agent === undefined) {
      throw new ProblemError('NOT_FOUND', `There is no agent named ${name}, or it has been revoked.`);
    }
    return { id: agent.id, name, pool: agent.pool };
  };

  /** By the arguments of a request, which reach its runner as they are unless an approval has stored them. */
  const stageListeners = new WeakMap<object, OnStage>();

  const send = async <Request extends AgentRequestDescriptor>(
    request: Request,
    name: string,
    args: ArgumentsOf<Request>,
    { id: actor, address }: Actor,
  ): Promise<AnswerOf<Request>> => {
    const agent = await find(name);
    await store.audit.append({
      at: clock(),
      actor,
      address,
      action: `agent.${request.action}`,
      subject: `agent:${agent.id}`,
      after: { name, ...(args as object) },
    });
    const timeoutMs = agentTimeoutMs(request, args) + TRANSIT_MS;
    const onStage = stageListeners.get(args as object);
    return pending.send(agent, request, args, {
      requestedBy: actor.slice(0, MAX_ACTOR_LENGTH),
      timeoutMs,
      ...(onStage && { onStage }),
    });
  };

  const performerOf = (request: AgentRequestDescriptor): Perform => {
    if (!request.approvable) {
      return async (name, args, requester) => ({
        kind: 'done',
        value: await send(request, name, args, requester),
      });
    }
    const perform = approvals.action<AnyArguments, unknown>(
      approvableActionOf(request),
      ({ subject, arguments: args }, actor) =>
        send(request, subject.slice(SUBJECT_PREFIX.length), args, actor),
    );
    return async (name, args, requester) => {
      const { pool } = await find(name);
      return perform({ pool, subject: `${SUBJECT_PREFIX}${name}`, arguments: args }, requester);
    };
  };

  const performers = new Map(requests.map((request) => [request.action, performerOf(request)]));

  return {
    perform<Request extends AgentRequestDescriptor>(
      { action }: Request,
      name: string,
      args: ArgumentsOf<Request>,
      requester: Requester,
      onStage?: OnStage,
    ): Promise<Performed<AnswerOf<Request>>> {
      if (onStage !== undefined) stageListeners.set(args as object, onStage);
      const perform = performers.get(action);
      if (perform === undefined) throw new TypeError(`${action} is not among the requests.`);
      return perform(name, args as AnyArguments, requester) as Promise<Performed<AnswerOf<Request>>>;
    },
    async config(name, actor) {
      const config = await send(effectiveConfigRequest, name, {}, actor);
      const pinned = await pinnedConfig({ store, pins }, await find(name));
      if (pinned === undefined) return config;
      const { version, digest } = pinned;
      const changes = changesFrom(pinned, config.content);
      return { ...config, pinned: { version, digest, ...(changes && { changes: [...changes] }) } };
    },
  };
}

function agentTimeoutMs({ timeoutMs }: AgentRequestDescriptor, args: unknown): number {
  return timeoutMs === 'argument' ? (args as { readonly timeout: number }).timeout : timeoutMs;
}

function approvableActionOf({ action }: AgentRequestDescriptor): ApprovableAction {
  const known = approvableActions.find((each) => each === action);
  if (known !== undefined) return known;
  throw new TypeError(`${action} is approvable, so approvableActions of config-schema must list it.`);
}
