import { type ProblemCode, ProblemError } from '@penstock/wire';

/** Codes only the API has, beside those of the tunnel port. Closed: docs/api.md has a row for each. */
export const apiProblemCodes = {
  ADMIN_TOKEN_REQUIRED: { status: 401, sentence: 'This request needs an admin token.' },
  ADMIN_TOKEN_UNKNOWN: { status: 401, sentence: 'This admin token does not exist.' },
  ADMIN_TOKEN_REVOKED: { status: 401, sentence: 'This admin token was revoked.' },
  ROLE_INSUFFICIENT: { status: 403, sentence: 'The role of this admin token does not allow this.' },
  APPROVAL_DECIDED: { status: 409, sentence: 'This approval no longer waits for anybody.' },
  AGENT_OFFLINE: { status: 409, sentence: 'This agent is not connected.' },
  AGENT_BUSY: { status: 429, sentence: 'This agent has too many requests to answer already.' },
  AGENT_TIMEOUT: { status: 504, sentence: 'This agent did not answer in time.' },
  AGENT_REFUSED: { status: 403, sentence: 'The policy of this agent does not allow this.' },
  AGENT_FAILED: { status: 502, sentence: 'This agent could not do what was asked.' },
  AGENT_ANSWER_MALFORMED: { status: 502, sentence: 'This agent answered with what is no answer.' },
  CONFIG_INVALID: { status: 422, sentence: 'The content is no agent.yaml that could be published.' },
  CONFIG_VERSION_TAKEN: { status: 409, sentence: 'This version was published with another content.' },
} as const satisfies Record<string, { status: number; sentence: string }>;

export type ApiProblemCode = keyof typeof apiProblemCodes;

/** A problem document (RFC 9457) as the API sends it. */
export type ApiProblemDocument = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode | ApiProblemCode;
  readonly detail: string;
};

/** A refusal the client is told. `detail` is sent as is: it must hold no secret. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly code: ApiProblemCode;

  constructor(code: ApiProblemCode, detail?: string) {
    super(detail ?? apiProblemCodes[code].sentence);
    this.code = code;
  }
}

export function documentOf(problem: ApiProblem | ProblemError): ApiProblemDocument {
  if (problem instanceof ProblemError) return problem.toDocument();
  const { code, message } = problem;
  const { status, sentence } = apiProblemCodes[code];
  return { type: `urn:penstock:problem:${code}`, title: sentence, status, code, detail: message };
}
