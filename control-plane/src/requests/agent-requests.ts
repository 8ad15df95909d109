import {
  type AgentAction,
  type AgentAnswer,
  type AgentArguments,
  type AgentMessageOf,
  type GatewayMessageOf,
  isRequestErrorCode,
  readAgentAnswer,
} from '@penstock/wire';
import { AgentRequestError } from './agent-request-error.ts';

/** The part of a session that asking needs. */
export type Askable = {
  readonly state: 'greeting' | 'ready' | 'draining' | 'ended';
  readonly identity: { readonly agentId: string };
  request(message: GatewayMessageOf<'request'>): void;
};

export type AskedAgent = { readonly id: string; readonly name: string };

export type AskOptions = {
  /** For the agent's own log: `admin-token:ID`. */
  readonly requestedBy: string;
  /** Milliseconds until the answer counts as none. */
  readonly timeout: number;
};

/** Requests that wait for one agent at a time: as many as an agent works on. */
const MOST_PER_AGENT = 4;
/** And for all agents together: each may bring an answer of limits.resultBodyBytes. */
const MOST_AT_ALL = 32;

/** A restart may have begun when its session is lost. All else can be asked twice. */
const askedOnce: ReadonlySet<AgentAction> = new Set(['restart']);

type Pending = {
  readonly agent: AskedAgent;
  session: Askable;
  /** Settles with the `result` of the agent, whichever way it came. */
  readonly settle: (answer: Result) => void;
  readonly fail: (error: AgentRequestError) => void;
  /** Sends the request on another session, or fails it. */
  readonly moveOn: () => void;
};

type Result = Pick<AgentMessageOf<'result'>, 'ok' | 'code' | 'detail' | 'value'>;

/**
 * What the gateway asks of agents, from the question to the answer. It goes over any session of the agent, a draining
 * one as well; when that session ends before the answer, over another one.
 */
export class AgentRequests {
  readonly #sessionsOf: (agentId: string) => Iterable<Askable>;
  readonly #pending = new Map<string, Pending>();
  /** Ids of requests whose large answer is on its way. */
  readonly #arriving = new Set<string>();
  #asked = 0;

  /** `sessionsOf` gives the sessions of an agent that live at the moment. */
  constructor(sessionsOf: (agentId: string) => Iterable<Askable>) {
    this.#sessionsOf = sessionsOf;
  }

  /** Requests that wait for an answer. */
  get waiting(): number {
    return this.#pending.size;
  }

  /** Asks an agent and comes back with its answer. Throws AgentRequestError. */
  async ask<Action extends AgentAction>(
    agent: AskedAgent,
    action: Action,
    asked: AgentArguments<Action>,
    { requestedBy, timeout }: AskOptions,
  ): Promise<AgentAnswer<Action>> {
    this.#refuseTooMany(agent);
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    let id = '';
    let tried = 0;
    const send = () => {
      this.#pending.delete(id);
      const session = this.#sessionFor(agent.id);
      if (session === undefined || (tried > 0 && askedOnce.has(action))) {
        reject(tried === 0 ? offline(agent) : lost(agent));
        return;
      }
      tried += 1;
      this.#asked += 1;
      // No agent can guess the ids of another: it would need one to post an answer to.
      id = `${this.#asked.toString(36)}-${crypto.randomUUID()}`;
      this.#pending.set(id, { agent, session, settle: resolve, fail: reject, moveOn: send });
      session.request({ type: 'request', id, action, arguments: asked, requestedBy });
    };
    const timer = setTimeout(() => reject(silent(agent, timeout)), timeout);
    try {
      send();
      return answerOf(agent, action, await promise);
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  /** A `result` has come on a session. One that nobody waits for any more is dropped. */
  answered(session: Askable, { id, ...result }: AgentMessageOf<'result'>): void {
    const pending = this.#pending.get(id);
    if (pending?.agent.id === session.identity.agentId) pending.settle(result);
  }

  /** Whether an answer of this agent with this id is waited for. */
  expects(agentId: string, id: string): boolean {
    return this.#pending.get(id)?.agent.id === agentId;
  }

  /**
   * Claims the place for the large answer of this agent with this id, until `release`. Undefined when nobody waits for
   * it, or it is on its way already: each is kept in memory as a whole.
   */
  claim(agentId: string, id: string): { release(): void } | undefined {
    if (!this.expects(agentId, id) || this.#arriving.has(id)) return undefined;
    this.#arriving.add(id);
    return { release: () => void this.#arriving.delete(id) };
  }

  /** A large answer has come, on a connection of the agent that was asked. */
  answeredAtLength(agentId: string, id: string, value: unknown): void {
    const pending = this.#pending.get(id);
    if (pending?.agent.id === agentId) pending.settle({ ok: true, value });
  }

  /** Must be called when a session has ended. */
  sessionEnded(session: Askable): void {
    for (const pending of [...this.#pending.values()]) if (pending.session === session) pending.moveOn();
  }

  #refuseTooMany(agent: AskedAgent): void {
    const ofAgent = [...this.#pending.values()].filter((pending) => pending.agent.id === agent.id).length;
    if (ofAgent < MOST_PER_AGENT && this.#pending.size < MOST_AT_ALL) return;
    throw new AgentRequestError(
      'AGENT_BUSY',
      `Too many requests wait for ${ofAgent < MOST_PER_AGENT ? 'agents' : agent.name} already. Try again when they are answered.`,
    );
  }

  #sessionFor(agentId: string): Askable | undefined {
    const live = [...this.#sessionsOf(agentId)];
    return live.find(({ state }) => state === 'ready') ?? live.find(({ state }) => state === 'draining');
  }
}

function answerOf<Action extends AgentAction>(
  { name }: AskedAgent,
  action: Action,
  { ok, code, detail, value }: Result,
): AgentAnswer<Action> {
  if (ok) {
    const answer = readAgentAnswer(action, value);
    if (answer !== undefined) return answer;
    throw new AgentRequestError(
      'AGENT_ANSWER_MALFORMED',
      `${name} answered ${action} with what is no answer to it. Run the same release on agent and gateway.`,
    );
  }
  const reason = isRequestErrorCode(code) ? code : undefined;
  const failure =
    reason === 'REQUEST_DENIED'
      ? 'AGENT_REFUSED'
      : reason === 'REQUEST_OVERLOADED'
        ? 'AGENT_BUSY'
        : 'AGENT_FAILED';
  throw new AgentRequestError(failure, `${name}: ${detail ?? code ?? 'no reason given'}`, reason);
}

const offline = ({ name }: AskedAgent) =>
  new AgentRequestError(
    'AGENT_OFFLINE',
    `${name} is not connected. Look at its log on its host, or run penstock-agent doctor there.`,
  );

const lost = ({ name }: AskedAgent) =>
  new AgentRequestError(
    'AGENT_TIMEOUT',
    `The session to ${name} was lost before its answer, and it has no other.`,
  );

const silent = ({ name }: AskedAgent, timeout: number) =>
  new AgentRequestError('AGENT_TIMEOUT', `${name} did not answer within ${timeout / 1000} s.`);
