import { type ApiProblemCode, apiProblemCodes } from '@penstock/api-schema';
import { type ProblemDocument, ProblemError, problemDocument } from '@penstock/wire';

/** A refusal with a code that only the API has. `detail` is sent as is and must not contain secrets. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly code: ApiProblemCode;

  constructor(code: ApiProblemCode, detail?: string) {
    super(detail ?? apiProblemCodes[code].message);
    this.code = code;
  }
}

export function documentOf(problem: ApiProblem | ProblemError): ProblemDocument {
  if (problem instanceof ProblemError) return problem.toDocument();
  return problemDocument(problem.code, apiProblemCodes[problem.code], problem.message);
}
