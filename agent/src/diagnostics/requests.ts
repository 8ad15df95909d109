import { type Clock, type ReleasePermit, Semaphore, systemClock, TokenBucket } from '@penstock/runtime';
import {
  type AgentMessageOf,
  type AgentRequest,
  type AgentRequestDescriptor,
  type AnswerOf,
  type ArgumentsOf,
  errorText,
  type GatewayMessageOf,
  type ProbeStage,
  RequestError,
} from '@penstock/wire';
import { readRequestArguments } from '@penstock/wire/codec';
import type { AgentLog } from '../observe/event.ts';

/**
 * A handler for each request, by action. Handlers throw RequestError; `signal` aborts when the agent stops. A probe or a check
 * calls `onStage` with each stage that it has finished.
 */
export type RequestHandlers<Request extends AgentRequestDescriptor = AgentRequest> = {
  readonly [Each in Request as Each['action']]: (
    args: ArgumentsOf<Each>,
    signal: AbortSignal,
    onStage: (stage: ProbeStage) => void,
  ) => AnswerOf<Each> | Promise<AnswerOf<Each>>;
};

/** `policy.remote` of agent.yaml. */
export type RemotePolicy = Readonly<Record<NonNullable<AgentRequestDescriptor['policy']>, 'allow' | 'deny'>>;

export type RequestsOptions<Request extends AgentRequestDescriptor> = {
  /** The requests that this agent supports. */
  readonly requests: readonly Request[];
  readonly handlers: RequestHandlers<Request>;
  /** Returns the policy currently in force. */
  readonly policy: () => RemotePolicy;
  readonly log: AgentLog;
  readonly clock?: Clock;
};

type RequestMessage = GatewayMessageOf<'request'>;
type ResultMessage = AgentMessageOf<'result'>;
type ProgressMessage = AgentMessageOf<'progress'>;
type OnStage = (stage: ProbeStage) => void;
type Handler = (args: unknown, signal: AbortSignal, onStage: OnStage) => unknown;

const MAX_CONCURRENT = 4;
/** Requests accepted in a burst, and per second after it. */
const BURST = 40;
const RATE_PER_SECOND = 2;
const MAX_DETAIL_LENGTH = 1024;

/**
 * Answers the gateway's requests in every state of the agent, including quarantined and draining. Concurrency and rate
 * are limited to keep requests from interfering with the agent's connections.
 */
export class Requests<Request extends AgentRequestDescriptor> {
  readonly #requests: ReadonlyMap<string, AgentRequestDescriptor>;
  readonly #handlers: Readonly<Record<string, Handler>>;
  readonly #policy: () => RemotePolicy;
  readonly #log: AgentLog;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #running = new Semaphore(MAX_CONCURRENT);
  readonly #rate: TokenBucket;

  constructor({ requests, handlers, policy, log, clock = systemClock }: RequestsOptions<Request>) {
    this.#requests = new Map(requests.map((request) => [request.action, request]));
    // Arguments are validated against the descriptor before a handler receives them.
    this.#handlers = handlers as unknown as Readonly<Record<string, Handler>>;
    this.#policy = policy;
    this.#log = log;
    this.#clock = clock;
    this.#rate = new TokenBucket({ capacity: BURST, refillPerSecond: RATE_PER_SECOND, clock });
  }

  /** Calls `reply` exactly once with the result of a request, and `report` before it with what has been done. Never rejects. */
  async answer(
    message: RequestMessage,
    reply: (result: ResultMessage) => void,
    report: (progress: ProgressMessage) => void = () => {},
  ): Promise<void> {
    const { id, action, requestedBy } = message;
    const started = this.#clock.now();
    try {
      const release = this.#admit();
      try {
        const value = await this.#handle(message, (stage) => report({ type: 'progress', id, stage }));
        const milliseconds = Math.round(this.#clock.now() - started);
        this.#log('request-answered', { action, requestedBy, milliseconds });
        reply({ type: 'result', id, ok: true, value });
      } finally {
        release();
      }
    } catch (error) {
      const { code, message: detail } =
        error instanceof RequestError ? error : new RequestError('REQUEST_FAILED', errorText(error));
      this.#log('request-refused', { action, requestedBy, code, detail });
      reply({ type: 'result', id, ok: false, code, detail: detail.slice(0, MAX_DETAIL_LENGTH) });
    }
  }

  /** Aborts running requests; they fail with REQUEST_FAILED. */
  stop(): void {
    this.#stopping.abort(new RequestError('REQUEST_FAILED', 'The agent is shutting down.'));
  }

  #handle({ action, arguments: args }: RequestMessage, onStage: OnStage): unknown {
    const request = this.#requests.get(action);
    const handler = this.#handlers[action];
    if (request === undefined || handler === undefined) {
      throw new RequestError('REQUEST_UNKNOWN', `This release of the agent does not support ${action}.`);
    }
    const validArguments = readRequestArguments(request, args);
    this.#requireAllowed(request);
    return handler(validArguments, this.#stopping.signal, onStage);
  }

  #requireAllowed({ policy }: AgentRequestDescriptor): void {
    if (policy === undefined || this.#policy()[policy] === 'allow') return;
    throw new RequestError(
      'REQUEST_DENIED',
      `The agent's owners do not allow this: policy.remote.${policy} in agent.yaml is deny.`,
    );
  }

  #admit(): ReleasePermit {
    const release = this.#running.tryAcquire();
    if (release === undefined) {
      throw new RequestError(
        'REQUEST_OVERLOADED',
        `This agent is already working on ${MAX_CONCURRENT} requests. Try again later.`,
      );
    }
    if (!this.#rate.tryTake()) {
      release();
      throw new RequestError(
        'REQUEST_OVERLOADED',
        `This agent accepts ${RATE_PER_SECOND} requests per second. Try again later.`,
      );
    }
    return release;
  }
}
