import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CurrentConsoleSession } from '@penstock/api-schema';
import { type OidcProvider, oidcProvider } from '../../../test/rig/oidc-provider.ts';
import { type ApiRig, apiRig, assertProblem } from './api-rig.ts';
import { Browser } from './browser.ts';

const ORIGIN = 'http://127.0.0.1:8080';
const CALLBACK = `${ORIGIN}/console/oidc/callback`;

function configure(
  api: ApiRig,
  { issuer, clientId, clientSecret }: OidcProvider,
  groupsClaim = 'groups',
): void {
  api.live.console = {
    url: ORIGIN,
    oidc: {
      issuer,
      clientId,
      clientSecret,
      scopes: ['openid', 'profile', 'email'],
      groupsClaim,
      roles: [
        { group: 'dba', role: 'operator' },
        { group: 'platform', role: 'admin' },
        { group: 'everyone', role: 'viewer' },
      ],
    },
  };
}

/** Starts a sign-in, logs in at the provider, and returns the callback with the cookie of the browser. */
async function atProvider(api: ApiRig, provider: OidcProvider, login: string) {
  const browser = new Browser(api);
  const started = await browser.send('GET', '/console/oidc/start');
  assert.equal(started.status, 302, started.text);
  const cookie = String(started.headers['set-cookie']);
  assert.match(cookie, /^penstock-oidc-8080=.*HttpOnly; SameSite=Lax$/);
  const back = await provider.login(String(started.headers['location']), login);
  assert.ok(back.startsWith(CALLBACK), back);
  return { path: back.slice(ORIGIN.length), cookie: cookie.split(';')[0] ?? '' };
}

async function signInAs(api: ApiRig, provider: OidcProvider, login: string) {
  const { path, cookie } = await atProvider(api, provider, login);
  return new Browser(api).send('GET', path, { headers: { cookie, 'sec-fetch-site': 'cross-site' } });
}

test('a user of the provider signs in with the highest role of the groups, and is in the audit trail', async () => {
  await using provider = await oidcProvider(CALLBACK);
  await using api = await apiRig();
  configure(api, provider);
  provider.accounts.set('alice', { name: 'Alice A.', groups: ['everyone', 'dba', 'other'] });
  const methods = await api.ask<{ oidc?: { path: string } }>('GET', '/api/v1/sign-in-methods');
  assert.equal(methods.body.oidc?.path, '/console/oidc/start');

  const answer = await signInAs(api, provider, 'alice');
  assert.equal(answer.status, 302, answer.text);
  assert.match(String(answer.headers['set-cookie']), /^penstock-oidc-8080=; Max-Age=0/);
  const [, code = ''] = /^\/console\/#code=(.+)$/.exec(String(answer.headers['location'])) ?? [];
  const browser = new Browser(api);
  const session = await browser.signIn({ code });
  assert.deepEqual(
    [session.actor, session.name, session.role],
    [`oidc:${provider.issuer} alice`, 'Alice A.', 'operator'],
  );
  assert.equal((await browser.send('GET', '/api/v1/agents')).status, 200);
  assertProblem(await browser.send('GET', '/api/v1/admin-tokens'), 403, 'ROLE_INSUFFICIENT', /Alice A\./);
  const [entry] = await api.rig.store.audit.list({ action: 'console-session.start', limit: 1 });
  assert.equal(entry?.actor, `oidc:${provider.issuer} alice`);

  provider.accounts.set('alice', { name: 'Alice A.', groups: ['platform'] });
  const again = await signInAs(api, provider, 'alice');
  const second = new Browser(api);
  const admin = await second.signIn({ code: String(again.headers['location']).split('=')[1] ?? '' });
  assert.equal(admin.role, 'admin', 'groups are looked at again');
  const listed = await second.send<{ items: CurrentConsoleSession[] }>('GET', '/api/v1/console-sessions');
  assert.equal(listed.body.items.length, 2);
  assert.deepEqual((await second.send('DELETE', '/api/v1/console-sessions')).body, { ended: 2 });
});

