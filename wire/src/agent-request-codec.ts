import type { TObject } from '@penstock/json-schema';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { AgentRequestDescriptor, AnswerOf, ArgumentsOf } from './agent-request-descriptor.ts';
import { RequestError } from './request-error.ts';

const ajv = new Ajv2020({ strict: true, allErrors: false });
const validators = new WeakMap<TObject, ValidateFunction>();

function validatorOf(schema: TObject): ValidateFunction {
  const existing = validators.get(schema);
  if (existing !== undefined) return existing;
  const validate = ajv.compile(schema);
  validators.set(schema, validate);
  return validate;
}

/** Returns the arguments of a request. Throws RequestError REQUEST_MALFORMED if they do not match its schema. */
export function readRequestArguments<Request extends AgentRequestDescriptor>(
  request: Request,
  value: unknown,
): ArgumentsOf<Request> {
  const validate = validatorOf(request.arguments);
  if (validate(value)) return value as ArgumentsOf<Request>;
  const [problem] = validate.errors ?? [];
  throw new RequestError(
    'REQUEST_MALFORMED',
    `The arguments of ${request.action} are malformed: ${problem?.instancePath ?? ''} ${problem?.message ?? ''}.`,
  );
}

/** Returns the answer to a request, or undefined if `value` does not match its schema. */
export function readRequestAnswer<Request extends AgentRequestDescriptor>(
  request: Request,
  value: unknown,
): AnswerOf<Request> | undefined {
  return validatorOf(request.answer)(value) ? (value as AnswerOf<Request>) : undefined;
}
