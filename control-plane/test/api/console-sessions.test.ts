import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { ConsoleCode, ConsoleSessionList, CurrentConsoleSession } from '@penstock/api-schema';
import type { Static } from 'typebox';
import { apiRig, assertProblem, type Method } from './api-rig.ts';
import { Browser } from './browser.ts';

const HOUR = 3_600_000;
const SESSIONS = '/api/v1/console-sessions';
const AGENTS = '/api/v1/agents';
type Sessions = Static<typeof ConsoleSessionList>;

test('a session has the identity and the role of the admin token that started it', async () => {
  await using api = await apiRig();
  for (const role of ['viewer', 'operator', 'admin'] as const) {
    const browser = new Browser(api);
    const started = await browser.signIn({ token: api.tokens[role] });
    assert.equal(started.role, role);
    assert.equal(started.actor, `admin-token:${api.tokens[role].split('_')[2]}`);
    const current = await browser.send<CurrentConsoleSession>('GET', `${SESSIONS}/current`);
    assert.equal(current.body.id, started.id);
    assert.equal((await browser.send('GET', AGENTS)).status, 200);
    const created = await browser.send('POST', '/api/v1/enrollment-tokens', { body: { pool: 'dc1' } });
    assert.equal(created.status, role === 'admin' ? 201 : 403);
    if (role !== 'admin')
      assertProblem(created, 403, 'ROLE_INSUFFICIENT', /console session of a \w+ has the role/);
  }
  const [last] = await api.rig.store.audit.list({ action: 'enrollment-token.create', limit: 1 });
  assert.equal(last?.actor, `admin-token:${api.tokens.admin.split('_')[2]}`);
});

test('neither half of a session is accepted without the other, or with one of another session', async () => {
  await using api = await apiRig();
  const one = new Browser(api);
  await one.signIn({ token: api.tokens.admin });
  const other = new Browser(api);
  await other.signIn({ token: api.tokens.admin });
  const header = one.secret ?? '';
  const none = { cookie: undefined, secret: undefined };
  assertProblem(
    await Object.assign(new Browser(api), { ...none, cookie: one.cookie }).send('GET', AGENTS),
    401,
    'ADMIN_TOKEN_REQUIRED',
  );
  assertProblem(
    await Object.assign(new Browser(api), { ...none, secret: header }).send('GET', AGENTS),
    401,
    'CONSOLE_SESSION_UNKNOWN',
    /cookie .* is missing/,
  );
  const mixed = Object.assign(new Browser(api), { cookie: other.cookie, secret: header });
  assertProblem(await mixed.send('GET', AGENTS), 401, 'CONSOLE_SESSION_UNKNOWN');
  const forged = header.slice(0, header.lastIndexOf('_') + 1) + 'A'.repeat(43);
  assertProblem(
    await Object.assign(new Browser(api), { cookie: one.cookie, secret: forged }).send('GET', AGENTS),
    401,
    'CONSOLE_SESSION_UNKNOWN',
  );
  assert.equal((await one.send('GET', AGENTS)).status, 200);
  const row = await api.rig.store.consoleSessions.byId(header.split('_')[2] ?? '');
  assert.ok(row !== undefined);
  const stored = JSON.stringify(row);
  assert.equal(stored.includes(header.split('_')[3] ?? '?'), false);
  assert.equal(stored.includes(one.cookie?.split('=')[1] ?? '?'), false);
});

test('a code signs in once, within a minute, and not after its admin token was revoked', async () => {
  await using api = await apiRig();
  const newCode = async (as = 'operator') =>
    (await api.ask<ConsoleCode>('POST', '/api/v1/console-codes', { as })).body;
  const { code, path, url } = await newCode();
  assert.equal(path, `/console/#code=${code}`);
  assert.equal(url, undefined);
  const browser = new Browser(api);
  assert.equal((await browser.signIn({ code })).role, 'operator');
  const refused = () => new Browser(api).send('POST', SESSIONS, { body: { code } });
  assertProblem(await refused(), 401, 'SIGN_IN_CODE_INVALID', /penstock-gateway console/);

  const raced = (await newCode()).code;
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => new Browser(api).send('POST', SESSIONS, { body: { code: raced } })),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 401, 401, 401, 401]);

  const late = (await newCode()).code;
  api.rig.clock.now += 60_000;
  assertProblem(
    await new Browser(api).send('POST', SESSIONS, { body: { code: late } }),
    401,
    'SIGN_IN_CODE_INVALID',
  );

  const orphan = (await newCode()).code;
  await api.ask('DELETE', `/api/v1/admin-tokens/${api.tokens.operator.split('_')[2]}`, { as: 'admin' });
  assertProblem(
    await new Browser(api).send('POST', SESSIONS, { body: { code: orphan } }),
    401,
    'SIGN_IN_CODE_INVALID',
  );

  api.live.console.url = 'https://gw.example.com';
  const link = await newCode('viewer');
  assert.equal(link.url, `https://gw.example.com/console/#code=${link.code}`);
});

