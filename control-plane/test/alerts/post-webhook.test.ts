import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { TestAuthority } from '../../../test/rig/certificates.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { listenOnLoopback, ServerSockets } from '../../../test/rig/server-sockets.ts';
import { unusedPort } from '../../../test/rig/unused-port.ts';
import { webhookReceiver } from '../../../test/rig/webhook-receiver.ts';
import { type Post, type PostOutcome, parseRetryAfter, postWebhook } from '../../src/alerts/post-webhook.ts';

const NOW = Date.UTC(2026, 0, 1);

const post = (url: string, changes: Partial<Post> = {}): Promise<PostOutcome> =>
  postWebhook({
    url,
    id: 'm1',
    body: '{"a":1}',
    secret: undefined,
    timeout: 10_000,
    signal: new AbortController().signal,
    now: NOW,
    ...changes,
  });

const detailOf = (outcome: PostOutcome) => ('detail' in outcome ? outcome.detail : outcome.name);

test('the body is posted with the message id, and the connection is closed', async () => {
  await using _leaks = expectNoLeaks();
  await using receiver = await webhookReceiver();
  assert.deepEqual(await post(receiver.url), { name: 'delivered', status: 200 });
  const [received] = receiver.received;
  assert.equal(received?.text, '{"a":1}');
  assert.equal(received?.headers['content-type'], 'application/json');
  assert.equal(received?.headers['penstock-message'], 'm1');
  assert.equal(received?.headers['penstock-signature'], undefined);
});

test('time and body are signed with the secret', async () => {
  await using receiver = await webhookReceiver();
  await post(receiver.url, { secret: 'k3y' });
  const at = NOW / 1000;
  const expected = createHmac('sha256', 'k3y').update(`${at}.{"a":1}`).digest('hex');
  assert.equal(receiver.received[0]?.headers['penstock-signature'], `t=${at},v1=${expected}`);
});

test('credentials in the URL are sent as Basic authorization', async () => {
  await using receiver = await webhookReceiver();
  const outcome = await post(receiver.url.replace('http://', 'http://us%40er:p%3Ass@'));
  assert.equal(outcome.name, 'delivered');
  assert.equal(receiver.received[0]?.headers.authorization, `Basic ${btoa('us@er:p:ss')}`);
});

test('the status of the response decides whether the message failed or was refused', async () => {
  await using receiver = await webhookReceiver();
  const cases = [
    [204, 'delivered'],
    [408, 'failed'],
    [429, 'failed'],
    [500, 'failed'],
    [503, 'failed'],
    [302, 'refused'],
    [400, 'refused'],
    [404, 'refused'],
    [410, 'refused'],
  ] as const;
  for (const [status, name] of cases) {
    receiver.answer({ status, headers: { 'retry-after': '7', location: receiver.url } });
    const outcome = await post(receiver.url);
    assert.equal(outcome.name, name, String(status));
    if ('retryAfter' in outcome) assert.equal(outcome.retryAfter, 7_000);
  }
  assert.equal(receiver.received.length, cases.length, 'no redirect is followed');
});

test('an endless response body is not read', async () => {
  await using _leaks = expectNoLeaks();
  await using receiver = await webhookReceiver();
  receiver.answer('endless');
  assert.equal((await post(receiver.url)).name, 'delivered');
});

test('a receiver that hangs, resets or does not exist is a failure whose text contains no secret', async () => {
  await using _leaks = expectNoLeaks();
  await using receiver = await webhookReceiver();
  const cases: readonly (readonly [() => Promise<PostOutcome>, RegExp])[] = [
    [() => post(`${receiver.url}/T0P53CR3T`, { timeout: 200 }), /did not respond within 0\.2 s/],
    [() => post(`${receiver.url}/T0P53CR3T`), /connection/],
    [async () => post(`http://127.0.0.1:${await unusedPort()}/T0P53CR3T`), /refused or reset/],
    [() => post('http://T0P53CR3T.invalid/T0P53CR3T'), /could not be resolved/],
  ];
  for (const [index, [attempt, expected]] of cases.entries()) {
    receiver.answer(index === 0 ? 'hang' : 'reset');
    const outcome = await attempt();
    assert.equal(outcome.name, 'failed');
    assert.match(detailOf(outcome), expected);
    assert.doesNotMatch(detailOf(outcome), /T0P53CR3T/i);
  }
});

test('a certificate of an unknown authority is rejected', async () => {
  await using _leaks = expectNoLeaks();
  const authority = await TestAuthority.create('unknown authority');
  const { chain, key } = await authority.issue({ commonName: 'hooks', names: ['localhost'] });
  const server = createTlsServer({ cert: chain, key });
  const sockets = new ServerSockets();
  server.on('connection', (socket) => sockets.adopt(socket));
  server.on('tlsClientError', () => {});
  const { port } = await listenOnLoopback(server, 0);
  try {
    const outcome = await post(`https://localhost:${port}/`);
    assert.equal(outcome.name, 'failed');
    assert.match(detailOf(outcome), /certificate of the receiver is not valid/);
  } finally {
    await sockets.endWith(server);
  }
});

test('an aborted attempt ends immediately', async () => {
  await using _leaks = expectNoLeaks();
  await using receiver = await webhookReceiver();
  receiver.answer('hang');
  const abort = new AbortController();
  const attempt = post(receiver.url, { signal: abort.signal });
  await receiver.arrived(1);
  abort.abort();
  assert.deepEqual(await attempt, { name: 'aborted' });
});

test('Retry-After holds seconds or a date', () => {
  assert.equal(parseRetryAfter(null, NOW), undefined);
  assert.equal(parseRetryAfter('120', NOW), 120_000);
  assert.equal(parseRetryAfter(new Date(NOW + 5_000).toUTCString(), NOW), 5_000);
  assert.equal(parseRetryAfter(new Date(NOW - 5_000).toUTCString(), NOW), 0);
  assert.equal(parseRetryAfter('soon', NOW), undefined);
});
