import type { ServerHttp2Stream } from 'node:http2';
import { limits, ProblemError as Problem, type ProblemError } from '@penstock/wire';

const BODY_TIMEOUT_MS = 10_000;

/**
 * Reads the JSON body of a request on the tunnel port, at most `limit` bytes. Rejects with ProblemError when the body is
 * too large, takes too long or is not JSON.
 */
export async function readJsonBody(
  stream: ServerHttp2Stream,
  limit: number = limits.enrollmentBodyBytes,
): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => reject(new Problem('REQUEST_INVALID', 'The request body did not arrive in time.')),
    BODY_TIMEOUT_MS,
  );
  const cut = () => reject(new Problem('REQUEST_INVALID', 'The request body was truncated.'));
  stream.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= limit) {
      chunks.push(chunk);
      return;
    }
    chunks.length = 0;
    reject(new Problem('REQUEST_TOO_LARGE'));
  });
  stream.once('end', resolve).once('close', cut).once('error', cut);
  try {
    await promise;
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch (error) {
    throw error instanceof Problem ? error : new Problem('REQUEST_INVALID', 'The request body is not JSON.');
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a request can be answered: `respond` throws after a reset by the peer and after an answer. */
export function isAnswerable(
  stream: Pick<ServerHttp2Stream, 'closed' | 'destroyed' | 'headersSent'>,
): boolean {
  return !(stream.closed || stream.destroyed || stream.headersSent);
}

/** Does nothing when the request can no longer be answered. */
export function answerJson(stream: ServerHttp2Stream, status: number, body: unknown): void {
  if (!isAnswerable(stream)) return;
  stream.respond({ ':status': status, 'content-type': 'application/json' });
  stream.end(JSON.stringify(body));
}

/** Answers with a problem document (RFC 9457). Does nothing when the request can no longer be answered. */
export function answerProblem(stream: ServerHttp2Stream, problem: ProblemError): void {
  if (!isAnswerable(stream)) return;
  stream.respond({
    ':status': problem.status,
    'content-type': 'application/problem+json',
    ...(problem.retryAfter !== undefined && { 'retry-after': String(problem.retryAfter) }),
  });
  stream.end(JSON.stringify(problem.toDocument()));
}