test('a user without a role is refused, with the claims that were received', async () => {
  await using provider = await oidcProvider(CALLBACK);
  await using api = await apiRig();
  configure(api, provider);
  provider.accounts.set('bob', { name: 'Bob', groups: ['sales', '<script>alert(1)</script>'] });
  const refused = await signInAs(api, provider, 'bob');
  assert.equal(refused.status, 403);
  assert.match(String(refused.headers['content-type']), /^text\/plain/);
  assert.match(
    refused.text,
    /groups of Bob has a role\. The claim groups has sales, .*dba, platform, everyone/,
  );
  const [entry] = await api.rig.store.audit.list({ action: 'console-session.refuse', limit: 1 });
  assert.match(entry?.after ?? '', /sales/);

  provider.accounts.set('carol', { name: 'Carol' });
  assert.match((await signInAs(api, provider, 'carol')).text, /no claim groups\. It sent .*name/);
  configure(api, provider, 'realm_access.roles');
  provider.accounts.set('dave', { realm_access: { roles: ['everyone'] } });
  assert.equal((await signInAs(api, provider, 'dave')).status, 302, 'a claim inside an object');
});

test('a callback counts only in the browser that started it, once, with its own state', async () => {
  await using provider = await oidcProvider(CALLBACK);
  await using api = await apiRig();
  configure(api, provider);
  provider.accounts.set('alice', { groups: ['dba'] });
  const { path, cookie } = await atProvider(api, provider, 'alice');
  const victim = await new Browser(api).send('GET', path);
  assert.equal(victim.status, 403);
  assert.match(victim.text, /not started in this browser/);
  const other = await atProvider(api, provider, 'alice');
  const mixed = await new Browser(api).send('GET', path, { headers: { cookie: other.cookie } });
  assert.equal(mixed.status, 403, 'the state of another sign-in');
  const forged = path.replace(/code=[^&]+/, 'code=forged');
  assert.equal((await new Browser(api).send('GET', forged, { headers: { cookie } })).status, 403);
  const good = await new Browser(api).send('GET', path, { headers: { cookie } });
  assert.equal(good.status, 302, good.text);
  const replayed = await new Browser(api).send('GET', path, { headers: { cookie } });
  assert.equal(replayed.status, 403, 'the code of the provider works once');
  assert.doesNotMatch(replayed.text, /code=/);
});

test('without signIn.oidc there is no such way in, and sessions that used it end', async () => {
  await using provider = await oidcProvider(CALLBACK);
  await using api = await apiRig();
  configure(api, provider);
  provider.accounts.set('alice', { groups: ['dba'] });
  const answer = await signInAs(api, provider, 'alice');
  const browser = new Browser(api);
  await browser.signIn({ code: String(answer.headers['location']).split('=')[1] ?? '' });
  assert.equal((await browser.send('GET', '/api/v1/agents')).status, 200);
  // Another provider may have another user with the same subject.
  configure(api, { ...provider, issuer: `${provider.issuer}/elsewhere` });
  const ended = [401, 'CONSOLE_SESSION_UNKNOWN', /no longer has the identity provider/] as const;
  assertProblem(await browser.send('GET', '/api/v1/agents'), ...ended);
  api.live.console = { url: ORIGIN };
  assertProblem(await browser.send('GET', '/api/v1/agents'), ...ended);
  const started = await browser.send('GET', '/console/oidc/start');
  assert.equal(started.status, 403);
  assert.match(started.text, /penstock-gateway console/);
  const methods = await api.ask<{ oidc?: object }>('GET', '/api/v1/sign-in-methods');
  assert.equal(methods.body.oidc, undefined);
});

test('a provider that cannot be reached is named, and attempts are limited', async () => {
  await using api = await apiRig();
  await using provider = await oidcProvider(CALLBACK);
  configure(api, { ...provider, issuer: 'http://127.0.0.1:1' });
  const failed = await new Browser(api).send('GET', '/console/oidc/start');
  assert.equal(failed.status, 403);
  assert.match(failed.text, /Signing in with http:\/\/127\.0\.0\.1:1 failed/);
  assert.doesNotMatch(failed.text, /secret of/);
  let status = 0;
  for (let count = 0; count < 40 && status !== 429; count += 1) {
    status = (await new Browser(api).send('GET', '/console/oidc/start')).status;
  }
  assert.equal(status, 429);
});
