import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { test } from 'node:test';
import { limits, paths, resultPath } from '@penstock/wire';
import { deadline } from '../rig/deadline.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { RawAgent } from '../rig/raw-agent.ts';

/** Sends a body to a route of the tunnel port and returns the status of the response, or 0 if there was none. */
async function send(session: ClientHttp2Session, method: 'GET' | 'POST', path: string, body?: Buffer) {
  const stream = session.request({ ':method': method, ':path': path }, { endStream: body === undefined });
  let status = 0;
  stream.on('error', () => {});
  stream.once('response', (headers) => {
    status = headers[':status'] ?? 0;
  });
  stream.resume();
  if (body !== undefined) stream.end(body);
  await deadline(`an answer to ${path}`, once(stream, 'close'), 15_000);
  return status;
}

test('a large answer is only accepted from the requested agent, with its request ID, once and up to the limit', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: {}, agents: {} });
  await using asked = await RawAgent.connect(pair, 'a1', []);
  await using other = await RawAgent.connect(pair, 'a2', []);
  const answer = pair.api('POST /agents/a1/logs', { limit: 10 });
  const { id, action, requestedBy } = await asked.message('request');
  assert.equal(action, 'logs');
  assert.match(requestedBy, /^admin-token:/);
  const path = resultPath(id);
  const good = Buffer.from(JSON.stringify({ lines: [{ n: 1 }], redactions: {}, omitted: {} }));

  assert.equal(await send(other.http, 'POST', path, good), 404, 'another agent answers');
  assert.equal(await send(asked.http, 'POST', resultPath('unknown'), good), 404, 'nobody waits');
  assert.equal(await send(asked.http, 'POST', `${paths.results}../enroll`, good), 404, 'a path that is none');
  const huge = Buffer.alloc(limits.resultBodyBytes + 1, 0x20);
  assert.equal(await send(asked.http, 'POST', path, huge), 413, 'too large');
  assert.equal(await send(asked.http, 'POST', path, Buffer.from('{"lines":')), 400, 'no JSON');
  other.say({ type: 'result', id, ok: true, value: { lines: [], redactions: {}, omitted: {} } });

  assert.equal(await send(asked.http, 'POST', path, good), 200);
  assert.deepEqual((await answer)['lines'], [{ n: 1 }]);
  assert.equal(await send(asked.http, 'POST', path, good), 404, 'it was answered');
});

test('the gateway reports what it knows of an agent only to that agent', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: {}, agents: {} });
  await using agent = await RawAgent.connect(pair, 'a1', []);
  assert.equal(await send(agent.http, 'GET', paths.agent), 200);
  const stranger = connect(`https://127.0.0.1:${pair.gateway.tunnel.port}`, { rejectUnauthorized: false });
  try {
    assert.equal(await send(stranger, 'GET', paths.agent), 401);
    assert.equal(await send(stranger, 'POST', resultPath('x'), Buffer.from('{}')), 401);
  } finally {
    stranger.destroy();
  }
});

test('malformed answers of an agent are reported as such', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: {}, agents: {} });
  await using agent = await RawAgent.connect(pair, 'a1', []);
  const values = [null, 'text', { lines: 'many' }, { lines: [], redactions: { rule: -1 }, omitted: {} }];
  const seen = new Set<string>();
  for (const value of values) {
    const answer = pair.api('POST /agents/a1/logs', { limit: 10 });
    const { id } = await agent.message('request', (message) => !seen.has(message.id));
    seen.add(id);
    agent.say({ type: 'result', id, ok: true, value });
    await assert.rejects(answer, /AGENT_ANSWER_MALFORMED/);
  }
  assert.equal(seen.size, values.length);
});
