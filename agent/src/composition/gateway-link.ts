import { errorCode, errorText } from '@penstock/wire';
import { Readiness } from '../health/readiness.ts';
import type { AgentStatus } from '../local/status.ts';

/** The gateway asks to come back later, or one of the two clocks is wrong. */
const PASSING: ReadonlySet<string> = new Set([
  'TOO_MANY_REQUESTS',
  'STORE_UNAVAILABLE',
  'GATEWAY_CERTIFICATE_INVALID',
]);

/** What the sessions have shown about the connection to the gateway. */
export class GatewayLink {
  readonly readiness = new Readiness();
  /** Milliseconds by which the gateway's clock is ahead of this host's; 0 before the first measurement. */
  clockOffset = 0;
  #lastFailure: AgentStatus['lastFailure'];
  #isBusy = false;

  get lastFailure(): AgentStatus['lastFailure'] {
    return this.#lastFailure;
  }

  /** Whether the last failure was one that another version of this agent would meet as well. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Records why a session could not be opened or was lost, or why the agent could not enroll or renew. */
  failed(error: unknown): void {
    this.#isBusy = PASSING.has(errorCode(error) ?? '');
    this.#lastFailure = { at: new Date().toISOString(), message: errorText(error) };
  }
}
