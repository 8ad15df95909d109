import { SignInRefusal } from '@penstock/sign-in';
import { ProblemError } from '@penstock/wire';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { UnknownConnectionError } from '../grants/unknown-connection-error.ts';
import { storeProblemOf } from '../identity/store-problem.ts';
import { AgentRequestError } from '../requests/agent-request-error.ts';
import { RolloutProblem } from '../rollouts/rollout-problem.ts';
import type { AllowedMethods } from './allowed-methods.ts';
import { ApiProblem, documentOf } from './problem.ts';

/** A request that failed through a fault of the gateway, for the log. */
export type ApiFailure = { readonly method: string; readonly path: string; readonly error: unknown };

/** Responds to every error with a problem document (RFC 9457). */
export function answerProblems(
  app: FastifyInstance,
  report: (failure: ApiFailure) => void,
  allowedMethods: AllowedMethods = () => undefined,
): void {
  const answerUnknown = (request: FastifyRequest, reply: FastifyReply) => {
    const route = `${request.method} ${pathOf(request)}`;
    const allowed = allowedMethods(pathOf(request))?.join(', ');
    if (allowed === undefined)
      return send(reply, new ProblemError('NOT_FOUND', `There is no route ${route}.`));
    void reply.header('allow', allowed);
    return send(reply, new ApiProblem('METHOD_NOT_ALLOWED', `There is no route ${route}: use ${allowed}.`));
  };
  app.setNotFoundHandler(answerUnknown);
  app.setErrorHandler((error: FastifyError, request, reply) => {
    // Its body was read before its route was missed.
    if (request.is404 && !(error instanceof SignInRefusal)) return answerUnknown(request, reply);
    const { method } = request;
    return send(
      reply,
      problemOfFault(error, (fault) => report({ method, path: pathOf(request), error: fault })),
    );
  });
}

/** Handles errors that Fastify finds before routing: a malformed path, or a path segment that is too long. */
export function answerBadPath(_error: unknown, _request: unknown, reply: FastifyReply): void {
  void send(reply, new ProblemError('REQUEST_INVALID', 'The path of the request is malformed or too long.'));
}

function send(reply: FastifyReply, problem: ApiProblem | ProblemError): FastifyReply {
  const document = documentOf(problem);
  if (document.status === 401) void reply.header('www-authenticate', 'Bearer');
  if (problem instanceof ProblemError && problem.retryAfter !== undefined) {
    void reply.header('retry-after', problem.retryAfter);
  }
  return reply.code(document.status).type('application/problem+json').send(document);
}

/** The problem for an error of any kind. `report` is called if the gateway itself has failed. */
export function problemOfFault(error: unknown, report: (fault: unknown) => void): ApiProblem | ProblemError {
  const problem = problemOf(error instanceof Error ? error : {});
  // Failures of agents are not faults of the gateway, although some have a 5xx status.
  const isFault = documentOf(problem).status >= 500 && !(error instanceof AgentRequestError);
  if (isFault) report(problem.cause ?? error);
  return problem;
}

/** The problem with which a request is refused that failed like this. */
export function problemOf(error: Partial<FastifyError>): ApiProblem | ProblemError {
  const known: unknown = storeProblemOf(error);
  if (known instanceof ProblemError || known instanceof ApiProblem) return known;
  if (known instanceof SignInRefusal) return new ApiProblem(known.code, known.message);
  if (known instanceof UnknownConnectionError) return new ApiProblem('CONNECTION_UNKNOWN', known.message);
  if (known instanceof AgentRequestError) {
    if (known.reason === 'CONNECTOR_UNKNOWN') return new ProblemError('NOT_FOUND', known.message);
    if (known.reason === 'REQUEST_MALFORMED') return new ProblemError('REQUEST_INVALID', known.message);
    return new ApiProblem(known.code, known.message);
  }
  if (known instanceof RolloutProblem) return new ApiProblem(known.code, known.message);
  const [invalid] = error.validation ?? [];
  if (invalid !== undefined) {
    const where = `${error.validationContext ?? 'request'}${invalid.instancePath}`;
    const { additionalProperty } = invalid.params as { additionalProperty?: string };
    const what =
      additionalProperty === undefined
        ? (invalid.message ?? '')
        : `has an unknown field ${additionalProperty}`;
    return new ProblemError('REQUEST_INVALID', `The request is invalid: ${where} ${what}.`);
  }
  if (error.statusCode === 413) return new ProblemError('REQUEST_TOO_LARGE');
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return new ProblemError(
      'REQUEST_INVALID',
      'The request body is not valid JSON, or its content type is not application/json.',
      {
        cause: error,
      },
    );
  }
  return new ProblemError('INTERNAL', undefined, { cause: error });
}

/** The path without the query, which may contain sensitive values. */
const pathOf = (request: FastifyRequest) => request.url.split('?', 1)[0] ?? '';
