import { hasShape } from '@penstock/json-schema';
import {
  type AgentMessageOf,
  type AgentRequestDescriptor,
  type AnswerOf,
  type ArgumentsOf,
  type GatewayMessageOf,
  isRequestErrorCode,
  ProbeStage,
} from '@penstock/wire';
import { readRequestAnswer } from '@penstock/wire/codec';
import { AgentRequestError } from './agent-request-error.ts';

/** The part of a session that requests need. */
export type RequestSession = {
  readonly state: 'greeting' | 'ready' | 'draining' | 'ended';
  readonly identity: { readonly agentId: string };
  request(message: GatewayMessageOf<'request'>): void;
};

export type RequestedAgent = { readonly id: string; readonly name: string };

export type SendOptions = {
  /** Written to the agent's log: `admin-token:ID`. */
  readonly requestedBy: string;
  /** After this time without an answer, the request fails with AGENT_TIMEOUT. */
  readonly timeoutMs: number;
  /** Called with each stage of a probe or a check that has finished, if the agent has a session to this gateway. */
  readonly onStage?: ((stage: ProbeStage) => void) | undefined;
};

/** Pending requests per agent; an agent works on no more at a time. */
const MAX_PENDING_PER_AGENT = 4;
/** Pending requests to all agents. Each answer can have limits.resultBodyBytes. */
const MAX_PENDING = 32;

type Pending = {
  readonly agent: RequestedAgent;
  session: RequestSession;
  /** Called with the agent's `result`, whether it arrived on the control stream or as a plain request. */
  readonly settle: (answer: AgentResult) => void;
  readonly fail: (error: AgentRequestError) => void;
  readonly onStage?: ((stage: ProbeStage) => void) | undefined;
  /** Sends the request on another session, or fails it. */
  readonly resend: () => void;
};

/** What an agent answers. */
export type AgentResult = Pick<AgentMessageOf<'result'>, 'ok' | 'code' | 'detail' | 'value'>;

/**
 * Requests to agents that have not been answered yet. A request is sent on any session of the agent, preferably one that
 * is not draining. If the session ends before the answer arrives, it is sent again on another session.
 */
export class PendingAgentRequests {
  readonly #sessionsOf: (agentId: string) => Iterable<RequestSession>;
  readonly #pending = new Map<string, Pending>();
  /** IDs of requests whose large answer is being received. */
  readonly #receiving = new Set<string>();
  #sent = 0;

  /** `sessionsOf` returns the current sessions of an agent. */
  constructor(sessionsOf: (agentId: string) => Iterable<RequestSession>) {
    this.#sessionsOf = sessionsOf;
  }

  /** Number of pending requests. */
  get size(): number {
    return this.#pending.size;
  }

