import { ProblemDocument } from '@penstock/wire';

/**
 * Problem codes of the API, in addition to those of the tunnel port (`problemCodes` in wire). Closed: docs/api.md has a
 * row for each.
 */
export const apiProblemCodes = {
  ADMIN_TOKEN_REQUIRED: { status: 401, message: 'This request requires an admin token.' },
  ADMIN_TOKEN_UNKNOWN: { status: 401, message: 'This admin token does not exist.' },
  ADMIN_TOKEN_EXPIRED: { status: 401, message: 'This admin token has expired.' },
  ADMIN_TOKEN_REVOKED: { status: 401, message: 'This admin token has been revoked.' },
  CONSOLE_SESSION_UNKNOWN: { status: 401, message: 'This console session does not exist or has ended.' },
  CONSOLE_SESSION_EXPIRED: { status: 401, message: 'This console session has expired.' },
  SIGN_IN_CODE_INVALID: { status: 401, message: 'This sign-in code has been used or has expired.' },
  SIGN_IN_REFUSED: { status: 403, message: 'Signing in to the console was refused.' },
  SIGN_IN_NEEDS_TLS: { status: 403, message: 'The console requires TLS, except on loopback.' },
  ORIGIN_REFUSED: { status: 403, message: 'This request was not sent by a page of this gateway.' },
  HOST_REFUSED: { status: 421, message: 'This gateway does not have the host name of the request.' },
  ROLE_INSUFFICIENT: {
    status: 403,
    message: 'The role of this admin token or console session does not permit this request.',
  },
  METHOD_NOT_ALLOWED: { status: 405, message: 'This path does not have this method.' },
  CONNECTION_UNKNOWN: { status: 404, message: 'This gateway has no connection of this name.' },
  BULK_COUNT: { status: 409, message: 'This concerns another number of agents than expected.' },
  APPROVAL_DECIDED: { status: 409, message: 'This approval has already been decided or has expired.' },
  AGENT_OFFLINE: { status: 409, message: 'This agent is not connected.' },
  AGENT_BUSY: { status: 429, message: 'This agent has too many pending requests.' },
  AGENT_TIMEOUT: { status: 504, message: 'This agent did not answer in time.' },
  AGENT_REFUSED: { status: 403, message: "The agent's policy does not allow this request." },
  AGENT_FAILED: { status: 502, message: 'The agent failed to carry out the request.' },
  AGENT_ANSWER_MALFORMED: { status: 502, message: "The agent's answer is malformed." },
  ROLLOUT_STATE: { status: 409, message: 'The state of this rollout does not permit that.' },
  ROLLOUT_CONFLICT: { status: 409, message: 'Another rollout is in progress in one of the pools.' },
  RELEASE_UNUSABLE: { status: 422, message: 'This version of the software cannot be rolled out.' },
  CONFIG_INVALID: { status: 422, message: 'The content is not a valid agent.yaml.' },
  CONFIG_VERSION_TAKEN: {
    status: 409,
    message: 'This version has already been published with different content.',
  },
} as const satisfies Record<string, { status: number; message: string }>;

export type ApiProblemCode = keyof typeof apiProblemCodes;

const problem = {
  description: 'Problem document (RFC 9457).',
  content: { 'application/problem+json': { schema: ProblemDocument } },
};

/** Responses that every route can send in addition to its own. */
export const problemResponses = {
  '4xx': {
    ...problem,
    description:
      'Problem document (RFC 9457). 401 without a valid admin token, and 429 with Retry-After instead once an address has ' +
      'failed too often.',
  },
  '5xx': problem,
};
