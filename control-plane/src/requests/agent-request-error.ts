import type { RequestErrorCode } from '@penstock/wire';

/** Why a request to an agent failed. Each code is also a problem code of the API. */
export type AgentRequestFailure =
  | 'AGENT_OFFLINE'
  | 'AGENT_BUSY'
  | 'AGENT_TIMEOUT'
  | 'AGENT_REFUSED'
  | 'AGENT_FAILED'
  | 'AGENT_ANSWER_MALFORMED';

/** A request to an agent that failed. The message is for people. */
export class AgentRequestError extends Error {
  override readonly name = 'AgentRequestError';
  readonly code: AgentRequestFailure;
  /** The code that the agent itself returned, if any. */
  readonly reason: RequestErrorCode | undefined;

  constructor(code: AgentRequestFailure, message: string, reason?: RequestErrorCode) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}
