import type { ConfigChange } from '@penstock/config-schema';
import type { Store } from '@penstock/store';
import { type AgentAction, type AgentAnswer, type AgentArguments, ProblemError } from '@penstock/wire';
import type { Actor, Requester } from '../actor.ts';
import type { Approvals, Performed } from '../approvals/approvals.ts';
import type { AgentView } from '../fleet/agent-view.ts';
import { changesFrom, pinnedConfig } from '../pins/pinned-config.ts';
import type { Pins } from '../pins/pins.ts';
import type { AgentRequests, AskedAgent } from './agent-requests.ts';

export type QuestionsOptions = {
  readonly store: Pick<Store, 'agents' | 'audit' | 'configVersions'>;
  readonly pins: Pick<Pins, 'of'>;
  readonly fleet: { agent(name: string): Pick<AgentView, 'id' | 'name' | 'pool'> | undefined };
  readonly requests: Pick<AgentRequests, 'ask'>;
  readonly approvals: Pick<Approvals, 'action'>;
  readonly clock?: () => number;
};

type Question<Action extends AgentAction> = (
  name: string,
  asked: AgentArguments<Action>,
  requester: Requester,
) => Promise<AgentAnswer<Action>>;
type ApprovedQuestion<Action extends AgentAction> = (
  name: string,
  asked: AgentArguments<Action>,
  requester: Requester,
) => Promise<Performed<AgentAnswer<Action>>>;

/** The configuration of an agent beside the pinned one. */
export type ComparedConfig = AgentAnswer<'effective-config'> & {
  /** Left out when nothing is pinned; `changes` when the pin names what was never published. */
  readonly pinned?: { version: number; digest: string; changes?: ConfigChange[] };
};

/**
 * What people ask of agents by their names. Each question is in the audit trail before it leaves: without the trail
 * nobody is asked anything. Each throws ProblemError NOT_FOUND, AgentRequestError and StoreError; those that a pool may
 * leave to an admin can have to wait for him.
 */
export type AgentQuestions = {
  readonly probe: ApprovedQuestion<'probe'>;
  readonly check: Question<'check'>;
  readonly logs: ApprovedQuestion<'logs'>;
  /** The configuration in force, and how it differs from the pinned one. */
  readonly config: (name: string, requester: Requester) => Promise<ComparedConfig>;
  readonly restart: ApprovedQuestion<'restart'>;
};

/** Milliseconds beyond the agent's own time, for the way there and back. */
const ON_THE_WAY = 3_000;
/** Milliseconds for what takes the agent no time of its own. */
const PATIENCE = 17_000;
/** How an approval names an agent. */
const SUBJECT = 'agent:';

export function openAgentQuestions(options: QuestionsOptions): AgentQuestions {
  const { store, fleet, pins, requests, approvals, clock = Date.now } = options;

  const find = async (name: string): Promise<AskedAgent & { readonly pool: string }> => {
    const agent = fleet.agent(name) ?? (await store.agents.byName(name));
    if (agent === undefined) {
      throw new ProblemError('NOT_FOUND', `There is no agent named ${name}, or it was revoked.`);
    }
    return { id: agent.id, name, pool: agent.pool };
  };

  const ask = async <Action extends AgentAction>(
    action: Action,
    name: string,
    asked: AgentArguments<Action>,
    { id: actor, address }: Actor,
  ): Promise<AgentAnswer<Action>> => {
    const agent = await find(name);
    const subject = `agent:${agent.id}`;
    await store.audit.append({
      at: clock(),
      actor,
      address,
      action: `agent.${action}`,
      subject,
      after: { name, ...asked },
    });
    const timeout = ('timeout' in asked ? asked.timeout : PATIENCE) + ON_THE_WAY;
    return requests.ask(agent, action, asked, { requestedBy: actor, timeout });
  };

  const approved = <Action extends 'probe' | 'logs' | 'restart'>(
    action: Action,
  ): ApprovedQuestion<Action> => {
    const perform = approvals.action<AgentArguments<Action>, AgentAnswer<Action>>(
      action,
      ({ subject, arguments: asked }, actor) => ask(action, subject.slice(SUBJECT.length), asked, actor),
    );
    return async (name, asked, requester) =>
      perform({ pool: (await find(name)).pool, subject: `${SUBJECT}${name}`, arguments: asked }, requester);
  };

  return {
    probe: approved('probe'),
    check: (name, asked, requester) => ask('check', name, asked, requester),
    logs: approved('logs'),
    async config(name, requester) {
      const config = await ask('effective-config', name, {}, requester);
      const pinned = await pinnedConfig({ store, pins }, await find(name));
      if (pinned === undefined) return config;
      const { version, digest } = pinned;
      const changes = changesFrom(pinned, config.content);
      return { ...config, pinned: { version, digest, ...(changes && { changes: [...changes] }) } };
    },
    restart: approved('restart'),
  };
}