test('codes are not created in a session, and a user has at most 20 unused ones', async () => {
  await using api = await apiRig();
  const browser = new Browser(api);
  await browser.signIn({ token: api.tokens.viewer });
  assertProblem(await browser.send('POST', '/api/v1/console-codes'), 401, 'ADMIN_TOKEN_REQUIRED');
  for (let count = 0; count < 20; count += 1) {
    assert.equal((await api.ask('POST', '/api/v1/console-codes', { as: 'viewer' })).status, 201);
  }
  assertProblem(await api.ask('POST', '/api/v1/console-codes', { as: 'viewer' }), 403, 'SIGN_IN_REFUSED');
  api.rig.clock.now += 60_000;
  assert.equal((await api.ask('POST', '/api/v1/console-codes', { as: 'viewer' })).status, 201);
});

test('pages of other origins can neither sign in nor change anything', async () => {
  await using api = await apiRig();
  const browser = new Browser(api);
  await browser.signIn({ token: api.tokens.admin });
  const body = { pool: 'dc1' };
  for (const headers of [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:8080' },
    { 'sec-fetch-site': 'none' },
  ]) {
    assertProblem(
      await browser.send('POST', '/api/v1/enrollment-tokens', { body, headers }),
      403,
      'ORIGIN_REFUSED',
    );
    assertProblem(
      await new Browser(api).send('POST', SESSIONS, {
        body: {},
        headers: { ...headers, authorization: `Bearer ${api.tokens.admin}` },
      }),
      403,
      'ORIGIN_REFUSED',
    );
  }
  assert.equal((await browser.send('GET', AGENTS, { headers: { 'sec-fetch-site': 'none' } })).status, 200);
  assert.equal((await browser.send('POST', '/api/v1/enrollment-tokens', { body })).status, 201);
});

test('a rebound name reads nothing: not the metrics, not the pages, not the API', async () => {
  await using api = await apiRig();
  const paths = [
    '/metrics',
    '/readyz',
    '/healthz',
    '/',
    '/console/',
    '/api/v1/openapi.json',
    AGENTS,
    '/nothing',
  ];
  for (const path of paths) {
    const answer = await new Browser(api, 'evil.example.com:8080').send('GET', path);
    assertProblem(answer, 421, 'HOST_REFUSED', /console\.url/);
  }
  const program = await api.app.inject({
    url: AGENTS,
    headers: { host: 'gw.example.com:8080', authorization: `Bearer ${api.tokens.viewer}` },
  });
  assert.equal(program.statusCode, 200, 'a program with a token may use any name');
});

test('plain HTTP over a network has no sessions, and the answer says what to set', async () => {
  await using api = await apiRig();
  const remote = new Browser(api, '10.0.0.5:8080');
  const headers = { authorization: `Bearer ${api.tokens.admin}` };
  assertProblem(
    await remote.send('POST', SESSIONS, { body: {}, headers }),
    403,
    'SIGN_IN_NEEDS_TLS',
    /adminTls .* console\.url/,
  );
  api.live.console.url = 'https://gw.example.com';
  const proxied = new Browser(api, 'gw.example.com');
  await proxied.signIn({ token: api.tokens.admin });
  assert.match(proxied.cookie ?? '', /^__Host-penstock-session-443=/);
  assert.equal((await proxied.send('GET', AGENTS)).status, 200);
});

