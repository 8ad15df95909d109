import { type Clock, type ReleasePermit, Semaphore, systemClock, TokenBucket } from '@penstock/runtime';
import {
  type AgentAction,
  type AgentAnswer,
  type AgentArguments,
  type AgentMessageOf,
  type AgentRequest,
  errorText,
  type GatewayMessageOf,
  RequestError,
  readAgentRequest,
} from '@penstock/wire';
import type { AgentLog } from '../observe/event.ts';

/** What the agent does for each action. Each throws RequestError; `signal` aborts when the agent stops. */
export type RequestHandlers = {
  readonly [Action in AgentAction]: (
    asked: AgentArguments<Action>,
    signal: AbortSignal,
  ) => AgentAnswer<Action> | Promise<AgentAnswer<Action>>;
};

type Request = GatewayMessageOf<'request'>;
type Result = AgentMessageOf<'result'>;

export type RequestsOptions = {
  readonly handlers: RequestHandlers;
  readonly log: AgentLog;
  readonly clock?: Clock;
};

/** Requests worked on at once. */
const MOST_AT_ONCE = 4;
/** Requests taken without a pause, and a second from then on. */
const BURST = 40;
const RATE = 2;

/**
 * What the gateway asks of this agent beside opens. It is answered in every state of the agent: quarantined, draining,
 * or with connectors that fail. Bounded in number and rate, so that no operator can keep the agent from its work.
 */
export class Requests {
  readonly #handlers: RequestHandlers;
  readonly #log: AgentLog;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #running = new Semaphore(MOST_AT_ONCE);
  readonly #rate: TokenBucket;

  constructor({ handlers, log, clock = systemClock }: RequestsOptions) {
    this.#handlers = handlers;
    this.#log = log;
    this.#clock = clock;
    this.#rate = new TokenBucket({ capacity: BURST, refillPerSecond: RATE, clock });
  }

  /** Answers one request by `reply`, exactly once. Never throws. */
  async answer(
    { id, action, arguments: asked, requestedBy }: Request,
    reply: (result: Result) => void,
  ): Promise<void> {
    const started = this.#clock.now();
    try {
      const release = this.#admit();
      try {
        const value = await this.#work(readAgentRequest(action, asked));
        this.#log('request-answered', {
          action,
          requestedBy,
          milliseconds: Math.round(this.#clock.now() - started),
        });
        reply({ type: 'result', id, ok: true, value });
      } finally {
        release();
      }
    } catch (error) {
      const { code, message } =
        error instanceof RequestError ? error : new RequestError('REQUEST_FAILED', errorText(error));
      this.#log('request-refused', { action, requestedBy, code, detail: message });
      reply({ type: 'result', id, ok: false, code, detail: message.slice(0, 1024) });
    }
  }

  /** Ends what is worked on; it is answered as failed. */
  stop(): void {
    this.#stopping.abort(new RequestError('REQUEST_FAILED', 'The agent stops.'));
  }

  #work(request: AgentRequest): AgentAnswer<AgentAction> | Promise<AgentAnswer<AgentAction>> {
    const { signal } = this.#stopping;
    switch (request.action) {
      case 'probe':
        return this.#handlers.probe(request.arguments, signal);
      case 'check':
        return this.#handlers.check(request.arguments, signal);
      case 'logs':
        return this.#handlers.logs(request.arguments, signal);
      case 'effective-config':
        return this.#handlers['effective-config'](request.arguments, signal);
      case 'restart':
        return this.#handlers.restart(request.arguments, signal);
    }
  }

  #admit(): ReleasePermit {
    const release = this.#running.tryAcquire();
    if (release === undefined) {
      throw new RequestError('REQUEST_OVERLOADED', `This agent already works on ${MOST_AT_ONCE} requests.`);
    }
    if (!this.#rate.tryTake()) {
      release();
      throw new RequestError(
        'REQUEST_OVERLOADED',
        `This agent takes ${RATE} requests a second, and no more.`,
      );
    }
    return release;
  }
}
