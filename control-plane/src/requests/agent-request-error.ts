import type { RequestErrorCode } from '@penstock/wire';

/** Why an agent gave no answer. The API has a problem code of the same name for each. */
export type AgentRequestFailure =
  | 'AGENT_OFFLINE'
  | 'AGENT_BUSY'
  | 'AGENT_TIMEOUT'
  | 'AGENT_REFUSED'
  | 'AGENT_FAILED'
  | 'AGENT_ANSWER_MALFORMED';

/** A request that an agent did not answer with what was asked for. The message is for people. */
export class AgentRequestError extends Error {
  override readonly name = 'AgentRequestError';
  readonly code: AgentRequestFailure;
  /** The agent's own word, where it gave one. */
  readonly reason: RequestErrorCode | undefined;

  constructor(code: AgentRequestFailure, message: string, reason?: RequestErrorCode) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}