  /** Sends a request and resolves with the answer. Throws AgentRequestError. */
  async send<Request extends AgentRequestDescriptor>(
    agent: RequestedAgent,
    request: Request,
    args: ArgumentsOf<Request>,
    { requestedBy, timeoutMs, onStage }: SendOptions,
  ): Promise<AnswerOf<Request>> {
    this.#requireCapacity(agent);
    const { promise, resolve, reject } = Promise.withResolvers<AgentResult>();
    let id = '';
    let attempts = 0;
    const send = () => {
      this.#pending.delete(id);
      const session = this.#sessionFor(agent.id);
      if (session === undefined || (attempts > 0 && !request.repeatable)) {
        reject(attempts === 0 ? offline(agent) : lost(agent));
        return;
      }
      attempts += 1;
      this.#sent += 1;
      // The ID cannot be guessed: an agent must not be able to post an answer in place of another.
      id = `${this.#sent.toString(36)}-${crypto.randomUUID()}`;
      this.#pending.set(id, { agent, session, settle: resolve, fail: reject, onStage, resend: send });
      session.request({ type: 'request', id, action: request.action, arguments: args, requestedBy });
    };
    const timer = setTimeout(() => reject(timedOut(agent, timeoutMs)), timeoutMs);
    try {
      send();
      return answerOf(agent, request, await promise);
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  /**
   * Makes a request that another replica has sent for a session here, which answers to it. Resolves to undefined when the
   * session ends first, or when `signal` is aborted. Throws AgentRequestError when too many requests are pending.
   */
  async forward(
    session: RequestSession,
    message: GatewayMessageOf<'request'>,
    signal: AbortSignal,
  ): Promise<AgentResult | undefined> {
    const { agentId } = session.identity;
    const agent = { id: agentId, name: agentId };
    this.#requireCapacity(agent);
    if (signal.aborted || this.#pending.has(message.id)) return undefined;
    const { promise, resolve } = Promise.withResolvers<AgentResult | undefined>();
    const giveUp = () => resolve(undefined);
    signal.addEventListener('abort', giveUp, { once: true });
    this.#pending.set(message.id, { agent, session, settle: resolve, fail: giveUp, resend: giveUp });
    try {
      session.request(message);
      return await promise;
    } finally {
      this.#pending.delete(message.id);
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** Must be called with each `result` received on a session. Results without a pending request are ignored. */
  answered(session: RequestSession, { id, ...result }: AgentMessageOf<'result'>): void {
    const pending = this.#pending.get(id);
    if (pending?.agent.id === session.identity.agentId) pending.settle(result);
  }

  /** Must be called with each `progress` received on a session. */
  progressed(session: RequestSession, { id, stage }: AgentMessageOf<'progress'>): void {
    const pending = this.#pending.get(id);
    if (pending?.agent.id === session.identity.agentId && hasShape(ProbeStage, stage))
      pending.onStage?.(stage);
  }

  /** Whether a request with this ID to this agent is pending. */
  expects(agentId: string, id: string): boolean {
    return this.#pending.get(id)?.agent.id === agentId;
  }

  /**
   * Reserves the large answer to a request until `release`, since each answer is held in memory. Returns undefined if
   * the request is not pending or its answer is already being received.
   */
  claim(agentId: string, id: string): { release(): void } | undefined {
    if (!this.expects(agentId, id) || this.#receiving.has(id)) return undefined;
    this.#receiving.add(id);
    return { release: () => void this.#receiving.delete(id) };
  }

  /** Must be called with each large answer, received as a plain request from the agent. */
  answeredAtLength(agentId: string, id: string, value: unknown): void {
    const pending = this.#pending.get(id);
    if (pending?.agent.id === agentId) pending.settle({ ok: true, value });
  }

  /** Must be called when a session has ended. */
  sessionEnded(session: RequestSession): void {
    for (const pending of [...this.#pending.values()]) if (pending.session === session) pending.resend();
  }

  #requireCapacity(agent: RequestedAgent): void {
    const ofAgent = [...this.#pending.values()].filter((pending) => pending.agent.id === agent.id).length;
    if (ofAgent < MAX_PENDING_PER_AGENT && this.#pending.size < MAX_PENDING) return;
    throw new AgentRequestError(
      'AGENT_BUSY',
      `Too many requests to ${ofAgent < MAX_PENDING_PER_AGENT ? 'agents' : agent.name} are pending. Try again when they have been answered.`,
    );
  }

  #sessionFor(agentId: string): RequestSession | undefined {
    const live = [...this.#sessionsOf(agentId)];
    return live.find(({ state }) => state === 'ready') ?? live.find(({ state }) => state === 'draining');
  }
}

function answerOf<Request extends AgentRequestDescriptor>(
  { name }: RequestedAgent,
  request: Request,
  { ok, code, detail, value }: AgentResult,
): AnswerOf<Request> {
  if (ok) {
    const answer = readRequestAnswer(request, value);
    if (answer !== undefined) return answer;
    throw new AgentRequestError(
      'AGENT_ANSWER_MALFORMED',
      `The answer of ${name} to ${request.action} is malformed. Run the same release on agent and gateway.`,
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

const offline = ({ name }: RequestedAgent) =>
  new AgentRequestError(
    'AGENT_OFFLINE',
    `${name} is not connected. Check its log on its host, or run penstock-agent doctor there.`,
  );

const lost = ({ name }: RequestedAgent) =>
  new AgentRequestError(
    'AGENT_TIMEOUT',
    `The session of ${name} was lost before it answered, and the request was not sent again.`,
  );

const timedOut = ({ name }: RequestedAgent, timeoutMs: number) =>
  new AgentRequestError('AGENT_TIMEOUT', `${name} did not answer within ${timeoutMs / 1000} s.`);
