import assert from 'node:assert/strict';
import type { ServerHttp2Stream } from 'node:http2';
import { test } from 'node:test';
import { ProblemError } from '@penstock/wire';
import { answerJson, answerProblem } from '../../src/tunnel/plain-request.ts';

/** A stream that records its answers, and throws like Node's when it cannot be answered. */
function fakeStream(state: Partial<Record<'closed' | 'destroyed' | 'headersSent', boolean>>) {
  const answers: unknown[] = [];
  const fake = {
    closed: false,
    destroyed: false,
    headersSent: false,
    ...state,
    respond(headers: unknown) {
      if (Object.keys(state).length > 0) throw new Error('ERR_HTTP2_INVALID_STREAM');
      answers.push(headers);
    },
    end() {},
  };
  return { stream: fake as unknown as ServerHttp2Stream, answers };
}

test('a request whose stream has closed gets no answer, and nothing is thrown', () => {
  for (const state of [{ closed: true }, { destroyed: true }, { headersSent: true }]) {
    const { stream, answers } = fakeStream(state);
    answerJson(stream, 200, {});
    answerProblem(stream, new ProblemError('NOT_FOUND'));
    assert.deepEqual(answers, []);
  }
});

test('a problem is answered with its status and Retry-After', () => {
  const { stream, answers } = fakeStream({});
  answerProblem(stream, new ProblemError('TOO_MANY_REQUESTS', undefined, { retryAfter: 7 }));
  assert.deepEqual(answers, [
    { ':status': 429, 'content-type': 'application/problem+json', 'retry-after': '7' },
  ]);
});