test('a session ends after 12 hours, or after 2 hours without use', async () => {
  await using api = await apiRig();
  const browser = new Browser(api);
  const { expiresAt } = await browser.signIn({ token: api.tokens.viewer });
  assert.equal(Date.parse(expiresAt), api.rig.clock.now + 12 * HOUR);
  for (let hours = 1.5; hours < 12; hours += 1.5) {
    api.rig.clock.now += 1.5 * HOUR;
    assert.equal((await browser.send('GET', AGENTS)).status, 200, `${hours} h`);
  }
  api.rig.clock.now += 1.5 * HOUR;
  assertProblem(await browser.send('GET', AGENTS), 401, 'CONSOLE_SESSION_EXPIRED', /reached its end/);

  await browser.signIn({ token: api.tokens.viewer });
  api.rig.clock.now += HOUR;
  const background = { headers: { 'penstock-background': 'true' } };
  assert.equal((await browser.send('GET', AGENTS, background)).status, 200);
  const { body } = await browser.send<CurrentConsoleSession>('GET', `${SESSIONS}/current`);
  assert.equal(Date.parse(body.idleAt), api.rig.clock.now + HOUR);
  api.rig.clock.now += HOUR;
  assertProblem(await browser.send('GET', AGENTS), 401, 'CONSOLE_SESSION_EXPIRED', /2 hours/);
});

test('signing out, everywhere, by an admin, and by the end of the admin token', async () => {
  await using api = await apiRig();
  const one = new Browser(api);
  const two = new Browser(api);
  const three = new Browser(api);
  for (const browser of [one, two, three]) await browser.signIn({ token: api.tokens.operator });
  const others = new Browser(api);
  const { id } = await others.signIn({ token: api.tokens.viewer });
  const listed = await one.send<Sessions>('GET', SESSIONS);
  assert.equal(listed.body.items.length, 3);
  assertProblem(await one.send('DELETE', `${SESSIONS}/${id}`), 404, 'NOT_FOUND');

  const out = await one.send('DELETE', `${SESSIONS}/current`);
  assert.deepEqual(out.body, { ended: 1 });
  assert.match(String(out.headers['set-cookie']), /^penstock-session-8080=; Max-Age=0/);
  assertProblem(await one.send('GET', AGENTS), 401, 'CONSOLE_SESSION_UNKNOWN');
  assert.deepEqual((await two.send('DELETE', SESSIONS)).body, { ended: 2 });
  assertProblem(await three.send('GET', AGENTS), 401, 'CONSOLE_SESSION_UNKNOWN');
  assert.equal((await others.send('GET', AGENTS)).status, 200);

  const admin = new Browser(api);
  await admin.signIn({ token: api.tokens.admin });
  assert.equal((await admin.send<Sessions>('GET', SESSIONS)).body.items.length, 2);
  assert.deepEqual((await admin.send('DELETE', `${SESSIONS}/${id}`)).body, { ended: 1 });

  await others.signIn({ token: api.tokens.viewer });
  await api.ask('DELETE', `/api/v1/admin-tokens/${api.tokens.viewer.split('_')[2]}`, { as: 'admin' });
  assertProblem(await others.send('GET', AGENTS), 401, 'CONSOLE_SESSION_UNKNOWN');
  const ends = await api.rig.store.audit.list({ action: 'console-session.end', limit: 100 });
  assert.deepEqual(
    ends.map(({ after }) => JSON.parse(after ?? '{}').reason),
    [
      'the admin token was revoked',
      'ended by an admin',
      'signed out everywhere',
      'signed out everywhere',
      'signed out',
    ],
  );
  assert.equal((await api.rig.store.audit.list({ action: 'console-session.start', limit: 100 })).length, 6);
});

test('a session cannot be fixed: signing in always makes a new one, whatever cookie was there', async () => {
  await using api = await apiRig();
  const attacker = new Browser(api);
  await attacker.signIn({ token: api.tokens.viewer });
  const victim = Object.assign(new Browser(api), { cookie: attacker.cookie });
  await victim.signIn({ token: api.tokens.admin });
  assert.notEqual(victim.cookie, attacker.cookie);
  const mixed = Object.assign(new Browser(api), { cookie: attacker.cookie, secret: victim.secret });
  assertProblem(await mixed.send('GET', AGENTS), 401, 'CONSOLE_SESSION_UNKNOWN');
});

