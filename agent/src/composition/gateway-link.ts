import { errorText } from '@penstock/wire';
import { Readiness } from '../health/readiness.ts';
import type { AgentStatus } from '../local/status.ts';

/** What the sessions have shown about the connection to the gateway. */
export class GatewayLink {
  readonly readiness = new Readiness();
  /** Milliseconds by which the gateway's clock is ahead of this host's; 0 before the first measurement. */
  clockOffset = 0;
  #lastFailure: AgentStatus['lastFailure'];

  get lastFailure(): AgentStatus['lastFailure'] {
    return this.#lastFailure;
  }

  /** Records why a session could not be opened or was lost, or why the agent could not enroll or renew. */
  failed(error: unknown): void {
    this.#lastFailure = { at: new Date().toISOString(), message: errorText(error) };
  }
}
