import { whenUsed } from '@penstock/json-schema';
import { EnrollCheck, EnrollRequest, ProblemError, RenewRequest } from '@penstock/wire';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

const ajv = new Ajv2020({ strict: true, allErrors: false });
const enrollRequest = whenUsed(() => ajv.compile<EnrollRequest>(EnrollRequest));
const enrollCheck = whenUsed(() => ajv.compile<EnrollCheck>(EnrollCheck));
const renewRequest = whenUsed(() => ajv.compile<RenewRequest>(RenewRequest));

/** Checks the body of POST /v1/enroll. Throws ProblemError REQUEST_INVALID. */
export function readEnrollRequest(body: unknown): EnrollRequest {
  return validated(body, enrollRequest());
}

/** Checks the body of POST /v1/enroll/check. Throws ProblemError REQUEST_INVALID. */
export function readEnrollCheck(body: unknown): EnrollCheck {
  return validated(body, enrollCheck());
}

/** Checks the body of POST /v1/renew. Throws ProblemError REQUEST_INVALID. */
export function readRenewRequest(body: unknown): RenewRequest {
  return validated(body, renewRequest());
}

function validated<Body>(body: unknown, validate: ValidateFunction<Body>): Body {
  if (validate(body)) return body;
  const [problem] = validate.errors ?? [];
  // The message contains the field and the rule, but not the value, which may be a token.
  throw new ProblemError(
    'REQUEST_INVALID',
    `The request is malformed: ${problem?.instancePath || 'the body'} ${problem?.message ?? ''}.`,
  );
}