test('guessing codes and sessions is limited by source, and reads nothing from the store then', async (t) => {
  await using api = await apiRig();
  const good = new Browser(api);
  await good.signIn({ token: api.tokens.viewer });
  assert.equal((await good.send('GET', AGENTS)).status, 200);
  const random = (bytes = 32) => randomBytes(bytes).toString('base64url');
  const guessCode = () => new Browser(api).send('POST', SESSIONS, { body: { code: `pst_code_${random()}` } });
  for (let count = 0; count < 30; count += 1) assertProblem(await guessCode(), 401, 'SIGN_IN_CODE_INVALID');
  assertProblem(await guessCode(), 429, 'TOO_MANY_REQUESTS');
  const guess = () =>
    Object.assign(new Browser(api), {
      cookie: `penstock-session-8080=${random()}`,
      secret: `pst_console_${randomBytes(10).toString('hex')}_${random()}`,
    }).send('GET', AGENTS);
  for (let count = 0; count < 60; count += 1) assertProblem(await guess(), 401, 'CONSOLE_SESSION_UNKNOWN');
  const reads = t.mock.method(api.rig.store.consoleSessions, 'byId').mock;
  assertProblem(await guess(), 429, 'TOO_MANY_REQUESTS');
  assert.equal(reads.callCount(), 0);
  assert.equal((await good.send('GET', AGENTS)).status, 200, 'a session that was valid is still served');
});

test('a user has at most 20 sessions; the oldest ends', async () => {
  await using api = await apiRig();
  const first = new Browser(api);
  await first.signIn({ token: api.tokens.viewer });
  for (let count = 0; count < 20; count += 1) {
    api.rig.clock.now += 1000;
    await new Browser(api).signIn({ token: api.tokens.viewer });
  }
  assertProblem(await first.send('GET', AGENTS), 401, 'CONSOLE_SESSION_UNKNOWN');
  assert.equal((await api.ask<Sessions>('GET', SESSIONS, { as: 'viewer' })).body.items.length, 20);
});

test('every operation refuses a session whose role is too low, as it refuses such a token', async () => {
  await using api = await apiRig();
  const { body } = await api.ask<{
    paths: Record<string, Record<string, { 'x-penstock-role'?: string }>>;
  }>('GET', '/api/v1/openapi.json');
  const browsers = new Map<string, Browser>();
  for (const role of ['viewer', 'operator', 'admin'] as const) {
    const browser = new Browser(api);
    await browser.signIn({ token: api.tokens[role] });
    browsers.set(role, browser);
  }
  const ranks = ['viewer', 'operator', 'admin'];
  let checked = 0;
  for (const [path, methods] of Object.entries(body.paths)) {
    for (const [method, { 'x-penstock-role': role }] of Object.entries(methods)) {
      for (const lesser of ranks.slice(0, Math.max(0, ranks.indexOf(role ?? 'viewer')))) {
        const answer = await browsers
          .get(lesser)
          ?.send(method.toUpperCase() as Method, path.replace(/\{\w+\}/g, 'x'));
        assert.ok(answer !== undefined);
        assertProblem(answer, 403, 'ROLE_INSUFFICIENT', new RegExp(`role ${role}`));
        checked += 1;
      }
    }
  }
  assert.ok(checked >= 20, `${checked} operations`);
});

test('a session has at most 16 event streams, and they end with it', async () => {
  await using api = await apiRig();
  const browser = new Browser(api);
  await browser.signIn({ token: api.tokens.viewer });
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = api.app.server.address() as AddressInfo;
  const host = new Browser(api, `127.0.0.1:${port}`);
  await host.signIn({ token: api.tokens.viewer });
  const headers = { cookie: host.cookie ?? '', 'penstock-session': host.secret ?? '' };
  const open = () => fetch(`http://127.0.0.1:${port}/api/v1/events`, { headers });
  const streams = await Promise.all(Array.from({ length: 16 }, open));
  assert.deepEqual(new Set(streams.map(({ status }) => status)), new Set([200]));
  const refused = await open();
  assert.equal(refused.status, 429);
  await refused.body?.cancel();
  assert.deepEqual((await host.send('DELETE', `${SESSIONS}/current`)).body, { ended: 1 });
  // Each body ends: it is read to its end.
  const texts = await Promise.all(streams.map((stream) => stream.text()));
  assert.ok(texts.every((text) => text.includes('console-session.end')));
});
