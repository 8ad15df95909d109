import type { Static, TObject } from '@penstock/json-schema';

/**
 * A request that the gateway can send to an agent on the control stream. Everything around the request is derived from
 * its descriptor: validation at both ends, the route of the API, its role, approval, audit, timeout and the agent's policy.
 */
export type AgentRequestDescriptor = {
  /** Name on the wire, in approvals and in the audit trail (`agent.ACTION`). */
  readonly action: string;
  /** `arguments` of the request, and body of the route, which fills in defaults. */
  readonly arguments: TObject;
  /** `value` of the result, and response of the route. Without properties, the route responds with the agent's name. */
  readonly answer: TObject;
  /** Minimum role of the admin token. */
  readonly role: 'viewer' | 'operator' | 'admin';
  /** Whether pools can require approval; the action must then be among `approvableActions` of config-schema. */
  readonly approvable: boolean;
  /** The setting below `policy.remote` in agent.yaml that can deny the request. */
  readonly policy?: 'logs' | 'restart';
  /** Milliseconds the agent may take, or `argument` if the caller sets the argument `timeout`. */
  readonly timeoutMs: number | 'argument';
  /** False if the agent may already have acted when the session was lost: the request is then not sent again. */
  readonly repeatable: boolean;
  /** POST /agents/{name}/PATH. Absent if the API serves the request by a route of its own. */
  readonly route?: { readonly path: string; readonly summary: string; readonly description: string };
};

/** Arguments of a request. */
export type ArgumentsOf<Request extends AgentRequestDescriptor> = Static<Request['arguments']>;
/** What an agent answers to a request. */
export type AnswerOf<Request extends AgentRequestDescriptor> = Static<Request['answer']>;
