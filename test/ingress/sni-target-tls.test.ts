import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { TestAuthority, type TestCertificate } from '../rig/certificates.ts';
import { skipWithout } from '../rig/optional.ts';
import type { Pair } from '../rig/pair.ts';
import { Postgres } from '../rig/postgres.ts';
import { HOSTS, startPsql, startSniPair } from './sni-rig.ts';

const authority = await TestAuthority.create('CA');
const names = ['127.0.0.1', ...Object.values(HOSTS)];
const database = await authority.issue({ commonName: 'database', names });
const gateway = await authority.issue({ commonName: 'gateway', names });
const host = HOSTS.terminate;

let postgres: Postgres;
before(async () => {
  postgres = await Postgres.start({ tls: database });
});
after(() => postgres[Symbol.asyncDispose]());

const ca = '${env:CLIENT_AUTHORITY}';
const pairWith = (targetTls: Readonly<Record<string, unknown>>, certificate: TestCertificate = gateway) =>
  startSniPair({
    postgres,
    certificate,
    targetTls,
    agentEnvironment: { CLIENT_AUTHORITY: authority.certificate },
  });

/** Whether the server sees TLS, or what psql complains of. */
async function psql(pair: Pair, settings: Readonly<Record<string, string>> = {}): Promise<string> {
  const sql = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()';
  await using script = await startPsql({
    pair,
    postgres,
    host,
    settings: { sslmode: 'require', ...settings },
    sql,
  });
  await script.exit(20_000);
  return script.output.trim();
}

test('the agent speaks TLS with the server, and knows it by its CA and name', {
  skip: skipWithout('psql'),
}, async () => {
  await using pair = await pairWith({ ca });
  assert.equal(await psql(pair, { channel_binding: 'disable' }), 't');
  await using other = await pairWith({ ca, serverName: 'another.db.example' });
  assert.match(
    await psql(other, { channel_binding: 'disable' }),
    /FATAL: {2}TLS with the target failed\. \(Penstock: TLS_FAILED\)/,
  );
  const { detail } = await other.event('connection-failed', { past: true });
  assert.match(String(detail), /another\.db\.example/);
});

test('a server of an unknown CA is not spoken with', { skip: skipWithout('psql') }, async () => {
  await using pair = await pairWith({});
  assert.match(await psql(pair), /TLS_FAILED/);
  const { detail } = await pair.event('connection-failed', { past: true });
  assert.match(String(detail), /issued by no CA that this connector trusts/);
});

test('prefer takes TLS where there is some, and disable does without', {
  skip: skipWithout('psql'),
}, async () => {
  await using preferring = await pairWith({ mode: 'prefer' });
  assert.equal(await psql(preferring, { channel_binding: 'disable' }), 't');
  await using without = await pairWith({ mode: 'disable' });
  assert.equal(await psql(without), 'f');
});

// docs/decisions/0013: what a client proves with SCRAM-SHA-256-PLUS is the certificate that it has seen.
test('channel binding holds through the gateway where both show one certificate, and fails where not', {
  skip: skipWithout('psql'),
}, async () => {
  await using alike = await pairWith({ ca }, database);
  assert.equal(await psql(alike, { channel_binding: 'require' }), 't');
  await using unlike = await pairWith({ ca });
  assert.match(await psql(unlike), /SCRAM channel binding check failed/);
});

test('a client that does without channel binding needs no setting', async () => {
  await using pair = await pairWith({ ca });
  const client = new pg.Client({
    ...postgres.clientConfig({ host: '127.0.0.1', port: pair.port('terminate') }),
    ssl: { ca: authority.certificate, servername: host },
  });
  await client.connect();
  assert.deepEqual((await client.query('select 1 as one')).rows, [{ one: 1 }]);
  await client.end();
});
