import { ProblemError } from '@penstock/wire';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { withStoreProblem } from '../identity/store-problem.ts';
import { AgentRequestError } from '../requests/agent-request-error.ts';
import { ApiProblem, documentOf } from './problem.ts';

/** What the log is told of a request that failed through no fault of the client's. */
export type ApiFailure = { readonly method: string; readonly path: string; readonly error: unknown };

/** Answers every error with a problem document (RFC 9457). */
export function answerProblems(app: FastifyInstance, report: (failure: ApiFailure) => void): void {
  app.setNotFoundHandler((request, reply) =>
    send(reply, new ProblemError('NOT_FOUND', `There is nothing at ${request.method} ${pathOf(request)}.`)),
  );
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = problemOf(error);
    // An agent that cannot answer is no failure on our side, whatever status tells of it.
    if (documentOf(problem).status >= 500 && !(error instanceof AgentRequestError)) {
      report({ method: request.method, path: pathOf(request), error: problem.cause ?? error });
    }
    return send(reply, problem);
  });
}

/** For errors that Fastify meets before it has a route: a path that cannot be read, or a part of it that is too long. */
export function answerBadPath(_error: unknown, _request: unknown, reply: FastifyReply): void {
  void send(
    reply,
    new ProblemError('REQUEST_INVALID', 'The path of the request cannot be read, or is too long.'),
  );
}

function send(reply: FastifyReply, problem: ApiProblem | ProblemError): FastifyReply {
  const document = documentOf(problem);
  if (document.status === 401) void reply.header('www-authenticate', 'Bearer');
  if (problem instanceof ProblemError && problem.retryAfter !== undefined) {
    void reply.header('retry-after', problem.retryAfter);
  }
  return reply.code(document.status).type('application/problem+json').send(document);
}

function problemOf(error: FastifyError): ApiProblem | ProblemError {
  const told: unknown = withStoreProblem(error);
  if (told instanceof ProblemError || told instanceof ApiProblem) return told;
  if (told instanceof AgentRequestError) {
    if (told.reason === 'CONNECTOR_UNKNOWN') return new ProblemError('NOT_FOUND', told.message);
    if (told.reason === 'REQUEST_MALFORMED') return new ProblemError('REQUEST_INVALID', told.message);
    return new ApiProblem(told.code, told.message);
  }
  const [invalid] = error.validation ?? [];
  if (invalid !== undefined) {
    const where = `${error.validationContext ?? 'request'}${invalid.instancePath}`;
    const { additionalProperty } = invalid.params as { additionalProperty?: string };
    const what = additionalProperty === undefined ? (invalid.message ?? '') : `has no ${additionalProperty}`;
    return new ProblemError('REQUEST_INVALID', `The request is not well formed: ${where} ${what}.`);
  }
  if (error.statusCode === 413) return new ProblemError('REQUEST_TOO_LARGE');
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return new ProblemError('REQUEST_INVALID', 'The request body is not JSON, or not said to be.', {
      cause: error,
    });
  }
  return new ProblemError('INTERNAL', undefined, { cause: error });
}

/** Without the query, which is no part of what a log needs. */
const pathOf = (request: FastifyRequest) => request.url.split('?', 1)[0] ?? '';
